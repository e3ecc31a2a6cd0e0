"""
Keep with a message which trace it belongs to, so that a delivery goes on with it, hours later and on another host.

A table of its own: a ledger that nobody traces has no row in it, and its statements are those of before.

Source: W3C Trace Context, `traceparent`.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs
from sqlalchemy import Column, Connection, ForeignKey, Table, bindparam, delete, func, insert, select

from translator.ledger import schema
from translator.ledger.columns import KEY, METADATA, words
from translator.ledger.lanes import Claim, Later

trace_context = Table(
    "trace_context",
    METADATA,
    Column("message_id", KEY, ForeignKey("message.id"), primary_key=True, autoincrement=False),
    words("traceparent"),
)


class TracedClaim(Claim, frozen=True):
    """
    An attempt that belongs to a trace.

    Units: `waits_since` in microseconds since 1970: when its message came in, or its last attempt ended.
    """

    traceparent: str = ""
    waits_since: int = 0


def keep_contexts(connection: Connection, message_ids: Sequence[int], contexts: Sequence[str]) -> None:
    """Keep the `traceparent` of new messages; an empty one belongs to no trace."""
    rows = [
        {"message_id": number, "traceparent": context}
        for number, context in zip(message_ids, contexts, strict=True)
        if context
    ]
    if rows:
        connection.execute(insert(trace_context), rows)


def read_contexts(connection: Connection, message_ids: Sequence[int]) -> dict[int, str]:
    """Give what is kept, by the number of the message."""
    rows = connection.execute(_CONTEXTS, {"messages": list(message_ids)})
    return {row.message_id: row.traceparent for row in rows}


def forget_contexts(connection: Connection, message_ids: Sequence[int]) -> None:
    """Let go of the traces of messages for which nothing more is to be done: a caller's own trace names its caller."""
    connection.execute(delete(trace_context).where(trace_context.c.message_id.in_(message_ids)))


def with_traces(connection: Connection, claims: Sequence[Claim | Later | None]) -> list[Claim | Later | None]:
    """Say of each attempt to which trace it belongs, if to any."""
    opened = [one for one in claims if isinstance(one, Claim)]
    if not opened:
        return list(claims)
    kept = {row.message_id: row for row in connection.execute(_KEPT, {"messages": [one.message_id for one in opened]})}
    again = [one.submission_id for one in opened if one.attempts > 1 and one.message_id in kept]
    ended = {row[0]: row[1] for row in connection.execute(_ENDED, {"submissions": again})} if again else {}

    def traced(one: Claim) -> Claim:
        row = kept.get(one.message_id)
        if row is None:
            return one
        since = ended.get(one.submission_id) or row.received_at
        return TracedClaim(**structs.asdict(one), traceparent=row.traceparent, waits_since=since)

    return [traced(one) if isinstance(one, Claim) else one for one in claims]


_message, _attempt = schema.message, schema.attempt
_CONTEXTS = select(trace_context.c.message_id, trace_context.c.traceparent).where(
    trace_context.c.message_id.in_(bindparam("messages", expanding=True))
)
_KEPT = _CONTEXTS.add_columns(_message.c.received_at).join(_message, _message.c.id == trace_context.c.message_id)
_ENDED = (
    select(_attempt.c.submission_id, func.max(_attempt.c.ended_at))
    .where(_attempt.c.submission_id.in_(bindparam("submissions", expanding=True)), _attempt.c.ended_at.is_not(None))
    .group_by(_attempt.c.submission_id)
)
