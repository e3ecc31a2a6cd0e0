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
    The rows of one correlation table, indexed by key.

    Shape: `site` is the site that asks; a row of another source is no hit, unless the identifier's own namespace is
    that source.
    """

    def __init__(self, rows: Iterable[CorrelationRow], site: str = "") -> None:
        self._site = site
        self._rows: dict[str, list[CorrelationRow]] = {}
        for row in rows:
            self._rows.setdefault(row.key, []).append(row)

    def lookup(self, key_type: str, key: str, namespace: str) -> tuple[CorrelationHit, ...]:
        """Give every service request that an order number stands for, each once."""
        sources = {"", self._site, namespace}
        hits = (
            CorrelationHit(row.service_request_id, row.key_type or key_type, row.patient, row.birth_date, row.panel)
            for row in self._rows.get(key, ())
            if row.source in sources and row.key_type in {"", key_type}
        )
        return tuple(dict.fromkeys(hits))
