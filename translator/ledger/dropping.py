"""
Drop what is held, by a person's decision and with a reason, and let the person say what its order is then.

Nothing is posted again. Where the last open question of an order is dropped after results were sent, only a person can
say whether the order is complete (`FULL_RESULTS_READY`) or lacks something (`RESULTS_ISSUE`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, exists, func, select, update

from translator.errors import ConfigError, LedgerError
from translator.ledger import schema
from translator.ledger.bulk import insert_rows
from translator.ledger.decisions import Decision, record
from translator.ledger.moves import move
from translator.ledger.policy import STRICT, DestinationPolicy
from translator.ledger.positions import Lane, find_lanes, store_lanes
from translator.ledger.states import UNFINISHED
from translator.ledger.statuses import queue_status, read_progress
from translator.translate.workflow import FULL, ISSUE, Progress, StatusCall, may_follow

CHOICES = (FULL, ISSUE)
ISSUE_REASON = "some results will not be available"

_entry, _message, _lane, _submission = schema.entry, schema.message, schema.lane, schema.submission


def drop_held(
    connection: Connection, message_id: int, ats: Collection[str] | None, decision: Decision, now: int
) -> set[int]:
    """
    Drop the held entries of a message, all or some; gives their lanes.

    Raises: LedgerError where nothing of it is held.
    """
    row = connection.execute(select(_message).where(_message.c.id == message_id).with_for_update()).mappings().first()
    if row is None:
        raise LedgerError(f"the ledger has no message {message_id}")
    query = select(_entry).where(_entry.c.message_id == message_id, _entry.c.state == "held").order_by(_entry.c.number)
    held = connection.execute(query).mappings().all()
    dropped = [entry for entry in held if ats is None or entry["at"] in ats]
    if not dropped and (held or ats is not None or row["state"] != "held"):
        raise LedgerError(f"nothing of message {message_id} that was named is held; it may have been decided before")
    ours = _entry.c.id.in_([entry["id"] for entry in dropped])
    move(connection, _entry, ours, "dropped")
    if row["state"] == "held" and len(dropped) == len(held):
        connection.execute(
            update(_message).where(_message.c.id == message_id).values(state="ignored", reason="dropped")
        )
    record(connection, decision, message_id, now, entries=[entry["at"] for entry in dropped])
    lanes = {entry["lane_id"] for entry in dropped} | {row["lane_id"]}
    return {lane_id for lane_id in lanes if lane_id is not None}


def conclude(
    connection: Connection,
    lane_ids: Collection[int],
    policies: Mapping[str, DestinationPolicy],
    then: str,
    *,
    message_id: int,
    now: int,
) -> None:
    """
    Tell the vendor what the orders of some lanes are, now that nothing of them is open.

    Shape: `then` is one of `CHOICES`, or empty where the person has not chosen.
    Raises: ConfigError where a choice is needed and there is none.
    """
    names = select(_lane.c.destination, _lane.c.service_request_id).where(_lane.c.id.in_(list(lane_ids)))
    lanes = find_lanes(connection, [(row.destination, row.service_request_id) for row in connection.execute(names)])
    rows = []
    for lane in lanes.values():
        if policies.get(lane.destination, STRICT).workflow is None or _is_open(connection, lane):
            continue
        progress = read_progress(connection, lane)
        if not may_follow(progress.status, FULL):
            continue
        if not then and progress.has_results:
            raise ConfigError(
                f"nothing is left to decide about {_order(connection, lane)}, and "
                f"results of it were sent or are queued: say what it is now with --then {FULL} or --then {ISSUE}"
            )
        if then == FULL and not progress.has_results:
            raise ConfigError(
                f"no result of {_order(connection, lane)} was sent, so it is not {FULL}; leave --then out, or say "
                f"--then {ISSUE}"
            )
        if then:
            call = StatusCall(then, ISSUE_REASON if then == ISSUE else "")
            rows.append(queue_status(connection, lane, call, message_id=message_id, now=now))
    insert_rows(connection, schema.submission, rows)
    store_lanes(connection, lanes.values())


def conclude_order(
    connection: Connection,
    service_request_id: str,
    policies: Mapping[str, DestinationPolicy],
    then: str,
    decision: Decision,
    now: int,
) -> None:
    """
    Tell the vendor what an order is by a person's word alone, where no rule could say so.

    Raises: LedgerError where something of it is open, its status is settled, or the word would not be true.
    """
    query = select(_lane.c.destination).where(_lane.c.service_request_id == service_request_id)
    destination = connection.execute(query).scalars().first()
    if destination is None:
        raise LedgerError("the ledger has no such service request; `translator ledger list` shows what came in")
    (lane,) = find_lanes(connection, [(destination, service_request_id)]).values()
    progress = read_progress(connection, lane)
    trouble = _trouble(connection, lane, progress, policies, then)
    if trouble:
        raise LedgerError(f"{_order(connection, lane)} cannot be concluded: {trouble}")
    message_id = newest_message(connection, lane.id)
    call = StatusCall(then, ISSUE_REASON if then == ISSUE else "")
    insert_rows(connection, schema.submission, [queue_status(connection, lane, call, message_id=message_id, now=now)])
    store_lanes(connection, [lane])
    record(connection, decision, message_id, now)


def _order(connection: Connection, lane: Lane) -> str:
    """Name an order for a person, without its number at the vendor."""
    number = newest_message(connection, lane.id)
    return f"the order of message {number}" if number else "an order of which no message speaks"


def newest_message(connection: Connection, lane_id: int) -> int:
    """Number the newest message that speaks of a lane; 0 where none does."""
    told = select(func.max(_entry.c.message_id)).where(_entry.c.lane_id == lane_id)
    sent = select(func.max(_submission.c.message_id)).where(_submission.c.lane_id == lane_id)
    # Of a message that is held or refused as a whole no entry may speak of the lane; no index leads to it.
    whole = select(func.max(_message.c.id)).where(_message.c.lane_id == lane_id)
    newest = max(connection.execute(query).scalar_one() or 0 for query in (told, sent))
    return newest or connection.execute(whole).scalar_one() or 0


def _trouble(
    connection: Connection, lane: Lane, progress: Progress, policies: Mapping[str, DestinationPolicy], then: str
) -> str:
    """Say why an order cannot be concluded; empty where it can."""
    if policies.get(lane.destination, STRICT).workflow is None:
        return "whoop.workflow is off, so its status is set elsewhere"
    if not newest_message(connection, lane.id):
        return "the ledger holds nothing of the laboratory about it; tell the vendor yourself"
    if _is_open(connection, lane):
        return "something of it is held, rejected or unknown; decide about that first"
    if not may_follow(progress.status, then):
        return f"its status is {progress.status}, and nothing may follow that"
    if then == FULL and not progress.has_results:
        return f"no result of it was sent, so it is not {FULL}; say --then {ISSUE}"
    return ""


def _is_open(connection: Connection, lane: Lane) -> bool:
    """Tell whether something of a lane is still held, or not sent yet."""
    held = exists().where(_entry.c.lane_id == lane.id, _entry.c.state == "held")
    blocked = exists().where(
        _submission.c.lane_id == lane.id,
        _submission.c.state.in_([state for state in UNFINISHED if state != "queued"]),
    )
    return bool(connection.execute(select(held | blocked)).scalar_one())
