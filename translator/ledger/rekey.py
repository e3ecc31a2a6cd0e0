"""
Seal every row anew: after a change of the site's key, or to seal what came in before there was one.

Theory of operation: one transaction wraps the data keys by the new site key and makes a new data key; from then on the
old site key opens nothing. The rows follow in small transactions, while others go on working. Cut short, it
leaves rows under the retired data key, which is still there; the next run goes on with those. A retired data key goes
when no row needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Table,
    bindparam,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from translator.errors import ConfigError
from translator.ledger import schema
from translator.ledger.database import Database
from translator.ledger.following import followed
from translator.ledger.hashes import is_hash
from translator.ledger.keys import SiteKey
from translator.ledger.receipts import receipt
from translator.ledger.vault import Vault, open_vault, wrap_ring

_ROWS_AT_ONCE = 200

_SEALED_TEXTS: Mapping[Table, tuple[str, ...]] = {
    schema.message: ("file", "control_id"),
    schema.lane: ("patient", "birth_date"),
    schema.correlation: ("key", "requisition_id", "patient", "birth_date"),
    receipt: ("location", "activation_codes"),
    followed: ("sent_as",),
}


class Rekeyed(Struct, frozen=True):
    """What a rekey did: how many rows it sealed anew, and the id of the site key that now opens the ledger."""

    rows: int
    key: str


def rekey(
    database: Database, old: SiteKey | None, new: SiteKey | None, now: int, progress: Callable[[int, int], None]
) -> Rekeyed:
    """
    Seal every row under a new data key, which `new` (or, without it, the site key of now) wraps.

    Shape: `progress` gets the rows that are done, and all.
    Raises: ConfigError where there is no key at all.
    """
    site_key = new or old
    if site_key is None:
        raise ConfigError(
            "the ledger has no key; make one with `translator ledger key create PATH` and set `ledger_key`"
        )
    with database.write() as connection:
        is_unfinished = connection.execute(_RETIRED).first() is not None
        # What was begun is finished first, unless the key itself changes.
        if new is not None or not is_unfinished:
            wrap_ring(connection, old, site_key)
    vault = open_vault(database, site_key)
    rows = _seal_rows(database, vault, progress)
    with database.write() as connection:
        # Whoever still sealed with a retired key keeps it alive; the next run sees to that row.
        connection.execute(delete(schema.data_key).where(_IS_RETIRED, ~_is_used()))
        entry = {"at": now, "deed": "rekeyed", "detail": f"rows={rows} key={site_key.id}"}
        connection.execute(insert(schema.journal), entry)
    return Rekeyed(rows, site_key.id)


def _seal_rows(database: Database, vault: Vault, progress: Callable[[int, int], None]) -> int:
    with database.read() as connection:
        current = vault.current(connection)
        total = sum(
            connection.execute(select(func.count()).where(_is_other(table, current))).scalar_one()
            for table in _SEALED_TEXTS
        )
    done = 0
    progress(done, total)
    for table in _SEALED_TEXTS:
        last = 0
        while found := _seal_some(database, vault, table, last):
            last = found[-1]
            done += len(found)
            progress(done, max(done, total))
    return done


def _seal_some(database: Database, vault: Vault, table: Table, after: int) -> list[int]:
    """Seal the next rows of a table in one transaction; gives their numbers."""
    with database.write() as connection:
        current = vault.current(connection)
        rows = connection.execute(
            select(table)
            .where(table.c.id > after, _is_other(table, current))
            .order_by(table.c.id)
            .limit(_ROWS_AT_ONCE)
            .with_for_update()
        ).mappings()
        changes = [(row["id"], _sealed(connection, vault, table, row, current)) for row in rows]
        for row_id, change in changes:
            connection.execute(update(table).where(table.c.id == row_id), change)
        if table is schema.message:
            _hash_keys(connection, vault, [row_id for row_id, _ in changes])
    return [row_id for row_id, _ in changes]


def _hash_keys(connection: Connection, vault: Vault, message_ids: Sequence[int]) -> None:
    """Hash what names the observations of some messages, as a ledger with a key keeps it."""
    entry = schema.entry
    query = select(entry.c.id, entry.c.source_key).where(entry.c.message_id.in_(message_ids), entry.c.source_key != "")
    rows = connection.execute(query).all()
    changes = [{"row": row_id, "key_is": vault.hash_key(key)} for row_id, key in rows if not is_hash(key)]
    if changes:
        ours = update(entry).where(entry.c.id == bindparam("row"))
        connection.execute(ours.values(source_key=bindparam("key_is")), changes)


def _sealed(connection: Connection, vault: Vault, table: Table, row: RowMapping, current: int | None) -> dict[str, Any]:
    change: dict[str, Any] = {"key_id": current}
    for name in _SEALED_TEXTS[table]:
        change[name] = vault.close_text(current, vault.open_text(connection, row["key_id"], row[name]))
    if row.get("raw"):
        change["raw"] = vault.close_message(current, vault.open_message(connection, row))
    return change


def _is_other(table: Table, current: int | None) -> ColumnElement[bool]:
    return or_(table.c.key_id.is_(None), table.c.key_id != current)


def _is_used() -> ColumnElement[bool]:
    return or_(*(exists().where(table.c.key_id == schema.data_key.c.id) for table in _SEALED_TEXTS))


_IS_RETIRED = schema.data_key.c.retired_at.is_not(None)
_RETIRED = select(schema.data_key.c.id).where(_IS_RETIRED)
