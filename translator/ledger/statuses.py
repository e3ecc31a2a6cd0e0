"""
Keep the workflow status of each lane: read how far it is, and queue the status that follows a message.

What comes next is decided by translate/workflow.py; here it is only read and written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, func, select

from translator.ledger import schema
from translator.ledger.placement import Placed
from translator.ledger.positions import STATUS, Lane, LaneName, lane_name, status_row
from translator.ledger.states import LIVE
from translator.ledger.supersede import supersede_statuses
from translator.record.outcome import Entry, Outcome
from translator.translate.workflow import PARTIAL, Progress, StatusCall, Workflow, next_status, replaces

NOT_OBTAINED = "not-obtained"

_submission, _entry = schema.submission, schema.entry


class LaneReport(Struct):
    """
    What one message says about one lane: `progress` holds only what this message adds.

    Absent: `status` is empty where the report changes nothing, since it is held or not compared.
    """

    lane: Lane
    status: str = ""
    panel: str = ""
    results: dict[str, str] = {}
    not_obtained: frozenset[str] = frozenset()
    held: int = 0


def lane_reports(outcome: Outcome, placed: Sequence[Placed], lanes: Mapping[LaneName, Lane]) -> Iterator[LaneReport]:
    """Put together what a message says about each of its lanes."""
    reports = {lane_name(one.submission): _of_submission(one) for one in placed}
    for account in outcome.accounts:
        name = lane_name(account)
        if name not in lanes:
            continue
        if name not in reports:
            reports[name] = LaneReport(lanes[name], account.status, account.panel)
        entries = list(zip(outcome.entries[account.first : account.end], account.subjects, strict=True))
        report = reports[name]
        report.not_obtained = frozenset(
            subject for entry, subject in entries if _is_not_obtained(entry) and is_vendor_code(subject)
        )
        report.held += sum(entry.state in {"held", "refused"} for entry, _ in entries)
    yield from reports.values()


def _of_submission(placed: Placed) -> LaneReport:
    revision, submission = placed.revision, placed.submission
    report = LaneReport(placed.lane, panel=submission.panel, results={})
    report.held = sum(verdict.state == "held" for verdict in revision.verdicts)
    if revision.report.state != "held":
        report.status = revision.payload.status if revision.payload else submission.payload.status
    for source, verdict in zip(submission.sources, revision.verdicts, strict=True):
        if verdict.state == "queued":
            report.results[source.code] = source.status
    return report


def is_vendor_code(subject: str) -> bool:
    """Tell a code of the vendor from a code as the lab sent it (`system|code`), of which the vendor knows nothing."""
    return bool(subject) and "|" not in subject


def _is_not_obtained(entry: Entry) -> bool:
    return entry.state == "ignored" and entry.reason == NOT_OBTAINED


def follow(
    connection: Connection, report: LaneReport, workflow: Workflow, *, message_id: int, now: int
) -> dict[str, Any] | None:
    """Make the row of the workflow status that a report calls for, if any, at the end of its lane."""
    if not report.status:
        return None
    known = read_progress(connection, report.lane)
    progress = Progress(
        known.status,
        {**known.results, **report.results},
        known.not_obtained | report.not_obtained,
        known.held + report.held,
    )
    call = next_status(progress, report.status, report.panel, workflow)
    return queue_status(connection, report.lane, call, message_id=message_id, now=now) if call else None


def queue_status(connection: Connection, lane: Lane, call: StatusCall, *, message_id: int, now: int) -> dict[str, Any]:
    """Make the row of a status, and take back what it makes needless."""
    if replaces(call.status, PARTIAL):
        supersede_statuses(connection, lane, {PARTIAL})
    return status_row(lane, call, message_id=message_id, now=now)


def read_progress(connection: Connection, lane: Lane) -> Progress:
    """Read how far a lane is; what is queued counts as done, since it is sent before anything that follows."""
    if lane.is_fresh:
        return Progress()
    known = (
        select(_entry.c.code, _entry.c.source_status)
        .join(_submission, _submission.c.id == _entry.c.submission_id)
        .where(_entry.c.lane_id == lane.id, _entry.c.state.in_(LIVE))
        .order_by(_submission.c.position, _entry.c.id)
    )
    not_obtained = select(_entry.c.code).where(
        _entry.c.lane_id == lane.id, _entry.c.state == "ignored", _entry.c.reason == NOT_OBTAINED, _entry.c.code != ""
    )
    held = select(func.count()).where(_entry.c.lane_id == lane.id, _entry.c.state == "held")
    return Progress(
        read_status(connection, lane.id),
        {row.code: row.source_status for row in connection.execute(known)},
        frozenset(filter(is_vendor_code, connection.execute(not_obtained).scalars())),
        connection.execute(held).scalar_one(),
    )


def read_status(connection: Connection, lane_id: int) -> str:
    """Read the last workflow status that a lane was given."""
    query = (
        select(_submission.c.report_status)
        .where(_submission.c.lane_id == lane_id, _submission.c.kind == STATUS, _submission.c.state.in_(LIVE))
        .order_by(_submission.c.position.desc())
        .limit(1)
    )
    return connection.execute(query).scalar_one_or_none() or ""
