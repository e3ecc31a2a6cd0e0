"""
Give out the next submission of a lane, and take back what became of it.

The attempt is recorded as open before anything is sent, and its outcome before the lane goes on. Each function
runs in a transaction of its caller's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, and_, func, insert, select, update

from translator.errors import LedgerError
from translator.ledger import schema
from translator.ledger.states import AFTER_ATTEMPT, UNFINISHED


class Claim(Struct, frozen=True):
    """
    One attempt that may now be made.

    Shape: `attempts` counts this one; `previous` is the outcome of the one before, or empty.
    """

    attempt_id: int
    fence: int
    lane_id: int
    submission_id: int
    service_request_id: str
    kind: str
    body: bytes
    idempotency_key: str
    attempts: int
    previous: str


class Settlement(Struct, frozen=True):
    """
    What became of an attempt.

    Shape: `outcome` is a key of `AFTER_ATTEMPT`; `answer` what the vendor said (`201`) or what went wrong
    (`read-timeout`). `retry_in_s` counts where the submission is queued again.
    """

    outcome: str
    answer: str
    retry_in_s: float = 0.0


def claim_next(connection: Connection, destination: str, now: int) -> Claim | None:
    """Take the lane that has been due longest and open an attempt for its first unfinished submission."""
    lanes = schema.lane
    lane = (
        connection.execute(
            select(lanes.c.id, lanes.c.service_request_id, lanes.c.fence)
            .where(lanes.c.destination == destination, lanes.c.due_at <= now)
            .order_by(lanes.c.due_at, lanes.c.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        .mappings()
        .one_or_none()
    )
    if lane is None:
        return None
    first = _first_unfinished(connection, lane["id"])
    if first is None or first["state"] != "queued":
        raise LedgerError("a lane is due, but has nothing that may be sent; run `translator ledger verify`")
    fence = lane["fence"] + 1
    connection.execute(update(lanes).where(lanes.c.id == lane["id"]).values(fence=fence, due_at=None))
    table = schema.submission
    connection.execute(update(table).where(table.c.id == first["id"]).values(attempts=first["attempts"] + 1))
    opened = insert(schema.attempt).values(
        submission_id=first["id"], lane_id=lane["id"], fence=fence, started_at=now, outcome="", answer=""
    )
    key = connection.execute(opened).inserted_primary_key
    return Claim(
        attempt_id=key[0] if key else 0,
        fence=fence,
        lane_id=lane["id"],
        submission_id=first["id"],
        service_request_id=lane["service_request_id"],
        kind=first["kind"],
        body=first["body"],
        idempotency_key=first["idempotency_key"],
        attempts=first["attempts"] + 1,
        previous=_last_outcome(connection, first["id"]) if first["attempts"] else "",
    )


def settle(connection: Connection, claim: Claim, settlement: Settlement, now: int) -> None:
    """
    Record what became of an attempt.

    Raises: LedgerError where the attempt is no longer open: somebody else has decided about it.
    """
    table = schema.attempt
    is_ours = and_(table.c.id == claim.attempt_id, table.c.fence == claim.fence, table.c.ended_at.is_(None))
    closed = update(table).where(is_ours).values(ended_at=now, outcome=settlement.outcome, answer=settlement.answer)
    if connection.execute(closed).rowcount != 1:
        raise LedgerError("an attempt was settled by somebody else while it was under way")
    _move(connection, claim.submission_id, AFTER_ATTEMPT[settlement.outcome], settlement.answer)
    _make_due(connection, claim.lane_id, now + round(settlement.retry_in_s * 1_000_000))


def recover(connection: Connection, destination: str, now: int) -> int:
    """
    Settle attempts that a dead process left open: nobody knows whether the vendor has them.

    Shape: gives their number. The caller holds the delivery lock, so nobody alive is at work on them.
    """
    table, lanes = schema.attempt, schema.lane
    left = connection.execute(
        select(table.c.id, table.c.submission_id, table.c.lane_id)
        .join(lanes, lanes.c.id == table.c.lane_id)
        .where(table.c.ended_at.is_(None), lanes.c.destination == destination)
    ).all()
    for attempt_id, submission_id, lane_id in left:
        closed = {"ended_at": now, "outcome": "unknown", "answer": "killed"}
        connection.execute(update(table).where(table.c.id == attempt_id).values(**closed))
        _move(connection, submission_id, "unknown", "killed")
        _make_due(connection, lane_id, now)
    return len(left)


def next_due(connection: Connection, destination: str) -> int | None:
    """Give the earliest time at which any lane is due; None where nothing waits to be sent."""
    lanes = schema.lane
    earliest = select(func.min(lanes.c.due_at)).where(lanes.c.destination == destination, lanes.c.due_at.is_not(None))
    due: int | None = connection.execute(earliest).scalar_one()
    return due


def count_submissions(
    connection: Connection, destination: str, message_ids: Sequence[int] | None = None
) -> dict[str, int]:
    """Count the submissions of a destination, or only those of some messages, by state."""
    table, lanes = schema.submission, schema.lane
    query = (
        select(table.c.state, func.count())
        .join(lanes, lanes.c.id == table.c.lane_id)
        .where(lanes.c.destination == destination)
        .group_by(table.c.state)
    )
    counts: Counter[str] = Counter()
    for chosen in schema.of_messages(table.c.message_id, message_ids):
        counts.update({row[0]: row[1] for row in connection.execute(query.where(chosen))})
    return dict(counts)


def _first_unfinished(connection: Connection, lane_id: int) -> Any:
    table = schema.submission
    first = (
        select(table)
        .where(table.c.lane_id == lane_id, table.c.state.in_(UNFINISHED))
        .order_by(table.c.position)
        .limit(1)
    )
    return connection.execute(first).mappings().one_or_none()


def _last_outcome(connection: Connection, submission_id: int) -> str:
    table = schema.attempt
    ended = select(table.c.outcome).where(table.c.submission_id == submission_id, table.c.ended_at.is_not(None))
    return connection.execute(ended.order_by(table.c.id.desc()).limit(1)).scalar_one_or_none() or ""


def _move(connection: Connection, submission_id: int, state: str, answer: str) -> None:
    """Move a submission and its entries together, so that they cannot disagree."""
    table, entries = schema.submission, schema.entry
    connection.execute(update(table).where(table.c.id == submission_id).values(state=state, detail=answer))
    if state != "queued":
        connection.execute(update(entries).where(entries.c.submission_id == submission_id).values(state=state))


def _make_due(connection: Connection, lane_id: int, at: int) -> None:
    """Let the lane go on at a time, unless it is empty or blocked."""
    first = _first_unfinished(connection, lane_id)
    due_at = at if first is not None and first["state"] == "queued" else None
    connection.execute(update(schema.lane).where(schema.lane.c.id == lane_id).values(due_at=due_at))
