"""Find the messages that an order came in, by its reference: what a vendor reports is about one of them."""

from __future__ import annotations

from sqlalchemy import Connection, select

from translator.ledger import schema


def order_messages(connection: Connection, destination: str, reference: str) -> list[int]:
    """Give the numbers of the messages that asked a vendor for something under a reference, the newest first."""
    submission, lane = schema.submission, schema.lane
    query = (
        select(submission.c.message_id)
        .join(lane, lane.c.id == submission.c.lane_id)
        .where(lane.c.destination == destination, lane.c.service_request_id == reference)
        .where(submission.c.message_id.is_not(None))
        .order_by(submission.c.id.desc())
    )
    return list(dict.fromkeys(connection.execute(query).scalars()))
