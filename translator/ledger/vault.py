"""
Seal what identifies a person, and open it again: messages as they came in, patients, correlations.

Theory of operation: rows are sealed with a data key that lies in the ledger itself, wrapped by the site's key. So a new
site key wraps a few rows anew, at once, and rows are sealed anew at leisure (rekey.py): until then each says by
`key_id` which data key it needs. Hashes have a data key of their own that never changes, since what was deleted
could not be hashed again. Without a site key nothing is sealed, and `key_id` is empty.
"""

from __future__ import annotations

import base64
import os
import time
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from sqlalchemy import Connection, RowMapping, bindparam, insert, select, update

from translator.errors import ConfigError, LedgerError
from translator.ledger import schema
from translator.ledger.database import Database
from translator.ledger.hashes import KeyedHash, is_hash
from translator.ledger.keys import BrokenSealError, Seal, SiteKey
from translator.site_key import KEY_BYTES

if TYPE_CHECKING:
    from translator.ledger.entry_rows import EntryRow

RAW, TEXT = "message.raw", "text"

_CURRENT = select(schema.data_key.c.id).where(
    schema.data_key.c.purpose == "seal", schema.data_key.c.retired_at.is_(None)
)


class Ring(Struct, frozen=True):
    """The data keys, unwrapped; `current` is the one that new rows are sealed with, if any."""

    seals: Mapping[int, Seal]
    current: int | None
    hash: KeyedHash


class Vault:
    """Seal and open the rows of one ledger; threads may share it."""

    def __init__(self, site_key: SiteKey | None, ring: Ring) -> None:
        self.site_key = site_key
        self._ring = ring

    @property
    def hash(self) -> KeyedHash:
        """The keyed hash of this ledger."""
        return self._ring.hash

    def current(self, connection: Connection) -> int | None:
        """Give the `key_id` for new rows of this transaction; None where nothing is sealed."""
        current = connection.execute(_CURRENT).scalar_one_or_none()
        if current != self._ring.current:
            self._ring = read_ring(connection, self.site_key)
        return current

    def close_message(self, key_id: int | None, raw: bytes) -> bytes:
        """Compress a message, and seal it."""
        packed = zlib.compress(raw, level=1)
        return packed if key_id is None else self._ring.seals[key_id].close(packed, RAW)

    def open_message(self, connection: Connection, row: RowMapping | Mapping[str, Any]) -> bytes:
        """
        Give the bytes of a message as they came in, from `raw` and `key_id` of its row.

        Raises: BrokenSealError where they do not open, or are not there any more.
        """
        packed, key_id = row["raw"], row["key_id"]
        if not isinstance(packed, bytes) or not packed:
            raise BrokenSealError("the bytes of this message are no longer kept")
        opened = packed if key_id is None else self._seal(connection, key_id).open(packed, RAW)
        try:
            return zlib.decompress(opened)
        except zlib.error:
            raise BrokenSealError("the bytes of a message are damaged; run `translator ledger verify`") from None

    def close_text(self, key_id: int | None, text: str) -> str:
        """Seal a text; an empty one stays empty."""
        if key_id is None or not text:
            return text
        return base64.b64encode(self._ring.seals[key_id].close(text.encode("utf-8", "surrogatepass"), TEXT)).decode()

    def open_text(self, connection: Connection, key_id: int | None, text: str) -> str:
        """
        Open a sealed text.

        Raises: BrokenSealError where it does not open.
        """
        if key_id is None or not text:
            return text
        sealed = base64.b64decode(text.encode("utf-8", "replace"))
        return self._seal(connection, key_id).open(sealed, TEXT).decode("utf-8", "surrogatepass")

    def close_keys(self, key_id: int | None, rows: Iterable[EntryRow]) -> list[EntryRow]:
        """Keep only the hash of what names an observation where rows are sealed: the lab's order number is in it."""
        if key_id is None:
            return list(rows)
        return [row._replace(source_key=self.hash_key(row.source_key)) for row in rows]

    def hash_key(self, key: str) -> str:
        """Hash what names an observation, once; histories.py compares either form."""
        return key if is_hash(key) else self.hash("source_key", key)

    def _seal(self, connection: Connection, key_id: int) -> Seal:
        if key_id not in self._ring.seals:
            self._ring = read_ring(connection, self.site_key)
        try:
            return self._ring.seals[key_id]
        except KeyError:
            raise BrokenSealError("a row was sealed with a data key that is gone; restore a backup") from None


