"""Hold what the lab's own order numbers stand for: the rows of a correlation and the hits of a look-up."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct


class CorrelationRow(Struct, frozen=True, gc=False):
    """
    One order number of one source, and the service request that it stands for.

    Shape: `at` is the place of the row (`orders.csv:14`). `service_request_id` is a UUID in lower case.
    Absent: an empty `source` or `key_type` matches any; the other empty fields are not known.
    """

    at: str
    key: str
    service_request_id: str
    source: str = ""
    key_type: str = ""
    requisition_id: str = ""
    patient: str = ""
    birth_date: str = ""
    panel: str = ""
    created: str = ""
    expires: str = ""


class CorrelationHit(Struct, frozen=True, gc=False):
    """A service request that an order number may stand for, and what is known of whom it belongs to."""

    service_request_id: str
    key_type: str = ""
    patient: str = ""
    birth_date: str = ""
    panel: str = ""


class Correlation:
    """
    The rows of one correlation table, indexed by key; called as a look-up.

    Shape: `source` is the site that asks: a row of another source is no hit; a row without source, or without key type,
    matches any. `today` (`YYYY-MM-DD`) leaves out rows that have expired; empty: none has.
    """

    def __init__(self, rows: Iterable[CorrelationRow], source: str = "", today: str = "") -> None:
        self._rows: dict[str, list[CorrelationRow]] = {}
        for row in rows:
            if row.source in {"", source} and (not row.expires or row.expires[:10] >= today):
                self._rows.setdefault(row.key, []).append(row)

    def __call__(self, key_type: str, key: str, namespace: str = "") -> tuple[CorrelationHit, ...]:  # noqa: ARG002 - rows have none yet
        """Give every service request that an order number stands for, each once."""
        hits = (
            CorrelationHit(row.service_request_id, row.key_type, row.patient, row.birth_date, row.panel)
            for row in self._rows.get(key, ())
            if row.key_type in {"", key_type}
        )
        return tuple(dict.fromkeys(hits))
