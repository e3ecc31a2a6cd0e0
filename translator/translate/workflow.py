"""
Decide which workflow status (`task_business_status`) a service request needs next. (pure)

Theory: a status is a promise to the member, so it follows what the lane has delivered or will have delivered before
it. The first results give `PARTIAL_RESULTS_READY`; a complete panel gives `FULL_RESULTS_READY`, or `RESULTS_ISSUE`
where something in it could not be obtained. A status never goes backwards, and nothing follows a terminal one.

Source: whoop.md sections 5 and 6.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

CONFIRMED = "ORDER_CONFIRMED"
ATTENDED = "APPOINTMENT_ATTENDED"
PARTIAL = "PARTIAL_RESULTS_READY"
FULL = "FULL_RESULTS_READY"
ISSUE = "RESULTS_ISSUE"

TERMINAL = frozenset({"APPOINTMENT_ISSUE", ISSUE, "ORDER_ISSUE"})
_ORDER: Sequence[str] = ("", CONFIRMED, ATTENDED, PARTIAL, FULL)

_COMPLETE_REPORTS = frozenset({"final", "corrected", "amended"})
"""By definition of FHIR a corrected or amended report was final before."""
_SETTLED = frozenset({"final", "corrected", "amended"})
_MOST_CODES = 20


class StatusCall(Struct, frozen=True):
    """One status to set, with the reason that goes with an issue."""

    status: str
    reason: str = ""


class Workflow(Struct, frozen=True):
    """
    What a site's tables say about completeness.

    Shape: `panels` gives by panel code the WHOOP codes that make it complete. A panel that is not listed is complete
    when its report is final, unless not `complete_on_final`.
    """

    panels: Mapping[str, frozenset[str]] = {}
    complete_on_final: bool = True


class Progress(Struct, frozen=True):
    """
    How far a service request is, everything counted that is queued before the status.

    Shape: `status` is the last one set or queued. `results` gives the status of each result by WHOOP code;
    `not_obtained` are the codes that the laboratory said it could not obtain. `held` counts what waits for a person.
    """

    status: str = ""
    results: Mapping[str, str] = {}
    not_obtained: frozenset[str] = frozenset()
    held: int = 0

    @property
    def settled(self) -> frozenset[str]:
        """The codes whose result is final."""
        return frozenset(code for code, status in self.results.items() if status in _SETTLED)

    @property
    def missing(self) -> frozenset[str]:
        """The codes that will have no result."""
        cancelled = {code for code, status in self.results.items() if status == "cancelled"}
        return (self.not_obtained | cancelled) - self.settled

    @property
    def has_results(self) -> bool:
        """Whether the vendor has, or will have, any value."""
        return any(status != "cancelled" for status in self.results.values())


def next_status(progress: Progress, report_status: str, panel: str, workflow: Workflow) -> StatusCall | None:
    """
    Give the status to set after a report, or None where there is nothing to say.

    Shape: `report_status` is that of the report as it is sent, or, of one with nothing to send, as it came.
    """
    if report_status == "cancelled" and not progress.has_results:
        wanted = StatusCall(ISSUE, "the order was cancelled")
    elif not progress.has_results and not progress.missing:
        return None
    elif _is_complete(progress, report_status, panel, workflow):
        wanted = _completed(progress, workflow.panels.get(panel))
    elif progress.has_results:
        wanted = StatusCall(PARTIAL)
    else:
        return None
    return wanted if may_follow(progress.status, wanted.status) else None


def may_follow(known: str, status: str) -> bool:
    """Tell whether a status may be set after another one: forwards only, and never after a terminal one."""
    if known in TERMINAL or known == FULL:
        return False
    return status in TERMINAL or _ORDER.index(status) > _ORDER.index(known)


def is_known(status: str) -> bool:
    """Tell a status of the documented ones, or none yet; what may follow any other nobody can say."""
    return status in _ORDER or status in TERMINAL


def replaces(status: str, queued: str) -> bool:
    """Tell a queued status that need not be sent any more once another one is queued."""
    return queued == PARTIAL and status in {FULL, ISSUE}


def _is_complete(progress: Progress, report_status: str, panel: str, workflow: Workflow) -> bool:
    codes = workflow.panels.get(panel)
    if codes is not None:
        return codes <= progress.settled | progress.missing
    if not workflow.complete_on_final or progress.held:
        return False
    return report_status in _COMPLETE_REPORTS


def _completed(progress: Progress, codes: frozenset[str] | None) -> StatusCall:
    missing = sorted(progress.missing if codes is None else progress.missing & codes)
    if not missing:
        return StatusCall(FULL)
    named = ", ".join(missing[:_MOST_CODES])
    return StatusCall(ISSUE, f"could not be obtained: {named}{' and more' * (len(missing) > _MOST_CODES)}")


class RequisitionCall(Struct, frozen=True):
    """One confirmation: of a whole requisition, or of one service request in it."""

    is_requisition: bool
    id: str


def confirmations(
    requisition_id: str, statuses: Mapping[str, str], confirmed: frozenset[str]
) -> tuple[RequisitionCall, ...]:
    """
    Say with how few calls the confirmed orders of a requisition are set to `ORDER_CONFIRMED`.

    Shape: `statuses` gives for every service request of the requisition the status that it has. One call sets all of
    them, so it may be used only where all are confirmed and none has come further.
    """
    waiting = [
        request for request, status in statuses.items() if request in confirmed and may_follow(status, CONFIRMED)
    ]
    if requisition_id and len(waiting) == len(statuses) > 1:
        return (RequisitionCall(is_requisition=True, id=requisition_id),)
    return tuple(RequisitionCall(is_requisition=False, id=request) for request in waiting)
