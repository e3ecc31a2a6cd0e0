"""
Tell programs how far something is: a message, a submission, a lane; never a value, and no body.

A program that handed a message in wants to know what became of it, not what stands in it: that it has itself.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import PurePath
from typing import Protocol

import msgspec
from sqlalchemy import Connection, RowMapping, select

from translator.ledger import schema
from translator.ledger.moments import moment_text
from translator.ledger.positions import STATUS
from translator.ledger.progress_shapes import (
    DONE,
    EMPTY,
    AttemptProgress,
    EntryProgress,
    LaneProgress,
    LaneStep,
    MessageProgress,
    SubmissionProgress,
)
from translator.ledger.states import UNFINISHED
from translator.ledger.views import reached
from translator.record.outcome import Diagnostic

_message, _entry, _submission, _lane, _attempt = (
    schema.message, schema.entry, schema.submission, schema.lane, schema.attempt,
)  # fmt: skip


class _Reads(Protocol):
    def __call__(self) -> AbstractContextManager[Connection]: ...


class Progress:
    """How far everything in one ledger is; `Ledger.progress()` gives it."""

    def __init__(self, read: _Reads) -> None:
        self._read = read

    def message(self, number: int) -> MessageProgress | None:
        """Tell what became of a message; None where the ledger has none of this number."""
        with self._read() as connection:
            row = connection.execute(select(*_OF_MESSAGE).where(_message.c.id == number)).mappings().first()
            return _message_progress(connection, row) if row else None

    def submission(self, number: int) -> SubmissionProgress | None:
        """Tell what became of a submission; None where the ledger has none of this number."""
        with self._read() as connection:
            found = [*_submissions(connection, _submission.c.id == number)]
        return found[0] if found else None

    def lane(self, number: int) -> LaneProgress | None:
        """Tell how far a lane is; None where the ledger has none of this number."""
        with self._read() as connection:
            row = connection.execute(select(*_OF_LANE).where(_lane.c.id == number)).mappings().first()
            return _lane_progress(connection, row) if row else None

    def find_lane(self, destination: str, names: Collection[str]) -> LaneProgress | None:
        """Tell how far the lane of a service request or order reference is; `names` are ways to write it."""
        chosen = _lane.c.destination == destination, _lane.c.service_request_id.in_(names)
        with self._read() as connection:
            row = connection.execute(select(*_OF_LANE).where(*chosen)).mappings().first()
            return _lane_progress(connection, row) if row else None


_OF_MESSAGE = (
    _message.c.id, _message.c.received_at, _message.c.state, _message.c.reason, _message.c.site, _message.c.intake,
    _message.c.format, _message.c.type, _message.c.sha256, _message.c.tables_sha256, _message.c.diagnostics,
)  # fmt: skip
_OF_LANE = (_lane.c.id, _lane.c.destination, _lane.c.service_request_id)
# Neither the body nor a value: what is not read cannot be told.
_OF_SUBMISSION = (
    _submission.c.id, _submission.c.message_id, _submission.c.lane_id, _submission.c.kind, _submission.c.position,
    _submission.c.state, _submission.c.detail, _lane.c.destination, _lane.c.service_request_id,
)  # fmt: skip
_OF_ENTRY = (
    _entry.c.at, _entry.c.state, _entry.c.reason, _entry.c.cause, _entry.c.table_row, _entry.c.code,
    _entry.c.submission_id, _entry.c.observation,
)  # fmt: skip


def _message_progress(connection: Connection, row: RowMapping) -> MessageProgress:
    submissions = tuple(_submissions(connection, _submission.c.message_id == row["id"]))
    states = Counter(str(one.state) for one in submissions if one.kind != STATUS)
    return MessageProgress(
        message=row["id"],
        received_at=moment_text(row["received_at"]),
        state=reached(row["state"], states),
        reason=row["reason"],
        # A site may be named by its folder, and where that lies is nobody's business.
        site=PurePath(row["site"]).name,
        intake=row["intake"],
        format=row["format"],
        type=row["type"],
        sha256=row["sha256"],
        tables_sha256=row["tables_sha256"],
        entries=tuple(_entries(connection, row["id"])),
        submissions=submissions,
        diagnostics=msgspec.json.decode(row["diagnostics"], type=tuple[Diagnostic, ...]),
    )


def _entries(connection: Connection, message_id: int) -> Iterator[EntryProgress]:
    query = select(*_OF_ENTRY).where(_entry.c.message_id == message_id).order_by(_entry.c.number)
    for row in connection.execute(query):
        yield EntryProgress(*row)


def _submissions(connection: Connection, chosen: object) -> Iterator[SubmissionProgress]:
    query = select(*_OF_SUBMISSION).join(_lane, _lane.c.id == _submission.c.lane_id).where(chosen)  # type: ignore[arg-type]
    rows = connection.execute(query.order_by(_submission.c.id)).all()
    attempts = _attempts(connection, [row.id for row in rows])
    for row in rows:
        yield SubmissionProgress(*row, attempts=tuple(attempts[row.id]))


def _attempts(connection: Connection, submission_ids: Sequence[int]) -> dict[int, list[AttemptProgress]]:
    found: dict[int, list[AttemptProgress]] = defaultdict(list)
    query = select(_attempt).where(_attempt.c.submission_id.in_(submission_ids)).order_by(_attempt.c.id)
    for row in connection.execute(query).mappings():
        one = AttemptProgress(
            moment_text(row["started_at"]), moment_text(row["ended_at"]), row["outcome"], row["answer"]
        )
        found[row["submission_id"]].append(one)
    return found


def _lane_progress(connection: Connection, lane: RowMapping) -> LaneProgress:
    columns = (
        _submission.c.id, _submission.c.message_id, _submission.c.kind, _submission.c.position, _submission.c.state,
    )  # fmt: skip
    query = select(*columns).where(_submission.c.lane_id == lane["id"]).order_by(_submission.c.position)
    steps = tuple(LaneStep(*row) for row in connection.execute(query))
    unfinished = [step for step in steps if step.state in UNFINISHED]
    state = unfinished[0].state if unfinished else DONE if steps else EMPTY
    return LaneProgress(lane["id"], lane["destination"], lane["service_request_id"], state, len(unfinished), steps)
