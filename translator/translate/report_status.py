"""
Decide a report's status from what its parts say and from what its observations come to.

A `final` that is not the whole truth is never passed on: it is held, or it becomes `partial`.

Source: FHIR R4 DiagnosticReport.status, Observation.status; HL7 tables 0085 and 0123.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from translator.record.report import Finding, Report
from translator.record.values import Absent, Unusable
from translator.translate.observation import Verdict
from translator.translate.service_request import Resolution
from translator.translate.source import time_of
from translator.translate.tables import StatusRow, Tables
from translator.translate.values import is_no_value

_PENDING = frozenset({"preliminary", "registered"})
_UNFINISHED = frozenset({"preliminary", "partial", "registered"})
_DONE = frozenset({"final", "amended", "corrected"})
# Ignored observations that still say something about how far the report is.
_TELLING = frozenset({"not-obtained", "result-pending"})
# So do a panel of its members and a result that says why it is none, unless they are done: then they add nothing.
_VALUELESS = frozenset({"container", "data-absent"})
_NOT_DONE = _PENDING | {"cancelled"}
_WITHHELD = frozenset({"held", "refused"})


class Part(Struct, frozen=True):
    """
    One report with its verdicts, its status by table and the service request that it belongs to.

    Shape: `is_form` tells a group of answers to the order form, in which nothing could be a result: it reports nothing.
    """

    report: Report
    verdicts: list[Verdict]
    status: StatusRow
    resolution: Resolution
    is_form: bool = False

    @property
    def is_refused(self) -> bool:
        """Tell a report that its own status refuses."""
        return self.status.action == "refuse" and bool(self.report.at)


class Case(Struct, frozen=True):
    """Every part of one message that belongs to one service request, and the verdicts of all parts, in order."""

    parts: Sequence[Part]
    verdicts: Sequence[Verdict]
    tables: Tables
    message_held: tuple[Finding, ...] = ()

    @property
    def at(self) -> str:
        """The first part's place, for findings about the whole."""
        return self.parts[0].report.at

    @property
    def is_settled(self) -> bool:
        """Tell that no report is left to decide: all are refused or forms, or these observations belong to none."""
        return all(part.is_form or part.is_refused or not part.report.at for part in self.parts)

    @property
    def is_merged(self) -> bool:
        """Several parts: no part's own status speaks for the whole."""
        return len(self.parts) > 1

    @property
    def is_derived(self) -> bool:
        """Tell that the status comes from the observations: of several parts, or where the site says so."""
        return self.is_merged or self.parts[0].status.action == "derive"

    def has_value(self, verdict: Verdict) -> bool:
        """Tell whether the observation brings a value, whatever became of it; why there is none is no value."""
        if verdict.state == "translated" and verdict.status == "cancelled":
            return False
        return verdict.reason not in _NO_RESULT_REASONS and not is_no_value(verdict.observation.value, self.tables)


_DOUBTS = frozenset({"unknown-status", "final-without-value"})
_NO_RESULT_REASONS = frozenset(
    {"document", "not-a-result-position", "ignored-by-table", "ask-at-order-entry", "order-form", "comment"}
)


class Seen(Struct, frozen=True, gc=False):
    """What there is among the verdicts of a case, so that a rule looks at each of them only where it must."""

    states: set[str]
    reasons: set[str]
    statuses: set[str]

    @classmethod
    def of(cls, verdicts: Sequence[Verdict]) -> Seen:
        """Gather it, once the repeats are settled."""
        return cls(
            {verdict.state for verdict in verdicts},
            {verdict.reason for verdict in verdicts},
            {verdict.status for verdict in verdicts},
        )

    @property
    def is_incomplete(self) -> bool:
        """Tell that something is not sent that a person may still decide about."""
        return not self.states.isdisjoint(_WITHHELD)


def hold_of(case: Case, seen: Seen) -> Finding | None:
    """Give the first thing that holds the report as a whole."""
    for rule in _RULES:
        if found := rule(case, seen):
            return found
    return None


def _message(case: Case, _: Seen) -> Finding | None:
    return case.message_held[0] if case.message_held else None


def _resolution(case: Case, _: Seen) -> Finding | None:
    return case.parts[0].resolution.problem


def _finding(case: Case, _: Seen) -> Finding | None:
    for part in case.parts:
        if part.report.findings:
            return part.report.findings[0]
    return None


