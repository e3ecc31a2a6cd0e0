"""Keep the correlation table in the ledger, and look order numbers up in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, insert, select

from translator.ledger import schema
from translator.ledger.database import Database
from translator.record.correlation import CorrelationHit, CorrelationRow

_IDENTITY = ("source", "key_type", "key", "service_request_id")
_FIELDS = ("source", "key_type", "key", "service_request_id", "requisition_id", "patient", "birth_date", "panel")


def import_rows(connection: Connection, rows: Sequence[CorrelationRow], now: int) -> int:
    """
    Add the rows that are not there yet, and give their number.

    A key may stand for several service requests, as the number of a requisition does; the engine then needs the
    panel to tell them apart, or holds.
    """
    table = schema.correlation
    new = 0
    for row in rows:
        same = (getattr(table.c, name) == getattr(row, name) for name in _IDENTITY)
        if connection.execute(select(table.c.id).where(*same)).first() is None:
            fields = {name: getattr(row, name) for name in (*_FIELDS, "created", "expires")}
            connection.execute(insert(table).values(**fields, imported_at=now))
            new += 1
    return new


class LedgerCorrelation:
    """Look order numbers of one source up; called as the correlation of a file is."""

    def __init__(self, database: Database, source: str, clock: Callable[[], float]) -> None:
        self._database = database
        self._source = source
        self._clock = clock

    def __call__(self, key_type: str, key: str, namespace: str = "") -> tuple[CorrelationHit, ...]:  # noqa: ARG002 - the table has no namespaces yet
        """Give every hit that has not expired; a row without source or key type matches any."""
        table = schema.correlation
        query = select(table).where(
            table.c.key == key, table.c.source.in_({"", self._source}), table.c.key_type.in_({"", key_type})
        )
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(table.c.id)).mappings().all()
        today = datetime.fromtimestamp(self._clock(), UTC).date().isoformat()
        hits = {
            CorrelationHit(
                row["service_request_id"], row["key_type"], row["patient"], row["birth_date"], row["panel"]
            ): 0
            for row in rows
            if not row["expires"] or row["expires"][:10] >= today
        }
        return tuple(hits)
