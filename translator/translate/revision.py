"""
Decide what a lane still needs of a submission: compare it with what the lane has seen. (pure)

The comparison is between *sources* (value, unit and status as the lab sent them), never between payloads, so that a
new mapping table is not mistaken for a correction.

Theory: an observation is at one of four stages, `preliminary`, `final`, `corrected` (which stands for amended, too) and
`cancelled`.
RULES says for each step from a known stage to the sent one, with or without another value, what happens. Before the
rules an exact re-send is taken out; after them, anything older than what is known is held.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec
from msgspec import Struct

from translator.record.outcome import Diagnostic, Payload, SourceObservation, Submission


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

    Shape: `versions` by observation key, oldest first; `seen_at` by key is the newest sender's time, re-sends
    included. `reports` are the report statuses in order; `has_results` is true when any report carried a value.
    """

    versions: Mapping[str, tuple[Version, ...]] = {}
    seen_at: Mapping[str, str] = {}
    reports: tuple[Version, ...] = ()
    has_results: bool = False


class Verdict(Struct, frozen=True, gc=False):
    """What becomes of one observation: `state` is queued, duplicate or held."""

    state: str
    reason: str = ""
    cause: str = ""


class Revision(Struct, frozen=True):
    """
    What becomes of one submission.

    Shape: `verdicts` runs parallel to `Submission.sources`. `payload` holds what is left to send, or is None.
    `report` is the verdict for the report as a whole.
    """

    verdicts: tuple[Verdict, ...]
    payload: Payload | None
    report: Verdict
    diagnostics: tuple[Diagnostic, ...] = ()


SEND = Verdict("queued")
DUPLICATE = Verdict("duplicate")
SILENT_CHANGE = Verdict("held", "silent-change")
LATE_PRELIMINARY = Verdict("held", "late-preliminary")
OUT_OF_ORDER = Verdict("held", "out-of-order")
UNDECIDED = Verdict("held", "status-undecided")
AFTER_RESULTS = Verdict("held", "cancelled-after-results")

SAME, CHANGED = False, True

STAGES: Mapping[str, str] = {
    "preliminary": "preliminary",
    "final": "final",
    "corrected": "corrected",
    "amended": "corrected",
    "cancelled": "cancelled",
}

RULES: Mapping[tuple[str, str, bool], Verdict] = {
    # known         sent           value or unit
    ("nothing", "preliminary", CHANGED): SEND,
    ("nothing", "final", CHANGED): SEND,
    ("nothing", "corrected", CHANGED): SEND,
    ("preliminary", "preliminary", SAME): DUPLICATE,
    ("preliminary", "preliminary", CHANGED): SEND,
    ("preliminary", "final", SAME): SEND,
    ("preliminary", "final", CHANGED): SEND,
    ("preliminary", "corrected", SAME): SEND,
    ("preliminary", "corrected", CHANGED): SEND,
    ("final", "preliminary", SAME): LATE_PRELIMINARY,
    ("final", "preliminary", CHANGED): LATE_PRELIMINARY,
    ("final", "final", SAME): DUPLICATE,
    ("final", "final", CHANGED): SILENT_CHANGE,
    ("final", "corrected", SAME): SEND,
    ("final", "corrected", CHANGED): SEND,
    ("corrected", "preliminary", SAME): LATE_PRELIMINARY,
    ("corrected", "preliminary", CHANGED): LATE_PRELIMINARY,
    # Labs repeat a corrected value as plain final in the next snapshot: the vendor has it already.
    ("corrected", "final", SAME): DUPLICATE,
    ("corrected", "final", CHANGED): SILENT_CHANGE,
    ("corrected", "corrected", SAME): SEND,
    ("corrected", "corrected", CHANGED): SEND,
    # A site may send why a result could not be obtained: it comes before a result, never in place of a final one.
    ("nothing", "cancelled", CHANGED): SEND,
    ("preliminary", "cancelled", SAME): SEND,
    ("preliminary", "cancelled", CHANGED): SEND,
    ("final", "cancelled", SAME): UNDECIDED,
    ("final", "cancelled", CHANGED): UNDECIDED,
    ("corrected", "cancelled", SAME): UNDECIDED,
    ("corrected", "cancelled", CHANGED): UNDECIDED,
    ("cancelled", "cancelled", SAME): DUPLICATE,
    ("cancelled", "cancelled", CHANGED): SEND,
    ("cancelled", "preliminary", SAME): SEND,
    ("cancelled", "preliminary", CHANGED): SEND,
    ("cancelled", "final", SAME): SEND,
    ("cancelled", "final", CHANGED): SEND,
    ("cancelled", "corrected", SAME): SEND,
    ("cancelled", "corrected", CHANGED): SEND,
}

# A held observation in such a report: what the report becomes; empty: it is held whole.
STATUS_WITH_HELD: Mapping[str, str] = {
    "final": "partial",
    "partial": "partial",
    "preliminary": "preliminary",
}


def revise(submission: Submission, history: LaneHistory, sha256: str = "") -> Revision:
    """Compare a submission, brought by the message `sha256`, with its lane's history."""
    if not submission.sources:
        return _revise_bare(submission, history, sha256)
    verdicts = tuple(_judge(source, submission, history, sha256) for source in submission.sources)
    revision = _revision(submission, history, verdicts)
    held = next((verdict for verdict in verdicts if verdict.state == "held"), None)
    if held and revision.payload and submission.payload.status not in STATUS_WITH_HELD:
        return hold_whole(revision, held.reason)
    return revision


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
    versions = history.versions.get(source.key, ())
    last = versions[-1] if versions else None
    if any(_is_resent(sent, known) for known in versions) or (last and _content(sent) == _content(last)):
        return DUPLICATE
    verdict = RULES.get(_step(last, sent), UNDECIDED)
    if verdict in (LATE_PRELIMINARY, UNDECIDED):
        return verdict
    return OUT_OF_ORDER if _is_older(sent, source.key, history) else verdict


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


def _is_older(sent: Version, key: str, history: LaneHistory) -> bool:
    """Compare with the newest time of this key and of a cancellation; an equal time or none: as it came."""
    cancelled = (report.ordered_at for report in history.reports if report.status == "cancelled")
    newest = max(history.seen_at.get(key, ""), *cancelled, "")
    return bool(sent.ordered_at) and sent.ordered_at < newest


def _revision(submission: Submission, history: LaneHistory, verdicts: tuple[Verdict, ...]) -> Revision:
    observations = submission.payload.observations
    left = tuple(o for o, verdict in zip(observations, verdicts, strict=True) if verdict == SEND)
    held = [verdict for verdict in verdicts if verdict.state == "held"]
    status = submission.payload.status
    if held:
        status = STATUS_WITH_HELD.get(status, status)
    payload = msgspec.structs.replace(submission.payload, status=status, observations=left) if left else None
    report = SEND if payload else held[0] if held else DUPLICATE
    return Revision(verdicts, payload, report, tuple(_remarks(submission, history, verdicts, status)))


def _remarks(
    submission: Submission, history: LaneHistory, verdicts: tuple[Verdict, ...], status: str
) -> Iterator[Diagnostic]:
    if status != submission.payload.status:
        yield Diagnostic("report-incomplete", "warning", text="sent as partial: an observation of the report is held")
    for source, verdict in zip(submission.sources, verdicts, strict=True):
        if verdict == SEND and source.key not in history.versions and STAGES.get(source.status) == "corrected":
            yield Diagnostic("correction-first-seen", "warning", source.at, "nothing earlier is known of it")
