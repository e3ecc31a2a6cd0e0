"""
Decide what a lane still needs of a submission: compare it with what the lane has seen. (pure)

The comparison is between *sources* (value, unit and status as the lab sent them), never between payloads, so that a
new mapping table is not mistaken for a correction.

Theory: an exact re-send is taken out first; then the rules of revision_rules.py judge the step from what is known to
what is sent; then anything older than what is known is held.

The vendor knows a result by its code alone. So the newest version of the code counts, even where another order of the
service request brought it; only a correction may then change the value.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import msgspec
from msgspec import Struct

from translator.record.outcome import Diagnostic, OrderPayload, Payload, SourceObservation, Submission
from translator.translate.revision_rules import (
    AFTER_RESULTS,
    CHANGED,
    DROPPED,
    DUPLICATE,
    OLDER_COMES_FIRST,
    OUT_OF_ORDER,
    SEND,
    STAGES,
    UNDECIDED,
    Verdict,
    judge_step,
)


class Version(Struct, frozen=True, gc=False):
    """
    One version of an observation (or of a report) that the lane has taken on.

    Shape: `ordered_at` is the sender's time as in `Submission`; `sha256` names the message that brought it.
    """

    value: str = ""
    unit: str = ""
    status: str = ""
    ordered_at: str = ""
    sha256: str = ""


class LaneHistory(Struct, frozen=True):
    """
    What a lane has queued, delivered or left unknown.

    Shape: `versions` by observation key, those included that were replaced before they were sent, and repeats, which
    say the same at a time of their own; `latest` by code is the newest one with its key. `seen_at` by key is the newest
    sender's time, repeats included. `reports` are the report statuses in order; `has_results` is
    true when any report carried a value.
    """

    versions: Mapping[str, tuple[Version, ...]] = {}
    latest: Mapping[str, tuple[str, Version]] = {}
    seen_at: Mapping[str, str] = {}
    reports: tuple[Version, ...] = ()
    has_results: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to compare with, as on most lanes: then the status alone decides."""
        return not (self.versions or self.latest or self.reports)


class Revision(Struct, frozen=True):
    """
    What becomes of one submission.

    Shape: `verdicts` runs parallel to `Submission.sources`. `payload` holds what is left to send, or is None.
    `report` is the verdict for the report as a whole.
    """

    verdicts: tuple[Verdict, ...]
    payload: Payload | OrderPayload | None
    report: Verdict
    diagnostics: tuple[Diagnostic, ...] = ()


# A held observation in such a report: what the report becomes; empty: it is held whole.
STATUS_WITH_HELD: Mapping[str, str] = {
    "final": "partial",
    "partial": "partial",
    "preliminary": "preliminary",
}


# What a final report is while the lane has observations, besides those sent now, at these statuses (semantics 1.5).
STATUS_WITH_KNOWN: tuple[tuple[str, str], ...] = (
    ("preliminary", "partial"),
    ("corrected", "corrected"),
    ("amended", "amended"),
)


# What becomes of the first that is ever seen of an observation, by its status.
_FIRST: Mapping[str, Verdict] = {
    status: judge_step("nothing", stage, changed=CHANGED, unit_changed=False, is_rival=False)
    for status, stage in STAGES.items()
}


def revise(
    submission: Submission,
    history: LaneHistory,
    sha256: str = "",
    *,
    in_full: bool = False,
    dropped: Collection[int] = (),
) -> Revision:
    """
    Compare a submission, brought by the message `sha256`, with its lane's history.

    Shape: `in_full` sends what the vendor has already along with what is new or changed. `dropped` are the numbers of
    observations that a person has dropped when the same message came before; they are not sent.
    """
    if not submission.sources:
        return _revise_bare(submission, history, sha256)
    if history.is_empty:
        verdicts = tuple(_FIRST.get(source.status, UNDECIDED) for source in submission.sources)
    else:
        verdicts = tuple(_judge(source, submission, history, sha256) for source in submission.sources)
    if dropped:
        verdicts = tuple(DROPPED if number in dropped else verdict for number, verdict in enumerate(verdicts))
    if in_full and SEND in verdicts:
        verdicts = tuple(
            SEND if verdict == DUPLICATE and _is_as_known(source, history) else verdict
            for source, verdict in zip(submission.sources, verdicts, strict=True)
        )
    revision = _revision(submission, history, verdicts)
    held = next((verdict for verdict in verdicts if verdict.state == "held"), None)
    if held and revision.payload and submission.payload.status not in STATUS_WITH_HELD:
        return hold_whole(revision, held.reason)
    return revision


def without_held(revision: Revision, cause: str) -> Revision:
    """Make of a revision what its report is when something else of it, for which `cause` stands, stays held."""
    if revision.payload is None:
        return revision
    status = STATUS_WITH_HELD.get(revision.payload.status)
    if status is None:
        return hold_whole(revision, cause)
    return msgspec.structs.replace(revision, payload=msgspec.structs.replace(revision.payload, status=status))


def hold_whole(revision: Revision, cause: str) -> Revision:
    """Hold everything of a revision that would be sent; what is a duplicate or held for itself stays so."""
    held = Verdict("held", "report-held", cause)
    return Revision(
        verdicts=tuple(held if verdict == SEND else verdict for verdict in revision.verdicts),
        payload=None,
        report=held,
        diagnostics=revision.diagnostics,
    )


