"""Order WHOOP's panels by the lab's own codes, and know them again in its results: `whoop/order-codes.csv`. (pure)"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from translator.record.correlation import CorrelationHit
from translator.record.report import Report
from translator.record.requisition import Requisition
from translator.translate.requisition_orders import CONTROLS
from translator.translate.service_request import Lookup, Resolution, no_correlation, resolve
from translator.translate.tables import Tables

UNMAPPED_PANEL = "unmapped-panel"


def unmapped_panels(requisition: Requisition, tables: Tables) -> tuple[str, ...]:
    """Name the panels that are to be ordered, or cancelled, and that no row gives a code of the lab for."""
    wanted = {test.code for test in requisition.tests if test.status in CONTROLS}
    return tuple(sorted(wanted - tables.order_codes.keys()))


def resolve_all(reports: Sequence[Report], lookup: Lookup, tables: Tables) -> list[Resolution]:
    """Name the service request of each report."""
    find = in_lab_codes(lookup, tables)
    return [resolve(report, find, tables.site) for report in reports]


def in_lab_codes(lookup: Lookup, tables: Tables) -> Lookup:
    """
    Make a look-up that knows a panel by the lab's code as well: a report names it as its order did.

    Shape: the look-up itself where the site has no codes of its own.
    """
    codes = {panel: coding.code for panel, coding in tables.order_codes.items() if coding.code != panel}
    if lookup is no_correlation or not codes:
        return lookup

    def find(key_type: str, key: str, namespace: str = "") -> tuple[CorrelationHit, ...]:
        hits = lookup(key_type, key, namespace)
        return (*hits, *(structs.replace(hit, panel=codes[hit.panel]) for hit in hits if hit.panel in codes))

    return find
