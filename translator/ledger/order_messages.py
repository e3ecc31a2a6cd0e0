"""Find the messages that an order came in, by its reference: what a vendor reports is about one of them."""

from __future__ import annotations

from sqlalchemy import Connection, select

from translator.ledger import schema


def order_messages(connection: Connection, destination: str, reference: str) -> list[int]:
    """
    Give the numbers of the messages that asked a vendor for something under a reference, the newest first.

    Shape: only those whose bytes are kept; also one that repeats an order, and so was not sent.
    """
    message, lane = schema.message, schema.lane
    lanes = select(lane.c.id).where(lane.c.destination == destination, lane.c.service_request_id == reference)
    sent, told = (
        select(table.c.message_id).where(table.c.lane_id.in_(lanes)) for table in (schema.submission, schema.entry)
    )
    query = select(message.c.id).where(message.c.id.in_(sent.union(told)), message.c.pruned_at.is_(None))
    return list(connection.execute(query.order_by(message.c.id.desc())).scalars())