def hold_unread(submission: Submission, cause: str) -> Revision:
    """Hold a submission without comparing it: nothing in it may be trusted, not even that it repeats something."""
    held = Verdict("held", "report-held", cause)
    return Revision(verdicts=(held,) * len(submission.sources), payload=None, report=held)


def _revise_bare(submission: Submission, history: LaneHistory, sha256: str) -> Revision:
    """Judge a report without observations, which is a cancellation."""
    version = Version(status=submission.payload.status, ordered_at=submission.ordered_at, sha256=sha256)
    if _is_known_report(version, history):
        return Revision((), None, DUPLICATE)
    if history.has_results:
        return Revision((), None, AFTER_RESULTS)
    return Revision((), submission.payload, SEND)


def _is_known_report(version: Version, history: LaneHistory) -> bool:
    if history.reports and history.reports[-1].status == version.status:
        return True
    return any(_is_resent(version, known) for known in history.reports)


def _judge(source: SourceObservation, submission: Submission, history: LaneHistory, sha256: str) -> Verdict:
    ordered_at = source.ordered_at or submission.ordered_at
    sent = Version(source.value, source.unit, source.status, ordered_at, sha256)
    own = history.versions.get(source.key, ())
    key, last = history.latest.get(source.code, (source.key, None))
    if any(_is_resent(sent, known) for known in own) or (last and _content(sent) == _content(last)):
        return DUPLICATE
    known, stage, changed = _step(last, sent)
    unit_changed = last is not None and last.unit != sent.unit
    verdict = judge_step(known, stage, changed=changed, unit_changed=unit_changed, is_rival=key != source.key)
    if verdict == DUPLICATE or (verdict.state == "held" and verdict not in OLDER_COMES_FIRST):
        return verdict
    return OUT_OF_ORDER if _is_older(sent, source.key, last, history) else verdict


def _is_as_known(source: SourceObservation, history: LaneHistory) -> bool:
    _, last = history.latest.get(source.code, ("", None))
    return last is not None and _content(last) == (source.value, source.unit, source.status)


def _step(known: Version | None, sent: Version) -> tuple[str, str, bool]:
    stage = STAGES.get(sent.status, "")
    if known is None:
        return "nothing", stage, CHANGED
    return STAGES.get(known.status, ""), stage, (known.value, known.unit) != (sent.value, sent.unit)


def _content(version: Version) -> tuple[str, str, str]:
    return version.value, version.unit, version.status


def _is_resent(sent: Version, known: Version) -> bool:
    """Tell a version that the lane has had before (same message, or same content with the same time) from a new one."""
    same_time = bool(sent.ordered_at) and sent.ordered_at == known.ordered_at
    same_message = bool(sent.sha256) and sent.sha256 == known.sha256
    return _content(sent) == _content(known) and (same_time or same_message)


def _is_older(sent: Version, key: str, last: Version | None, history: LaneHistory) -> bool:
    """Compare with the newest time of this result and of a cancellation; an equal time or none: as it came."""
    cancelled = (report.ordered_at for report in history.reports if report.status == "cancelled")
    newest = max(history.seen_at.get(key, ""), last.ordered_at if last else "", *cancelled, "")
    return bool(sent.ordered_at) and sent.ordered_at < newest


def _revision(submission: Submission, history: LaneHistory, verdicts: tuple[Verdict, ...]) -> Revision:
    observations = submission.payload.observations
    left = tuple(o for o, verdict in zip(observations, verdicts, strict=True) if verdict == SEND)
    held = [verdict for verdict in verdicts if verdict.state == "held"]
    status = _status_on_lane(submission, history)
    if held or DROPPED in verdicts:
        status = STATUS_WITH_HELD.get(submission.payload.status, submission.payload.status)
    payload = msgspec.structs.replace(submission.payload, status=status, observations=left) if left else None
    report = SEND if payload else held[0] if held else DUPLICATE
    remarks = tuple(_remarks(submission, history, verdicts, status)) if payload or held else ()
    return Revision(verdicts, payload, report, remarks)


def _status_on_lane(submission: Submission, history: LaneHistory) -> str:
    """Derive what a final report is, together with what the lane has that it does not repeat."""
    if submission.payload.status != "final" or not history.latest:
        return submission.payload.status
    repeated = {source.code for source in submission.sources}
    known = {version.status for code, (_, version) in history.latest.items() if code not in repeated}
    return next((status for found, status in STATUS_WITH_KNOWN if found in known), "final")


def _remarks(
    submission: Submission, history: LaneHistory, verdicts: tuple[Verdict, ...], status: str
) -> Iterator[Diagnostic]:
    if any(verdict.state == "held" or verdict == DROPPED for verdict in verdicts):
        if status != submission.payload.status:
            text = "sent as partial: an observation of the report is held, or was dropped"
            yield Diagnostic("report-incomplete", "warning", text=text)
    elif status != submission.payload.status:
        yield Diagnostic("status-derived", "info", text=f"with what was sent before, the report is {status}")
    for source, verdict in zip(submission.sources, verdicts, strict=True):
        if verdict == SEND and source.code not in history.latest and STAGES.get(source.status) == "corrected":
            yield Diagnostic("correction-first-seen", "warning", source.at, "nothing earlier is known of it")
