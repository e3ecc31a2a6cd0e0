"""
Decide about what blocks a lane: a submission that the vendor refused, or of which nobody knows whether it was taken.

Resending keeps the position and the idempotency key. Accepting records the attempt that the vendor confirmed by other
ways. Dropping lets the lane go on without it, and takes the workflow statuses back that spoke of it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, RowMapping, bindparam, exists, func, insert, select, update

from translator.errors import LedgerError
from translator.ledger import schema
from translator.ledger.decisions import Decision, record
from translator.ledger.lanes import make_due
from translator.ledger.moments import moment_text
from translator.ledger.moves import move_with_entries
from translator.ledger.positions import STATUS
from translator.record.outcome import RESULTS

BY_HAND = "by-hand"

REASONS = {"unknown": "outcome-unknown", "rejected": "vendor-refused"}
"""The row of reasons.csv that explains each state."""

MAY: dict[str, frozenset[str]] = {
    "resend": frozenset({"unknown", "rejected"}),
    "accept": frozenset({"unknown"}),
    "drop": frozenset({"unknown", "rejected"}),
}
"""What may be done about a submission in which state."""

BECOMES = {"resend": "queued", "accept": "delivered", "drop": "dropped"}

_submission, _lane, _entry, _attempt = schema.submission, schema.lane, schema.entry, schema.attempt


class UndecidedItem(Struct, frozen=True, omit_defaults=True):
    """
    One submission that blocks its lane.

    Shape: `answer` is what the vendor said, or what went wrong; `waiting` counts what is queued behind it. `body` is
    what was sent.
    """

    id: int
    service_request_id: str
    reason: str
    state: str
    message: int
    destination: str
    kind: str
    position: int
    answer: str
    attempts: int
    waiting: int
    since: str
    body: msgspec.Raw | None = None


def list_undecided(
    connection: Connection, states: Collection[str], *, ids: Sequence[str] | None = None
) -> list[UndecidedItem]:
    """List what blocks a lane, the oldest first; `ids` are numbers of submissions or service requests."""
    rows = connection.execute(_UNDECIDED.where(_submission.c.state.in_(list(states)))).mappings()
    items = [_item(row) for row in rows]
    if ids is None:
        return items
    named = {text.lower() for text in ids}
    return [item for item in items if named & {str(item.id), item.service_request_id}]


def decide(connection: Connection, submission_id: int, decision: Decision, now: int) -> int:
    """
    Carry a decision about one submission out, and let its lane go on; gives the lane.

    Raises: LedgerError where the submission is not in a state in which this may be decided.
    """
    row = connection.execute(_ONE, {"number": submission_id}).mappings().first()
    if row is None:
        raise LedgerError(f"the ledger has no submission {submission_id}")
    if row["state"] not in MAY[decision.deed]:
        allowed = " or ".join(sorted(MAY[decision.deed]))
        raise LedgerError(f"submission {submission_id} is {row['state']}; only what is {allowed} can be decided so")
    state = BECOMES[decision.deed]
    values: dict[str, Any] = {"detail": BY_HAND}
    if decision.deed == "accept":
        _accept(connection, row, now)
        values["attempts"] = row["attempts"] + 1
    move_with_entries(connection, [submission_id], state, **values)
    if decision.deed == "drop" and row["kind"] == RESULTS:
        _take_statuses_back(connection, row)
    record(connection, decision, row["message_id"], now, submission_id=submission_id)
    make_due(connection, row["lane_id"], now)
    return int(row["lane_id"])


def _accept(connection: Connection, row: RowMapping, now: int) -> None:
    """Record the attempt that a person vouches for, so that the account of attempts stays whole."""
    fence = row["fence"] + 1
    connection.execute(update(_lane).where(_lane.c.id == row["lane_id"]).values(fence=fence))
    attempt = {
        "submission_id": row["id"],
        "lane_id": row["lane_id"],
        "fence": fence,
        "started_at": now,
        "ended_at": now,
        "outcome": "accepted",
        "answer": BY_HAND,
    }
    connection.execute(insert(_attempt), attempt)


def _take_statuses_back(connection: Connection, row: RowMapping) -> None:
    """Drop every status behind a dropped result: it may have promised what is not there any more."""
    tried = exists().where(_attempt.c.submission_id == _submission.c.id)
    behind = select(_submission.c.id).where(
        _submission.c.lane_id == row["lane_id"],
        _submission.c.kind == STATUS,
        _submission.c.state == "queued",
        _submission.c.position > row["position"],
        ~tried,
    )
    left = list(connection.execute(behind).scalars())
    if left:
        move_with_entries(connection, left, "dropped", detail=BY_HAND)


def _item(row: RowMapping) -> UndecidedItem:
    return UndecidedItem(
        id=row["id"],
        service_request_id=row["service_request_id"],
        reason=REASONS[row["state"]],
        state=row["state"],
        message=row["message_id"],
        destination=row["destination"],
        kind=row["kind"],
        position=row["position"],
        answer=row["detail"],
        attempts=row["attempts"],
        waiting=row["waiting"],
        since=moment_text(row["since"]),
        body=msgspec.Raw(row["body"]),
    )


_behind = _submission.alias("behind")
_waiting = (
    select(func.count())
    .where(
        _behind.c.lane_id == _submission.c.lane_id,
        _behind.c.position > _submission.c.position,
        _behind.c.state == "queued",
    )
    .scalar_subquery()
)
_since = select(func.max(_attempt.c.ended_at)).where(_attempt.c.submission_id == _submission.c.id).scalar_subquery()
_UNDECIDED = (
    select(
        _submission.c.id, _submission.c.message_id, _submission.c.kind, _submission.c.position, _submission.c.state,
        _submission.c.detail, _submission.c.attempts, _submission.c.body, _lane.c.destination,
        _lane.c.service_request_id, _waiting.label("waiting"), _since.label("since"),
    )
    .join(_lane, _lane.c.id == _submission.c.lane_id)
    .order_by(_submission.c.id)
)  # fmt: skip
_ONE = (
    select(_submission, _lane.c.fence)
    .join(_lane, _lane.c.id == _submission.c.lane_id)
    .where(_submission.c.id == bindparam("number"))
    .with_for_update()
)
