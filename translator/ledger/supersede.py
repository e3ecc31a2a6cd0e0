"""
Take back what is queued and was never tried, where something newer on its lane says all of it, and more truly.

Only a lane that is busy is tidied so: something before was tried and is not done. What could leave at once, leaves, in
its order. What is told of replaced results (a workflow status behind them) is taken back with them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec
from sqlalchemy import Connection, exists, select

from translator.ledger import schema
from translator.ledger.moves import move_with_entries
from translator.ledger.positions import STATUS, Lane, refresh
from translator.ledger.states import UNFINISHED
from translator.record.outcome import RESULTS, Payload

REASON = "superseded"

_submission, _entry, _attempt = schema.submission, schema.entry, schema.attempt


def supersede(connection: Connection, lane: Lane, payload: Payload) -> None:
    """Take back every queued result of a lane whose codes are all among those that are sent now."""
    if lane.is_new or lane.is_idle or not _is_busy(connection, lane):
        return
    codes = {observation.code for observation in payload.observations}
    waiting = _untried(connection, lane, RESULTS)
    replaced = {number: position for number, position, body in waiting if _codes(body) and _codes(body) <= codes}
    if not replaced:
        return
    first = min(replaced.values())
    behind = [number for number, position, _ in _untried(connection, lane, STATUS) if position > first]
    take_back(connection, lane, [*replaced, *behind])


def supersede_statuses(connection: Connection, lane: Lane, statuses: Collection[str]) -> None:
    """Take back queued workflow statuses of a lane that need not be sent any more."""
    if lane.is_new or lane.is_idle:
        return
    waiting = _untried(connection, lane, STATUS)
    take_back(connection, lane, [number for number, _, body in waiting if _status(body) in statuses])


def take_back(connection: Connection, lane: Lane, submission_ids: Sequence[int]) -> None:
    """Make submissions, and their entries with them, superseded."""
    if not submission_ids:
        return
    move_with_entries(connection, submission_ids, "superseded", reason=REASON, detail=REASON)
    refresh(connection, lane)


def _is_busy(connection: Connection, lane: Lane) -> bool:
    tried = exists().where(_attempt.c.submission_id == _submission.c.id)
    found = exists().where(_submission.c.lane_id == lane.id, _submission.c.state.in_(UNFINISHED), tried)
    return bool(connection.execute(select(found)).scalar_one())


def _untried(connection: Connection, lane: Lane, kind: str) -> Sequence[tuple[int, int, bytes]]:
    """Give number, position and body of what is queued on a lane, and of which no attempt was ever made."""
    tried = exists().where(_attempt.c.submission_id == _submission.c.id)
    query = (
        select(_submission.c.id, _submission.c.position, _submission.c.body)
        .where(_submission.c.lane_id == lane.id, _submission.c.kind == kind, _submission.c.state == "queued", ~tried)
        .order_by(_submission.c.position)
    )
    return [(row.id, row.position, row.body) for row in connection.execute(query)]


def _codes(body: bytes) -> set[str]:
    return {observation.code for observation in msgspec.json.decode(body, type=Payload).observations}


def _status(body: bytes) -> str:
    return str(msgspec.json.decode(body)["task_business_status"])
