"""Keep the correlation table in the ledger, and look order numbers up in it by keyed hash."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, bindparam, insert, select

from translator.ledger import schema
from translator.ledger.database import Database
from translator.ledger.vault import Vault
from translator.record.correlation import CorrelationHit, CorrelationRow

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
    """Look order numbers of one source up; called as the correlation of a file is."""

    def __init__(self, database: Database, vault: Vault, source: str, clock: Callable[[], float]) -> None:
        self._database = database
        self._vault = vault
        self._source = source
        self._clock = clock

    def __call__(self, key_type: str, key: str, namespace: str = "") -> tuple[CorrelationHit, ...]:  # noqa: ARG002 - the table has no namespaces yet
        """Give every hit that has not expired; a row without source or key type matches any."""
        asked = {"is_hash": self._vault.hash("key", key), "sources": ["", self._source], "types": ["", key_type]}
        today = datetime.fromtimestamp(self._clock(), UTC).date().isoformat()
        with self._database.read() as connection:
            rows = connection.execute(_HITS, asked).mappings().all()
            hits = {
                CorrelationHit(
                    row["service_request_id"],
                    row["key_type"],
                    self._vault.open_text(connection, row["key_id"], row["patient"]),
                    self._vault.open_text(connection, row["key_id"], row["birth_date"]),
                    row["panel"],
                ): 0
                for row in rows
                if not row["expires"] or row["expires"][:10] >= today
            }
        return tuple(hits)


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
        _table.c.source.in_(bindparam("sources", expanding=True)),
        _table.c.key_type.in_(bindparam("types", expanding=True)),
    )
    .order_by(_table.c.id)
)
