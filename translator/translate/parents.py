"""
Give an order that the laboratory derived from another one the service request of that order, its parent.

Wherever the parent stands in the message, before or behind its child, or in the correlation only, it must be one that
is named; nothing is inherited from an order that merely stands near.

Source: HL7 v2.9 4.5.1.8 (ORC-8), 4.5.3.54 (OBR-54), 4.5.3.29 (OBR-29), 4.5.3.11 (OBR-11).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from msgspec import structs

from translator.record.report import Finding, Patient, Report
from translator.translate.service_request import Lookup, Resolution, problem, resolve_parents
from translator.translate.site import Site

# Whose number it is, of which type, and the number.
_Key: TypeAlias = tuple[Patient, str, str]


def inherit(reports: Sequence[Report], resolutions: list[Resolution], lookup: Lookup, site: Site) -> None:
    """
    Settle, in place, the orders that have no service request of their own and come from another order.

    Shape: a parent in the same message stands under the same patient; all parents that are named have one service
    request. A reflex or add-on order whose parent is nowhere is held by that name.
    """
    if any(report.parents or report.is_reflex for report in reports):
        _Family(reports, resolutions).settle(lookup, site)


class _Family:
    """
    The orders of one message, each by the numbers that name it.

    Shape: `_bearers` are the orders, by index, that have a number; `_waiting` those of them that may inherit and that
    nobody has looked at yet; `_requests` the service requests that a number has by now.
    """

    def __init__(self, reports: Sequence[Report], resolutions: list[Resolution]) -> None:
        self._reports = reports
        self._resolutions = resolutions
        self._bearers: dict[_Key, set[int]] = {}
        self._waiting: dict[_Key, set[int]] = {}
        self._requests: dict[_Key, set[str]] = {}
        self._orphans: dict[int, None] = {}
        for number, report in enumerate(reports):
            is_orphan = _may_inherit(report, resolutions[number])
            if is_orphan:
                self._orphans[number] = None
            for key in _own_keys(report):
                self._bearers.setdefault(key, set()).add(number)
                if is_orphan:
                    self._waiting.setdefault(key, set()).add(number)
            self._publish(number)

    def settle(self, lookup: Lookup, site: Site) -> None:
        """Settle parents before their children, in whatever order they stand; a circle ends where it began."""
        line: list[int] = []
        for orphan in tuple(self._orphans):
            self._begin(orphan, line)
            while line:
                parent = self._waiting_parent(line[-1])
                if parent is None:
                    self._settle(line.pop(), lookup, site)
                else:
                    self._begin(parent, line)

    def _begin(self, number: int, line: list[int]) -> None:
        if number in self._orphans:
            del self._orphans[number]
            line.append(number)
            for key in _own_keys(self._reports[number]):
                self._waiting[key].discard(number)

    def _waiting_parent(self, number: int) -> int | None:
        for key in _parent_keys(self._reports[number]):
            if not self._requests.get(key) and (waiting := self._waiting.get(key)):
                return next(iter(waiting))
        return None

    def _settle(self, number: int, lookup: Lookup, site: Site) -> None:
        report = self._reports[number]
        requests = set[str]().union(*(self._requests.get(key, ()) for key in _parent_keys(report)))
        if len(requests) == 1:
            self._resolutions[number] = _inherited(report, Resolution(requests.pop()))
        elif not requests and (found := resolve_parents(report, lookup, site)):
            self._resolutions[number] = _inherited(report, found)
        elif report.is_reflex and not self._has_family(number):
            text = "the order that this one comes from is neither in this message nor in the correlation"
            self._resolutions[number] = problem("reflex-without-parent", report, text)
        self._publish(number)

    def _publish(self, number: int) -> None:
        """Let the children of an order have its service request."""
        if request := self._resolutions[number].service_request_id:
            for key in _own_keys(self._reports[number]):
                self._requests.setdefault(key, set()).add(request)

    def _has_family(self, number: int) -> bool:
        """Tell that another order of the message has the number of the parent, or the same one as this order."""
        report = self._reports[number]
        keys = (*_parent_keys(report), *_own_keys(report))
        return any(not self._bearers.get(key, set()) <= {number} for key in keys)


def _may_inherit(report: Report, own: Resolution) -> bool:
    is_missing = own.problem is not None and own.problem.code == "no-service-request"
    return is_missing and bool(report.parents or report.is_reflex)


def _own_keys(report: Report) -> Iterator[_Key]:
    yield from ((report.patient, "placer", identifier.value) for _, identifier in report.service_requests)
    if report.filler.value:
        yield report.patient, "filler", report.filler.value


def _parent_keys(report: Report) -> Iterator[_Key]:
    return ((report.patient, kind, parent.value) for kind, _, parent in report.parents)


def _inherited(report: Report, found: Resolution) -> Resolution:
    if found.problem is not None:
        return found
    remark = Finding("service-request-inherited", report.at, f"from {report.parents[0][1]}")
    return structs.replace(found, remark=remark)
