"""
Keep what a vendor gives for an order: where it keeps it, and the codes that activate a study.

A code lets whoever has it begin a study, so both are sealed like what a message says of a person, and go with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct
from sqlalchemy import Connection, RowMapping, Table, UniqueConstraint, delete, insert, select

from translator.ledger import schema
from translator.ledger.columns import METADATA, key, link, sealed_with, words
from translator.ledger.vault import Vault

_SEPARATOR = "\n"

receipt = Table(
    "receipt",
    METADATA,
    key(),
    link("submission_id", "submission"),
    words("location"),
    words("activation_codes"),
    sealed_with(),
    UniqueConstraint("submission_id"),
)


class OrderReceipt(Struct, frozen=True):
    """
    What a vendor gave for one call.

    Absent: `location` is empty where it named none, and there are no codes for most kinds of call.
    """

    location: str = ""
    activation_codes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return "OrderReceipt(...)"


def keep_receipts(connection: Connection, vault: Vault, given: Mapping[int, OrderReceipt]) -> None:
    """Keep what was given for some submissions; what says nothing is left out."""
    rows = [(number, each) for number, each in given.items() if each != OrderReceipt()]
    if not rows:
        return
    key_id = vault.current(connection)
    connection.execute(delete(receipt).where(receipt.c.submission_id.in_([number for number, _ in rows])))
    values = [
        {
            "submission_id": number,
            "location": vault.close_text(key_id, each.location),
            "activation_codes": vault.close_text(key_id, _SEPARATOR.join(each.activation_codes)),
            "key_id": key_id,
        }
        for number, each in rows
    ]
    connection.execute(insert(receipt), values)


def read_receipts(connection: Connection, vault: Vault, submission_ids: Sequence[int]) -> dict[int, OrderReceipt]:
    """Give what is kept, by the number of the submission."""
    found: dict[int, OrderReceipt] = {}
    for chosen in schema.of_messages(receipt.c.submission_id, submission_ids):
        for row in connection.execute(select(receipt).where(chosen)).mappings():
            found[row["submission_id"]] = _opened(connection, vault, row)
    return found


def _opened(connection: Connection, vault: Vault, row: RowMapping) -> OrderReceipt:
    location, codes = (
        vault.open_text(connection, row["key_id"], row[name]) for name in ("location", "activation_codes")
    )
    return OrderReceipt(location, tuple(filter(None, codes.split(_SEPARATOR))))