def open_vault(database: Database, site_key: SiteKey | None) -> Vault:
    """
    Unwrap the data keys; a first site key wraps them, and seals every row from now on.

    Raises: ConfigError where the ledger needs a key that is not there, or another one.
    """
    with database.read() as connection:
        rows = _key_rows(connection)
    if site_key and not any(row["wrapped_by"] for row in rows):
        with database.write() as connection:
            if not any(row["wrapped_by"] for row in _key_rows(connection)):
                wrap_ring(connection, None, site_key)
    with database.read() as connection:
        return Vault(site_key, read_ring(connection, site_key))


def only_open_vault(database: Database, site_key: SiteKey | None) -> Vault:
    """
    Unwrap the data keys, and change nothing.

    Raises: ConfigError where the ledger needs a key that is not there, or another one.
    """
    with database.read() as connection:
        return Vault(site_key, read_ring(connection, site_key))


def read_ring(connection: Connection, site_key: SiteKey | None) -> Ring:
    """
    Read the data keys and unwrap them.

    Raises: ConfigError where that takes a key that is not there, or another one.
    """
    rows = {row["id"]: row for row in _key_rows(connection)}
    secrets = {key_id: unwrapped(row, site_key) for key_id, row in rows.items()}
    hashing = [key_id for key_id, row in rows.items() if row["purpose"] == "hash"]
    if len(hashing) != 1:
        raise LedgerError("the ledger has lost the key of its hashes; restore a backup")
    sealing = [key_id for key_id, row in rows.items() if row["purpose"] == "seal"]
    return Ring(
        seals={key_id: Seal(secrets[key_id]) for key_id in sealing},
        current=next((key_id for key_id in sealing if rows[key_id]["retired_at"] is None), None),
        hash=KeyedHash(secrets[hashing[0]]),
    )


def wrap_ring(connection: Connection, old: SiteKey | None, new: SiteKey) -> int:
    """Wrap every data key by a new site key, retire the one that seals, and make another; gives its number."""
    table, now = schema.data_key, time.time_ns() // 1000
    for row in _key_rows(connection):
        wrapped = new.seal.close(unwrapped(row, old), row["purpose"])
        retired = now if row["purpose"] == "seal" and row["retired_at"] is None else row["retired_at"]
        changed = update(table).where(table.c.id == bindparam("row"))
        connection.execute(changed.values(secret=wrapped, wrapped_by=new.id, retired_at=retired), {"row": row["id"]})
    fresh = new.seal.close(os.urandom(KEY_BYTES), "seal")
    made = connection.execute(
        insert(table), {"purpose": "seal", "secret": fresh, "wrapped_by": new.id, "created_at": now}
    ).inserted_primary_key
    return int(made[0]) if made else 0


def unwrapped(row: RowMapping, site_key: SiteKey | None) -> bytes:
    """
    Give a data key in the clear.

    Raises: ConfigError that names the keys by id.
    """
    wrapped_by, secret = row["wrapped_by"], row["secret"]
    if not wrapped_by:
        return bytes(secret)
    if site_key is None:
        raise ConfigError(
            f"the ledger is encrypted with the key {wrapped_by}, and none is set; say with `ledger_key` where it is"
        )
    if site_key.id != wrapped_by:
        raise ConfigError(
            f"the ledger is encrypted with the key {wrapped_by}, and `ledger_key` is {site_key.id}; use the other one"
        )
    return site_key.seal.open(bytes(secret), row["purpose"])


def _key_rows(connection: Connection) -> Sequence[RowMapping]:
    return connection.execute(select(schema.data_key).order_by(schema.data_key.c.id)).mappings().all()
