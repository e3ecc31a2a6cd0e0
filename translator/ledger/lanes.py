"""
Give out the next submission of a lane, and take back what became of it.

The attempt is recorded as open before anything is sent, and its outcome before the lane goes on. Each function
runs in a transaction of its caller's.
"""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct
from sqlalchemy import Connection, RowMapping, insert

from translator.errors import LedgerError
from translator.ledger import lane_sql, schema
from translator.ledger.budget import UNLIMITED, RateBudget, take
from translator.ledger.destinations import add_destination
from translator.ledger.states import AFTER_ATTEMPT

URGENT, ORDINARY = 1, 0
PRIORITIES = (URGENT, ORDINARY)


class Claim(Struct, frozen=True):
    """
    One attempt that may now be made.

    Shape: `kind` and `target` say which call it is, and about whom. `attempts` counts this one; `previous` is the
    outcome of the one before, or empty.
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
    target: str = ""
    urgent: bool = False


class Later(Struct, frozen=True):
    """
    No attempt now: the destination's rate is used up, for ordinary submissions or for `urgent` ones, too.

    Units: `at` in microseconds since 1970.
    """

    at: int
    urgent: bool


class Settlement(Struct, frozen=True):
    """
    What became of an attempt.

    Shape: `outcome` is a key of `AFTER_ATTEMPT`; `answer` what the vendor said (`201`) or what went wrong
    (`read-timeout`). `retry_in_s` counts where the submission is queued again; `resends` queues even an unknown one.
    """

    outcome: str
    answer: str
    retry_in_s: float = 0.0
    resends: bool = False


def due_lanes(
    connection: Connection, destination: str, now: int, limit: int, *, besides: Collection[int] = (), lowest: int = 0
) -> list[int]:
    """
    Name the lanes that may go on now: the urgent ones first, then those that have been due longest.

    Shape: none of `besides`, and none of a priority below `lowest`.
    """
    found: list[int] = []
    for priority in PRIORITIES:
        if priority < lowest or len(found) >= limit:
            break
        asked = {"destination_is": destination, "is": priority, "now": now, "most": limit + len(besides)}
        lanes = connection.execute(lane_sql.DUE_LANES, asked).scalars()
        found += [lane_id for lane_id in lanes if lane_id not in besides]
    return found[:limit]


def claim_lane(
    connection: Connection, lane_id: int, now: int, *, budget: RateBudget = UNLIMITED
) -> Claim | Later | None:
    """
    Open an attempt for a lane's first unfinished submission.

    Shape: None where the lane has nothing that may be sent now, and Later where the destination's rate is used up.
    """
    first = connection.execute(lane_sql.FIRST_OF_LANE, {"lane": lane_id}).mappings().one_or_none()
    if first is None or first["due_at"] is None or first["due_at"] > now:
        return None
    if first["state"] != "queued":
        raise LedgerError("a lane is due, but has nothing that may be sent; run `translator ledger verify`")
    is_urgent = bool(first["priority"])
    at = take(connection, first["destination"], budget, now, urgent=is_urgent)
    return _open(connection, first, now) if at is None else Later(at, is_urgent)


def settle(connection: Connection, claim: Claim, settlement: Settlement, now: int) -> None:
    """
    Record what became of an attempt.

    Raises: LedgerError where the attempt is no longer open: somebody else has decided about it.
    """
    _lock(connection, claim.lane_id)
    closing = {"now": now, "how": settlement.outcome, "said": settlement.answer}
    ours = {"attempt": claim.attempt_id, "with_fence": claim.fence}
    if connection.execute(lane_sql.CLOSE_ATTEMPT, ours | closing).rowcount != 1:
        raise LedgerError("an attempt was settled by somebody else while it was under way")
    state = "queued" if settlement.resends else AFTER_ATTEMPT[settlement.outcome]
    _move(connection, claim.submission_id, state, settlement.answer)
    # With a fresh token the same submission goes first, so that a second 401 speaks of that token and no older one.
    due_at = 0 if settlement.outcome == "renew" else now + round(settlement.retry_in_s * 1_000_000)
    make_due(connection, claim.lane_id, due_at)


def recover(connection: Connection, destination: str, now: int, *, resends: bool = False) -> int:
    """
    Settle attempts that a dead process left open: nobody knows whether the vendor has them.

    Shape: gives their number; `resends` queues them again. The caller holds the delivery lock, so nobody alive is at
    work on them.
    """
    add_destination(connection, destination)
    left = connection.execute(lane_sql.OPEN_ATTEMPTS, {"destination_is": destination}).all()
    for attempt_id, fence, submission_id, lane_id in left:
        _lock(connection, lane_id)
        closing = {"now": now, "how": "unknown", "said": "killed"}
        connection.execute(lane_sql.CLOSE_ATTEMPT, {"attempt": attempt_id, "with_fence": fence} | closing)
        _move(connection, submission_id, "queued" if resends else "unknown", "killed")
        make_due(connection, lane_id, now)
    _forgive_clock(connection, destination, now)
    return len(left)


def next_due(connection: Connection, destination: str, *, lowest: int = 0) -> int | None:
    """Give the earliest time at which any lane is due; None where nothing waits to be sent."""
    asked = [{"destination_is": destination, "is": priority} for priority in PRIORITIES if priority >= lowest]
    dues = [connection.execute(lane_sql.NEXT_DUE, each).scalar_one() for each in asked]
    return min((due for due in dues if due is not None), default=None)


def make_due(connection: Connection, lane_id: int, at: int) -> None:
    """Let a lane go on at a time, unless it is empty or blocked, and see how urgent it is."""
    connection.execute(lane_sql.TIME_LANE, {"lane": lane_id, "at": at})


def wake_all(connection: Connection, destination: str, now: int) -> None:
    """Let every lane that waits for a later time go on now: the clock went back, and that time may be far off."""
    connection.execute(lane_sql.WAKE_LANES, {"destination_is": destination, "now": now})


def _forgive_clock(connection: Connection, destination: str, now: int) -> None:
    """Wake all lanes where the newest message or attempt lies ahead of the clock, which then was set back."""
    newest = [connection.execute(query).scalar_one_or_none() or 0 for query in lane_sql.NEWEST]
    if max(newest) > now:
        wake_all(connection, destination, now)


def _lock(connection: Connection, lane_id: int) -> None:
    """
    Keep acceptance off the lane until the transaction ends, so that neither misses what the other did.

    SQLite has one writer at a time anyway.
    """
    if connection.dialect.name != "sqlite":
        connection.execute(lane_sql.LOCK_LANE, {"lane": lane_id}).all()


def _open(connection: Connection, first: RowMapping, now: int) -> Claim:
    fence = first["fence"] + 1
    if (
        connection.execute(lane_sql.FENCE_LANE, {"lane": first["lane_id"], "old": fence - 1, "new": fence}).rowcount
        != 1
    ):
        raise LedgerError("a lane was taken by somebody else at the same moment")
    attempt = {"submission_id": first["id"], "lane_id": first["lane_id"], "fence": fence, "started_at": now}
    key = connection.execute(insert(schema.attempt), attempt).inserted_primary_key
    return Claim(
        attempt_id=key[0] if key else 0,
        fence=fence,
        lane_id=first["lane_id"],
        submission_id=first["id"],
        service_request_id=first["service_request_id"],
        kind=first["kind"],
        body=first["body"],
        idempotency_key=first["idempotency_key"],
        attempts=first["attempts"] + 1,
        previous=_last_outcome(connection, first["id"]) if first["attempts"] else "",
        target=first["target"] or first["service_request_id"],
        urgent=bool(first["urgent"]),
    )


def _last_outcome(connection: Connection, submission_id: int) -> str:
    return connection.execute(lane_sql.LAST_OUTCOME, {"submission": submission_id}).scalar_one_or_none() or ""


def _move(connection: Connection, submission_id: int, state: str, answer: str) -> None:
    """Move a submission and its entries together, so that they cannot disagree; an attempt of it has ended."""
    moved = connection.execute(lane_sql.MOVE[state], {"submission": submission_id, "said": answer})
    if moved.rowcount != 1:
        raise LedgerError(f"a submission cannot become {state} from where it is; run `translator ledger verify`")
    if state != "queued":
        connection.execute(lane_sql.MOVE_ENTRIES, {"submission": submission_id, "new_state": state})
