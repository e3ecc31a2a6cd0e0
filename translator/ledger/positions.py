"""
Find the lane of a submission, pin its patient, and give it the lane's next position.

Each function runs in the accepting transaction.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection, RowMapping, Table, func, insert, select, update

from translator.errors import LedgerError
from translator.ledger import schema
from translator.ledger.states import UNFINISHED
from translator.record.outcome import Payload, Submission

KIND = "results"


def find_lane(connection: Connection, submission: Submission) -> RowMapping:
    """Give the lane of a service request, locked until the transaction ends; a new one is pinned at once."""
    table = schema.lane
    service_request = {"destination": submission.destination, "service_request_id": submission.service_request_id}
    found = select(table).filter_by(**service_request).with_for_update()
    lane = connection.execute(found).mappings().one_or_none()
    if lane is None:
        patient, birth_date = submission.patient
        insert_row(connection, table, service_request | {"patient": patient, "birth_date": birth_date})
        lane = connection.execute(found).mappings().one()
    return lane


def is_other_patient(lane: RowMapping, submission: Submission) -> bool:
    """Tell whether a submission speaks of another patient than the lane; an empty part does not contradict."""
    pinned = (lane["patient"], lane["birth_date"])
    return any(known and sent and known != sent for known, sent in zip(pinned, submission.patient, strict=True))


def pin(connection: Connection, lane: RowMapping, submission: Submission) -> None:
    """Fill what the lane does not know of its patient yet."""
    patient, birth_date = submission.patient
    pinned = {"patient": lane["patient"] or patient, "birth_date": lane["birth_date"] or birth_date}
    if (lane["patient"], lane["birth_date"]) != tuple(pinned.values()):
        connection.execute(update(schema.lane).where(schema.lane.c.id == lane["id"]).values(**pinned))


def enqueue(
    connection: Connection, lane: RowMapping, payload: Payload, *, message_id: int, ordered_at: str, now: int
) -> int:
    """Queue what is left of a submission, and wake its lane if nothing is before it; gives its number."""
    table = schema.submission
    position = lane["next_position"]
    waiting = select(func.count()).where(table.c.lane_id == lane["id"], table.c.state.in_(UNFINISHED))
    # Behind an unfinished submission the lane keeps its time: whoever settles that one makes the lane due again.
    is_first = position == 1 or connection.execute(waiting).scalar_one() == 0
    connection.execute(
        update(schema.lane)
        .where(schema.lane.c.id == lane["id"])
        .values(next_position=position + 1, due_at=now if is_first else schema.lane.c.due_at)
    )
    body = msgspec.json.encode(payload)
    row = {
        "message_id": message_id,
        "lane_id": lane["id"],
        "position": position,
        "kind": KIND,
        "body": body,
        "report_status": payload.status,
        "ordered_at": ordered_at,
        "observation_count": len(payload.observations),
        "idempotency_key": idempotency_key(lane["destination"], lane["service_request_id"], position, body),
        "state": "queued",
    }
    return insert_row(connection, table, row)


def idempotency_key(destination: str, service_request_id: str, position: int, body: bytes) -> str:
    """Derive the `Idempotency-Key` of a submission: the same for each of its attempts, and for no other. (pure)"""
    seed = f"{destination}\n{service_request_id}\n{position}\n".encode()
    return hashlib.sha256(seed + body).hexdigest()[:32]


def insert_row(connection: Connection, table: Table, row: Mapping[str, Any]) -> int:
    """Insert one row and give its number."""
    # Values apart from the statement: so SQLAlchemy compiles it once.
    key = connection.execute(insert(table), row).inserted_primary_key
    if key is None:
        raise LedgerError("the database gave a new row no number")
    return int(key[0])
