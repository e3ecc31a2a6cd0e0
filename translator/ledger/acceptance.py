"""
Take messages into the ledger: message, entries, submissions and lane positions in one transaction.

Order of decisions for a submission: is the patient the lane's (else nothing in it is trusted); what does the
lane still need of it (translate/revision.py); may its codes be sent yet.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, bindparam, func, insert, select, update

from translator.errors import LedgerError
from translator.ledger import schema
from translator.ledger.conservation import check_balance
from translator.ledger.histories import read_history
from translator.ledger.policy import STRICT, DestinationPolicy
from translator.ledger.positions import enqueue, find_lane, insert_row, is_other_patient, pin
from translator.record.outcome import Diagnostic, Entry, Outcome, Submission
from translator.translate.revision import LaneHistory, Revision, hold_unread, hold_whole, revise


class Arrival(Struct, frozen=True):
    """One message as it came in, and what became of it."""

    outcome: Outcome
    raw: bytes
    site: str = ""


class _Writing(Struct, frozen=True):
    """The transaction at hand: its connection and time, and the message that it records."""

    connection: Connection
    now: int
    message_id: int
    sha256: str


class _Placed(Struct, frozen=True):
    """A submission after the comparison: its lane, and its row if anything of it is sent."""

    submission: Submission
    revision: Revision
    lane_id: int
    submission_id: int | None


def accept_message(
    connection: Connection, arrival: Arrival, policies: Mapping[str, DestinationPolicy], now: int
) -> int:
    """
    Record one message and give its number.

    Raises: LedgerError where the outcome does not balance, or the bytes are not those that it speaks of.
    """
    outcome = arrival.outcome
    check_balance(outcome)
    sha256 = hashlib.sha256(arrival.raw).hexdigest()
    if outcome.source.sha256 not in ("", sha256):
        raise LedgerError("the bytes of a message are not those of its outcome; nothing was recorded")
    message_id = _insert_message(connection, arrival, sha256, now)
    writing = _Writing(connection, now, message_id, sha256)
    placed = [
        _place(writing, submission, policies.get(submission.destination, STRICT)) for submission in outcome.submissions
    ]
    rows = [_entry_row(number, entry, placed, message_id) for number, entry in enumerate(outcome.entries)]
    if rows:
        connection.execute(insert(schema.entry), rows)
    _conclude(connection, message_id, outcome, placed, rows)
    return message_id


def _insert_message(connection: Connection, arrival: Arrival, sha256: str, now: int) -> int:
    source = arrival.outcome.source
    row = {
        "received_at": now,
        "site": arrival.site,
        "file": source.file,
        "file_index": source.index,
        "format": source.format,
        "type": source.type,
        "control_id": source.control_id,
        "sha256": sha256,
        "tables_sha256": arrival.outcome.tables_sha256,
        "state": arrival.outcome.state,
        "reason": "",
        "diagnostics": "[]",
        "entry_count": len(arrival.outcome.entries),
        "raw": zlib.compress(arrival.raw, level=1),
    }
    return insert_row(connection, schema.message, row)


def _place(writing: _Writing, submission: Submission, policy: DestinationPolicy) -> _Placed:
    connection = writing.connection
    lane = find_lane(connection, submission)
    if is_other_patient(lane, submission):
        return _Placed(submission, hold_unread(submission, "patient-changed"), lane["id"], None)
    pin(connection, lane, submission)
    # A lane that never had a submission has no history to read.
    is_new = lane["next_position"] == 1
    history = LaneHistory() if is_new else read_history(connection, lane["id"], submission)
    revision = revise(submission, history, writing.sha256)
    if revision.payload and policy.holds(submission.unconfirmed):
        revision = hold_whole(revision, "code-unconfirmed")
    if not revision.payload:
        return _Placed(submission, revision, lane["id"], None)
    submission_id = enqueue(
        connection,
        lane,
        revision.payload,
        message_id=writing.message_id,
        ordered_at=submission.ordered_at,
        now=writing.now,
    )
    return _Placed(submission, revision, lane["id"], submission_id)


def _entry_row(number: int, entry: Entry, placed: Sequence[_Placed], message_id: int) -> dict[str, Any]:
    row: dict[str, Any] = {
        "message_id": message_id,
        "number": number,
        "at": entry.at,
        "state": entry.state,
        "reason": entry.reason,
        "cause": entry.cause,
        "table_row": entry.table,
        "lane_id": None,
        "submission_id": None,
        "observation": None,
        "source_key": "",
        "source_value": "",
        "source_unit": "",
        "source_status": "",
        "original_value": entry.original.value if entry.original else "",
        "original_unit": entry.original.unit if entry.original else "",
        "code": "",
        "ordered_at": "",
    }
    if entry.submission is not None and entry.observation is not None:
        row |= _translated_part(entry.observation, placed[entry.submission])
    return row


def _translated_part(observation: int, placed: _Placed) -> dict[str, Any]:
    source = placed.submission.sources[observation]
    verdict = placed.revision.verdicts[observation]
    is_queued = verdict.state == "queued"
    # Only what is left is in the body, so what comes before it there counts.
    index = sum(earlier.state == "queued" for earlier in placed.revision.verdicts[:observation])
    return {
        "state": verdict.state,
        "reason": verdict.reason,
        "cause": verdict.cause,
        "lane_id": placed.lane_id,
        "submission_id": placed.submission_id if is_queued else None,
        "observation": index if is_queued else None,
        "source_key": source.key,
        "source_value": source.value,
        "source_unit": source.unit,
        "source_status": source.status,
        "code": source.code,
        "ordered_at": source.ordered_at or placed.submission.ordered_at,
    }


def _conclude(
    connection: Connection, message_id: int, outcome: Outcome, placed: Sequence[_Placed], rows: Sequence[dict[str, Any]]
) -> None:
    """Give the message its state, and check in the same transaction that every entry arrived."""
    state, reason = _message_state(outcome, placed, [row["state"] for row in rows])
    diagnostics = [*outcome.diagnostics, *_remarks(placed)]
    values = {"state": state, "reason": reason, "diagnostics": msgspec.json.encode(diagnostics).decode()}
    connection.execute(update(schema.message).where(schema.message.c.id == message_id).values(**values))
    _check_written(connection, message_id, len(outcome.entries))


_ARRIVED = select(func.count()).where(schema.entry.c.message_id == bindparam("message_id"))
_UNBALANCED = (
    select(schema.submission.c.id)
    .select_from(schema.submission.outerjoin(schema.entry))
    .where(schema.submission.c.message_id == bindparam("message_id"))
    .group_by(schema.submission.c.id, schema.submission.c.observation_count)
    .having(func.count(func.distinct(schema.entry.c.observation)) != schema.submission.c.observation_count)
)


def _check_written(connection: Connection, message_id: int, entry_count: int) -> None:
    """
    Count what the database now has, not what it was given.

    Raises: LedgerError, which undoes the transaction.
    """
    message = {"message_id": message_id}
    arrived = connection.execute(_ARRIVED, message).scalar_one()
    if arrived != entry_count or connection.execute(_UNBALANCED, message).first():
        raise LedgerError("a message does not balance after it was written; nothing was recorded")


def _remarks(placed: Iterable[_Placed]) -> list[Diagnostic]:
    return [remark for one in placed for remark in one.revision.diagnostics]


def _message_state(outcome: Outcome, placed: Sequence[_Placed], states: Sequence[str]) -> tuple[str, str]:
    """Sum up a message: anything sent, else anything held, else anything repeated, else as translated."""
    if any(one.submission_id for one in placed):
        return "translated", ""
    reports = [one.revision.report for one in placed]
    held = next((report for report in reports if report.state == "held"), None)
    if held:
        return "held", held.cause or held.reason
    if "held" in states:
        return "held", ""
    return ("duplicate", "") if reports else (outcome.state, "")