def _time(case: Case, _: Seen) -> Finding | None:
    zone = case.tables.site.time_zone
    for part in case.parts if zone else ():
        if time_of(part.report, zone).is_ambiguous:
            return Finding("time-ambiguous", part.report.at, "the clocks showed this time twice")
    return None


def _patients(case: Case, _: Seen) -> Finding | None:
    if not case.is_merged or len({part.report.patient for part in case.parts}) == 1:
        return None
    return Finding("patient-mismatch", case.at, "two patients in this message have the same service request")


def _status(case: Case, _: Seen) -> Finding | None:
    for part in case.parts:
        if part.status.action == "hold":
            return Finding(part.status.reason, part.report.status_at or part.report.at, "the report's status holds it")
    return None


def _retraction(case: Case, seen: Seen) -> Finding | None:
    if "retraction" not in seen.reasons:
        return None
    at = next(verdict.observation.at for verdict in case.verdicts if verdict.reason == "retraction")
    return Finding("retraction", at, "WHOOP has no way to take a result back")


def _doubt(case: Case, seen: Seen) -> Finding | None:
    """A status can only be derived from statuses that are known (semantics 1.5 rule 1)."""
    if not case.is_derived or ("unknown" not in seen.statuses and seen.reasons.isdisjoint(_DOUBTS)):
        return None
    found = next(verdict for verdict in case.verdicts if verdict.status == "unknown" or verdict.reason in _DOUBTS)
    return Finding(found.reason, found.observation.at, "the report's status cannot be derived from it")


def _final_but_pending(case: Case, seen: Seen) -> Finding | None:
    if seen.statuses.isdisjoint(_PENDING):
        return None
    for part in case.parts:
        for verdict in part.verdicts:
            if part.status.status == "final" and verdict.status in _PENDING and _counts(verdict):
                text = f"the report is final, this observation is {verdict.status}"
                return Finding("report-contradicts-observations", verdict.observation.at, text)
    return None


def _value_without_result(case: Case, _: Seen) -> Finding | None:
    for part in case.parts:
        if part.status.status not in {"cancelled", "registered"}:
            continue
        for verdict in part.verdicts:
            if case.has_value(verdict):
                text = f"the report is {part.status.status}, yet this observation has a value"
                return Finding("report-contradicts-observations", verdict.observation.at, text)
    return None


_RULES: tuple[Callable[[Case, Seen], Finding | None], ...] = (
    _message,
    _finding,
    _resolution,
    _time,
    _patients,
    _status,
    _retraction,
    _doubt,
    _final_but_pending,
    _value_without_result,
)


def _counts(verdict: Verdict) -> bool:
    if verdict.state != "ignored" or verdict.reason in _TELLING:
        return True
    return verdict.reason in _VALUELESS and verdict.status in _NOT_DONE


def report_status(case: Case, seen: Seen) -> str:
    """
    Give the status that the whole has before held observations are taken out of it.

    Shape: a single report keeps its own, except that `final` with a corrected observation is `corrected`; merged
    ones, and those of which the site says so, derive theirs (semantics 1.5). Empty where there is nothing to report.
    """
    if case.is_derived:
        return _derived(case)
    own = case.parts[0].status
    if own.action == "ignore":
        return ""
    if own.status == "final" and "corrected" in seen.statuses and _sends_correction(case):
        return "corrected"
    return own.status


def _sends_correction(case: Case) -> bool:
    return any(verdict.status == "corrected" and verdict.state == "translated" for verdict in case.verdicts)


def _derived(case: Case) -> str:
    statuses = {verdict.status for verdict in case.verdicts if _counts(verdict)}
    statuses |= {part.status.status for part in case.parts if part.status.status == "cancelled"}
    unfinished = any(part.status.status in _UNFINISHED for part in case.parts)
    if not statuses:
        return ""
    if statuses == {"cancelled"}:
        return "partial" if unfinished else "cancelled"
    if statuses & _PENDING or unfinished:
        return "partial" if statuses & _DONE else "preliminary"
    return next((status for status in ("corrected", "amended") if status in statuses), "final")


def is_valueless(verdict: Verdict, tables: Tables) -> bool:
    """Tell an observation that a cancelled report merely lists."""
    value = verdict.observation.value
    return not isinstance(value, Unusable) and (isinstance(value, Absent) or is_no_value(value, tables))
