"""Count how far delivery is: what is delivered, and what still has to be sent or decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import Connection, func, select, union

from translator.ledger import schema
from translator.ledger.states import UNFINISHED

_lane, _submission, _entry = schema.lane, schema.submission, schema.entry


def count_submissions(
    connection: Connection, destination: str, message_ids: Sequence[int] | None = None
) -> dict[str, int]:
    """Count the submissions of a destination, or only those of some messages, by state."""
    query = (
        select(_submission.c.state, func.count())
        .join(_lane, _lane.c.id == _submission.c.lane_id)
        .where(_lane.c.destination == destination)
        .group_by(_submission.c.state)
    )
    counts: Counter[str] = Counter()
    for chosen in schema.of_messages(_submission.c.message_id, message_ids):
        counts.update({row[0]: row[1] for row in connection.execute(query.where(chosen))})
    return dict(counts)


def count_unfinished(connection: Connection, destination: str, message_ids: Sequence[int] | None = None) -> int:
    """Count what is queued, rejected or unknown, on all lanes or on those that some messages speak of."""
    unfinished = (
        select(_submission.c.id)
        .join(_lane, _lane.c.id == _submission.c.lane_id)
        .where(_lane.c.destination == destination, _submission.c.state.in_(UNFINISHED))
    )
    if message_ids is None:
        return int(connection.execute(select(func.count()).select_from(unfinished.subquery())).scalar_one())
    found: set[int] = set()
    sent = schema.submission.alias("sent")
    for by_entry, by_submission in zip(
        schema.of_messages(_entry.c.message_id, message_ids),
        schema.of_messages(sent.c.message_id, message_ids),
        strict=True,
    ):
        lanes = union(select(_entry.c.lane_id).where(by_entry), select(sent.c.lane_id).where(by_submission))
        found.update(connection.execute(unfinished.where(_submission.c.lane_id.in_(lanes))).scalars())
    return len(found)
