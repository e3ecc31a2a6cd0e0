"""
Give out the next submission of a lane, and take back what became of it.

The attempt is recorded as open before anything is sent, and its outcome before the lane goes on. Each function
runs in a transaction of its caller's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from msgspec import Struct
from sqlalchemy import Connection, bindparam, func, insert, select, union, update

from translator.errors import LedgerError
from translator.ledger import schema
from translator.ledger.states import AFTER_ATTEMPT, MOVES, SUBMISSION_STATES, UNFINISHED


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
    lane = connection.execute(_DUE_LANE, {"destination_is": destination, "now": now}).mappings().one_or_none()
    if lane is None:
        return None
    first = connection.execute(_FIRST_UNFINISHED, {"lane": lane["id"]}).mappings().one_or_none()
    if first is None or first["state"] != "queued":
        raise LedgerError("a lane is due, but has nothing that may be sent; run `translator ledger verify`")
    fence = lane["fence"] + 1
    connection.execute(_FENCE_LANE, {"lane": lane["id"], "new_fence": fence})
    connection.execute(_COUNT_ATTEMPT, {"submission": first["id"]})
    attempt = {"submission_id": first["id"], "lane_id": lane["id"], "fence": fence, "started_at": now}
    key = connection.execute(insert(schema.attempt), attempt).inserted_primary_key
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
    _lock_lane(connection, claim.lane_id)
    closing = {"now": now, "how": settlement.outcome, "said": settlement.answer}
    ours = {"attempt": claim.attempt_id, "with_fence": claim.fence}
    if connection.execute(_CLOSE_ATTEMPT, ours | closing).rowcount != 1:
        raise LedgerError("an attempt was settled by somebody else while it was under way")
    _move(connection, claim.submission_id, AFTER_ATTEMPT[settlement.outcome], settlement.answer)
    # With a fresh token the same submission goes first, so that a second 401 speaks of that token and no older one.
    due_at = 0 if settlement.outcome == "renew" else now + round(settlement.retry_in_s * 1_000_000)
    _make_due(connection, claim.lane_id, due_at)


def recover(connection: Connection, destination: str, now: int) -> int:
    """
    Settle attempts that a dead process left open: nobody knows whether the vendor has them.

    Shape: gives their number. The caller holds the delivery lock, so nobody alive is at work on them.
    """
    left = connection.execute(_OPEN_ATTEMPTS, {"destination_is": destination}).all()
    for attempt_id, fence, submission_id, lane_id in left:
        _lock_lane(connection, lane_id)
        closing = {"now": now, "how": "unknown", "said": "killed"}
        connection.execute(_CLOSE_ATTEMPT, {"attempt": attempt_id, "with_fence": fence} | closing)
        _move(connection, submission_id, "unknown", "killed")
        _make_due(connection, lane_id, now)
    return len(left)


def next_due(connection: Connection, destination: str) -> int | None:
    """Give the earliest time at which any lane is due; None where nothing waits to be sent."""
    due: int | None = connection.execute(_NEXT_DUE, {"destination_is": destination}).scalar_one()
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


def count_unfinished(connection: Connection, destination: str, message_ids: Sequence[int] | None = None) -> int:
    """Count what is queued, rejected or unknown, on all lanes or on those that some messages speak of."""
    found: set[int] = set()
    unfinished = (
        select(_submission.c.id)
        .join(_lane, _lane.c.id == _submission.c.lane_id)
        .where(_lane.c.destination == destination, _submission.c.state.in_(UNFINISHED))
    )
    mentions, sent = schema.entry, schema.submission.alias("sent")
    for by_entry, by_submission in zip(
        schema.of_messages(mentions.c.message_id, message_ids),
        schema.of_messages(sent.c.message_id, message_ids),
        strict=True,
    ):
        lanes = union(select(mentions.c.lane_id).where(by_entry), select(sent.c.lane_id).where(by_submission))
        on_lanes = unfinished if message_ids is None else unfinished.where(_submission.c.lane_id.in_(lanes))
        found.update(connection.execute(on_lanes).scalars())
    return len(found)


def _last_outcome(connection: Connection, submission_id: int) -> str:
    return connection.execute(_LAST_OUTCOME, {"submission": submission_id}).scalar_one_or_none() or ""


def _move(connection: Connection, submission_id: int, state: str, answer: str) -> None:
    """Move a submission and its entries together, so that they cannot disagree."""
    moved = connection.execute(_MOVE[state], {"submission": submission_id, "said": answer})
    if moved.rowcount != 1:
        raise LedgerError(f"a submission cannot become {state} from where it is; run `translator ledger verify`")
    if state != "queued":
        connection.execute(_MOVE_ENTRIES, {"submission": submission_id, "new_state": state})


def _lock_lane(connection: Connection, lane_id: int) -> None:
    """Keep acceptance off the lane until this transaction ends, else each could miss what the other changes."""
    # SQLite's writing transactions come one after another anyway.
    if connection.dialect.name != "sqlite":
        connection.execute(_LOCK_LANE, {"lane": lane_id})


def _make_due(connection: Connection, lane_id: int, at: int) -> None:
    """Let the lane go on at a time, unless it is empty or blocked."""
    state = connection.execute(_FIRST_STATE, {"lane": lane_id}).scalar_one_or_none()
    connection.execute(_TIME_LANE, {"lane": lane_id, "at": at if state == "queued" else None})


# The statements of delivery, built once: building one takes longer than SQLite needs to run it.

_lane, _submission, _attempt, _entry = schema.lane, schema.submission, schema.attempt, schema.entry

_DUE_LANE = (
    select(_lane.c.id, _lane.c.service_request_id, _lane.c.fence)
    .where(_lane.c.destination == bindparam("destination_is"), _lane.c.due_at <= bindparam("now"))
    .order_by(_lane.c.due_at, _lane.c.id)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_LOCK_LANE = select(_lane.c.id).where(_lane.c.id == bindparam("lane")).with_for_update()
_NEXT_DUE = select(func.min(_lane.c.due_at)).where(
    _lane.c.destination == bindparam("destination_is"), _lane.c.due_at.is_not(None)
)
_FENCE_LANE = update(_lane).where(_lane.c.id == bindparam("lane")).values(fence=bindparam("new_fence"), due_at=None)
_TIME_LANE = update(_lane).where(_lane.c.id == bindparam("lane")).values(due_at=bindparam("at"))

_FIRST_UNFINISHED = (
    select(_submission)
    .where(_submission.c.lane_id == bindparam("lane"), _submission.c.state.in_(UNFINISHED))
    .order_by(_submission.c.position)
    .limit(1)
)
_FIRST_STATE = _FIRST_UNFINISHED.with_only_columns(_submission.c.state)
_COUNT_ATTEMPT = (
    update(_submission).where(_submission.c.id == bindparam("submission")).values(attempts=_submission.c.attempts + 1)
)
_MOVE = {
    state: update(_submission)
    .where(
        _submission.c.id == bindparam("submission"),
        _submission.c.state.in_([before for before, after in MOVES.items() if state in after]),
    )
    .values(state=state, detail=bindparam("said"))
    for state in SUBMISSION_STATES
}
_MOVE_ENTRIES = (
    update(_entry).where(_entry.c.submission_id == bindparam("submission")).values(state=bindparam("new_state"))
)

_OPEN_ATTEMPTS = (
    select(_attempt.c.id, _attempt.c.fence, _attempt.c.submission_id, _attempt.c.lane_id)
    .join(_lane, _lane.c.id == _attempt.c.lane_id)
    .where(_attempt.c.ended_at.is_(None), _lane.c.destination == bindparam("destination_is"))
)
_CLOSE_ATTEMPT = (
    update(_attempt)
    .where(
        _attempt.c.id == bindparam("attempt"),
        _attempt.c.fence == bindparam("with_fence"),
        _attempt.c.ended_at.is_(None),
    )
    .values(ended_at=bindparam("now"), outcome=bindparam("how"), answer=bindparam("said"))
)
_LAST_OUTCOME = (
    select(_attempt.c.outcome)
    .where(_attempt.c.submission_id == bindparam("submission"), _attempt.c.ended_at.is_not(None))
    .order_by(_attempt.c.id.desc())
    .limit(1)
)
