"""Write down the statements of delivery, each built once: building one takes longer than SQLite needs to run it."""

from __future__ import annotations

from sqlalchemy import ColumnElement, bindparam, case, func, insert, literal_column, select, update

from translator.ledger import schema
from translator.ledger.cluster_tables import workers
from translator.ledger.moves import sources
from translator.ledger.states import SUBMISSION_STATES, UNFINISHED

_lane, _submission, _attempt, _entry = schema.lane, schema.submission, schema.attempt, schema.entry

STANDSTILL_MS = 10_000
"""How long PostgreSQL lets a transaction that has locked a lane do nothing before it undoes it."""

# Written out, not bound: only so does SQLite see that the index of what is unfinished fits.
_UNFINISHED: list[ColumnElement[str]] = [literal_column(f"'{state}'") for state in UNFINISHED]

# Who stands still in the middle of a transaction (a suspended machine) must not stop all others for long.
_BRIEFLY = func.set_config(
    "idle_in_transaction_session_timeout", literal_column(f"'{STANDSTILL_MS}'"), literal_column("true")
)
# In one order, so that two who lock several never wait for each other.
_lanes = select(_lane.c.id, _BRIEFLY).where(_lane.c.id.in_(bindparam("lanes", expanding=True))).order_by(_lane.c.id)
LOCK_LANES = _lanes.with_for_update()
LOCK_FREE_LANES = _lanes.with_for_update(nowait=True)
DUE_LANES = (
    select(_lane.c.id)
    .where(
        _lane.c.destination == bindparam("destination_is"),
        _lane.c.priority == bindparam("is"),
        _lane.c.due_at <= bindparam("now"),
    )
    .order_by(_lane.c.due_at, _lane.c.id)
    .limit(bindparam("most"))
)
NEXT_DUE = select(func.min(_lane.c.due_at)).where(
    _lane.c.destination == bindparam("destination_is"),
    _lane.c.priority == bindparam("is"),
    _lane.c.due_at.is_not(None),
)
FENCE_LANE = (
    update(_lane)
    .where(_lane.c.id == bindparam("lane"), _lane.c.fence == bindparam("old"))
    .values(fence=bindparam("new"), due_at=None)
)
_before = _submission.alias("before")
_lowest = (
    select(func.min(_before.c.position))
    .where(_before.c.lane_id == _submission.c.lane_id, _before.c.state.in_(_UNFINISHED))
    .scalar_subquery()
)
FIRST_OF_LANES = (
    select(
        _submission.c.id, _submission.c.lane_id, _submission.c.kind, _submission.c.body, _submission.c.state,
        _submission.c.idempotency_key, _submission.c.attempts, _submission.c.target, _submission.c.urgent,
        _submission.c.message_id,
        _lane.c.destination, _lane.c.service_request_id, _lane.c.fence, _lane.c.due_at, _lane.c.priority,
    )
    .join(_lane, _lane.c.id == _submission.c.lane_id)
    .where(
        _submission.c.lane_id.in_(bindparam("lanes", expanding=True)),
        _submission.c.state.in_(_UNFINISHED),
        _submission.c.position == _lowest,
    )
)  # fmt: skip
OPEN_ATTEMPT = (
    insert(_attempt)
    .values(
        submission_id=bindparam("submission"),
        lane_id=bindparam("lane"),
        fence=bindparam("new"),
        started_at=bindparam("now"),
        worker=bindparam("by"),
    )
    .inline()
)
_first = _submission.alias("first")
_first_state = (
    select(_first.c.state)
    .where(_first.c.lane_id == bindparam("lane"), _first.c.state.in_(_UNFINISHED))
    .order_by(_first.c.position)
    .limit(1)
    .scalar_subquery()
)
_queued = _submission.alias("queued")
_most_urgent = (
    select(func.coalesce(func.max(_queued.c.urgent), 0))
    .where(_queued.c.lane_id == bindparam("lane"), _queued.c.state.in_(_UNFINISHED), _queued.c.state == "queued")
    .scalar_subquery()
)
TIME_LANE = (
    update(_lane)
    .where(_lane.c.id == bindparam("lane"))
    .values(due_at=case((_first_state == "queued", bindparam("at")), else_=None), priority=_most_urgent)
)
WAKE_LANES = (
    update(_lane)
    .where(_lane.c.destination == bindparam("destination_is"), _lane.c.due_at > bindparam("now"))
    .values(due_at=bindparam("now"))
)

MOVE = {
    state: update(_submission)
    .where(
        _submission.c.id == bindparam("submission"),
        _submission.c.state.in_([literal_column(f"'{before}'") for before in sources(state, _submission)]),
    )
    .values(state=state, detail=bindparam("said"), attempts=_submission.c.attempts + 1)
    for state in SUBMISSION_STATES
}
MOVE_ENTRIES = (
    update(_entry).where(_entry.c.submission_id == bindparam("submission")).values(state=bindparam("new_state"))
)

OPEN_ATTEMPTS = (
    select(
        _attempt.c.lane_id, _attempt.c.fence, _attempt.c.submission_id, _attempt.c.started_at,
        _submission.c.message_id, _submission.c.kind, (_submission.c.attempts + 1).label("attempts"),
    )
    .join(_lane, _lane.c.id == _attempt.c.lane_id)
    .join(_submission, _submission.c.id == _attempt.c.submission_id)
    .where(_attempt.c.ended_at.is_(None), _lane.c.destination == bindparam("destination_is"))
)  # fmt: skip
LEFT_ATTEMPTS = OPEN_ATTEMPTS.where(_attempt.c.worker.not_in(select(workers.c.id))).order_by(_attempt.c.lane_id)
CLOSE_ATTEMPT = (
    update(_attempt)
    .where(
        _attempt.c.lane_id == bindparam("lane"),
        _attempt.c.fence == bindparam("with_fence"),
        _attempt.c.ended_at.is_(None),
    )
    .values(ended_at=bindparam("now"), outcome=bindparam("how"), answer=bindparam("said"))
)
OUTCOMES = (
    select(_attempt.c.outcome)
    .where(_attempt.c.submission_id == bindparam("submission"), _attempt.c.ended_at.is_not(None))
    .order_by(_attempt.c.id.desc())
)
ENLISTED = (
    select(workers.c.id, _BRIEFLY).where(workers.c.id == bindparam("worker")).with_for_update(read=True, key_share=True)
)
REMIND_LANES = (
    update(_lane)
    .where(_lane.c.id.in_(bindparam("lanes", expanding=True)), _lane.c.due_at.is_not(None))
    .values(due_at=_lane.c.due_at)
)
NEWEST = (
    select(_attempt.c.started_at).order_by(_attempt.c.id.desc()).limit(1),
    select(schema.message.c.received_at).order_by(schema.message.c.id.desc()).limit(1),
)
