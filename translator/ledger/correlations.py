"""Keep the correlation table in the ledger, and look order numbers up in it by keyed hash."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime

from sqlalchemy import Connection, bindparam, insert, or_, select

from translator.ledger import schema
from translator.ledger.vault import Vault
from translator.record.correlation import CorrelationHit, CorrelationRow
from translator.translate.service_request import Lookup, no_correlation

_PLAIN = ("source", "key_type", "service_request_id", "panel", "created", "expires")
_SEALED = ("key", "requisition_id", "patient", "birth_date")


def import_rows(connection: Connection, vault: Vault, rows: Sequence[CorrelationRow], now: int) -> int:
    """
    Add the rows that are not there yet, and give their number.

    A key may stand for several service requests, as the number of a requisition does; the engine then needs the
    panel to tell them apart, or holds.
    """
    key_id = vault.current(connection)
    new = 0
    for row in rows:
        hashes = {"key_hash": vault.hash("key", row.key), "patient_hash": vault.hash("patient", row.patient)}
        identity = {"is_source": row.source, "is_type": row.key_type, "is_request": row.service_request_id}
        if connection.execute(_SAME, identity | {"is_hash": hashes["key_hash"]}).first() is None:
            plain = {name: getattr(row, name) for name in _PLAIN}
            sealed = {name: vault.close_text(key_id, getattr(row, name)) for name in _SEALED}
            connection.execute(
                insert(schema.correlation), plain | sealed | hashes | {"key_id": key_id, "imported_at": now}
            )
            new += 1
    return new


class LedgerCorrelation:
    """
    Look order numbers of one source up; called as the correlation of a file is.

    Shape: `read` gives a connection for each look-up: its own, or one that several share.
    """

    def __init__(
        self, read: Callable[[], AbstractContextManager[Connection]], vault: Vault, source: str, today: str
    ) -> None:
        self._read = read
        self._vault = vault
        self._source = source
        self._today = today

    def __call__(self, key_type: str, key: str, namespace: str = "") -> tuple[CorrelationHit, ...]:  # noqa: ARG002 - the table has no namespaces yet
        """Give every hit that has not expired; a row without source or key type matches any."""
        asked = {"is_hash": self._vault.hash("key", key), "is_source": self._source, "is_type": key_type}
        with self._read() as connection:
            hits = {
                CorrelationHit(
                    row["service_request_id"],
                    row["key_type"],
                    self._vault.open_text(connection, row["key_id"], row["patient"]),
                    self._vault.open_text(connection, row["key_id"], row["birth_date"]),
                    row["panel"],
                ): 0
                for row in connection.execute(_HITS, asked).mappings()
                if not row["expires"] or row["expires"][:10] >= self._today
            }
        return tuple(hits)


class Correlations:
    """
    Look order numbers up in one state of the ledger, for messages that are translated together.

    A message asks for each of its numbers, and most are in no table; so a table that is empty is not asked, and one
    transaction serves all.
    """

    def __init__(self, connection: Connection, vault: Vault, today: str) -> None:
        self._connection = connection
        self._vault = vault
        self._today = today
        self._is_empty = connection.execute(_ANY).first() is None
        self._by_source: dict[str, Lookup] = {}

    def of(self, source: str) -> Lookup:
        """Give the look-up of one source's order numbers."""
        if self._is_empty:
            return no_correlation
        found = self._by_source.get(source)
        if found is None:
            found = self._by_source[source] = LedgerCorrelation(
                lambda: nullcontext(self._connection), self._vault, source, self._today
            )
        return found


def day_of(seconds: float) -> str:
    """Name the day of an instant, in UTC, as rows say when they expire."""
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


_table = schema.correlation
_SAME = select(_table.c.id).where(
    _table.c.key_hash == bindparam("is_hash"),
    _table.c.source == bindparam("is_source"),
    _table.c.key_type == bindparam("is_type"),
    _table.c.service_request_id == bindparam("is_request"),
)
_HITS = (
    select(_table)
    .where(
        _table.c.key_hash == bindparam("is_hash"),
        or_(_table.c.source == "", _table.c.source == bindparam("is_source")),
        or_(_table.c.key_type == "", _table.c.key_type == bindparam("is_type")),
    )
    .order_by(_table.c.id)
)
_ANY = select(_table.c.id).limit(1)
