"""
Give out the next submission of a lane, and take back what became of it.

The attempt is recorded as open before anything is sent, and its outcome before the lane goes on. Each function
runs in a transaction of its caller's.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from msgspec import Struct
from sqlalchemy import Connection, RowMapping

from translator.errors import DeclaredDeadError, LedgerError, TakenOverError
from translator.ledger import lane_sql
from translator.ledger.budget import UNLIMITED, RateBudget, take
from translator.ledger.bulk import run_rows
from translator.ledger.receipts import OrderReceipt, keep_receipts
from translator.ledger.states import AFTER_ATTEMPT
from translator.ledger.vault import Vault

URGENT, ORDINARY = 1, 0
PRIORITIES = (URGENT, ORDINARY)
DEAD = "the other hosts have taken this one for dead; it begins anew"


class Claim(Struct, frozen=True):
    """
    One attempt that may now be made.

    Shape: `kind` and `target` say which call it is, and about whom. `attempts` counts this one; `previous` is the
    outcome of the one before, or empty; `doubted` says that any before it was `unknown`.
    """

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
    doubted: bool = False
    message_id: int = 0


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
    `location` and `activation_codes` are what the vendor gave.
    """

    outcome: str
    answer: str
    retry_in_s: float = 0.0
    resends: bool = False
    location: str = ""
    activation_codes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Settlement({self.outcome}, {self.answer})"


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


def claim_lanes(
    connection: Connection,
    choices: Sequence[Sequence[int]],
    now: int,
    *,
    budget: RateBudget = UNLIMITED,
    worker: int = 0,
) -> list[Claim | Later | None]:
    """
    Open an attempt on one lane of each choice, for its first unfinished submission: the first lane that may go on.

    Shape: one result per choice. Later where the destination's rate is used up. A lane that is named twice goes to
    who named it first. `worker` is who asks, in a cluster.
    Absent: None where no lane of a choice has anything that may be sent now.
    Raises: DeclaredDeadError where the cluster has given the worker up.
    """
    if worker:
        _stand_by(connection, worker)
    asked = {"lanes": list({lane_id for choice in choices for lane_id in choice})}
    firsts: dict[int, RowMapping] = {}
    for first in connection.execute(lane_sql.FIRST_OF_LANES, asked).mappings():
        if first["due_at"] is None or first["due_at"] > now:
            continue
        if first["state"] != "queued":
            raise LedgerError("a lane is due, but has nothing that may be sent; run `translator ledger verify`")
        firsts[first["lane_id"]] = first
    results: list[Claim | Later | None] = []
    for choice in choices:
        found = next((firsts.pop(lane_id) for lane_id in choice if lane_id in firsts), None)
        results.append(None if found is None else _claim_or_wait(connection, found, now, budget))
    _open(connection, [one for one in results if isinstance(one, Claim)], now, worker)
    return results


def settle(connection: Connection, vault: Vault, ended: Sequence[tuple[Claim, Settlement]], now: int) -> None:
    """
    Record what became of some attempts.

    Raises: TakenOverError where one is no longer open: somebody else has decided about it.
    """
    if not ended:
        return
    lock_lanes(connection, [claim.lane_id for claim, _ in ended])
    closing = [
        {"lane": claim.lane_id, "with_fence": claim.fence, "now": now, "how": how.outcome, "said": how.answer}
        for claim, how in ended
    ]
    if run_rows(connection, lane_sql.CLOSE_ATTEMPT, closing) != len(ended):
        raise TakenOverError("an attempt was settled by somebody else while it was under way")
    move(connection, [(claim.submission_id, _state_after(how), how.answer) for claim, how in ended])
    given = {claim.submission_id: OrderReceipt(how.location, how.activation_codes) for claim, how in ended}
    keep_receipts(connection, vault, given)
    times = [{"lane": claim.lane_id, "at": _due_after(how, now)} for claim, how in ended]
    run_rows(connection, lane_sql.TIME_LANE, times)


def next_due(connection: Connection, destination: str, *, lowest: int = 0) -> int | None:
    """Give the earliest time at which any lane is due; None where nothing waits to be sent."""
    asked = [{"destination_is": destination, "is": priority} for priority in PRIORITIES if priority >= lowest]
    dues = [connection.execute(lane_sql.NEXT_DUE, each).scalar_one() for each in asked]
    return min((due for due in dues if due is not None), default=None)


def make_due(connection: Connection, lane_id: int, at: int) -> None:
    """Let a lane go on at a time, unless it is empty or blocked, and see how urgent it is."""
    connection.execute(lane_sql.TIME_LANE, {"lane": lane_id, "at": at})


def remind(connection: Connection, lane_ids: Collection[int]) -> int:
    """Let a cluster make its jobs for some lanes anew; gives how many of them wait to be sent."""
    return connection.execute(lane_sql.REMIND_LANES, {"lanes": list(lane_ids)}).rowcount


def wake_all(connection: Connection, destination: str, now: int) -> None:
    """Let every lane that waits for a later time go on now: the clock went back, and that time may be far off."""
    connection.execute(lane_sql.WAKE_LANES, {"destination_is": destination, "now": now})


def lock_lanes(connection: Connection, lane_ids: Collection[int], *, waits: bool = True) -> None:
    """
    Keep acceptance off some lanes until the transaction ends, so that neither misses what the other did.

    SQLite has one writer at a time anyway.
    Raises: LedgerUnavailableError (from the transaction) where it does not wait, and somebody else has one of them.
    """
    if connection.dialect.name != "sqlite":
        statement = lane_sql.LOCK_LANES if waits else lane_sql.LOCK_FREE_LANES
        connection.execute(statement, {"lanes": list(lane_ids)}).all()


def _stand_by(connection: Connection, worker: int) -> None:
    """Keep the others from declaring a worker dead until the transaction ends; whom they have, opens nothing."""
    if connection.execute(lane_sql.ENLISTED, {"worker": worker}).first() is None:
        raise DeclaredDeadError(DEAD)


def _claim_or_wait(connection: Connection, first: RowMapping, now: int, budget: RateBudget) -> Claim | Later:
    is_urgent = bool(first["priority"])
    at = take(connection, first["destination"], budget, now, urgent=is_urgent)
    return _claim(connection, first) if at is None else Later(at, is_urgent)


def _claim(connection: Connection, first: RowMapping) -> Claim:
    outcomes = _outcomes(connection, first["id"]) if first["attempts"] else []
    return Claim(
        fence=first["fence"] + 1,
        lane_id=first["lane_id"],
        submission_id=first["id"],
        service_request_id=first["service_request_id"],
        kind=first["kind"],
        body=first["body"],
        idempotency_key=first["idempotency_key"],
        attempts=first["attempts"] + 1,
        previous=outcomes[0] if outcomes else "",
        target=first["target"] or first["service_request_id"],
        urgent=bool(first["urgent"]),
        doubted="unknown" in outcomes,
        message_id=first["message_id"],
    )


def _open(connection: Connection, claims: Sequence[Claim], now: int, worker: int) -> None:
    """Record the attempts as open, each with the next fence of its lane."""
    if not claims:
        return
    rows = [
        {
            "submission": claim.submission_id,
            "lane": claim.lane_id,
            "old": claim.fence - 1,
            "new": claim.fence,
            "now": now,
            "by": worker,
        }
        for claim in claims
    ]
    if run_rows(connection, lane_sql.FENCE_LANE, rows) != len(claims):
        raise LedgerError("a lane was taken by somebody else at the same moment")
    run_rows(connection, lane_sql.OPEN_ATTEMPT, rows)


def _outcomes(connection: Connection, submission_id: int) -> list[str]:
    """Give what became of the attempts before, the last one first."""
    return list(connection.execute(lane_sql.OUTCOMES, {"submission": submission_id}).scalars())


def _state_after(settlement: Settlement) -> str:
    return "queued" if settlement.resends else AFTER_ATTEMPT[settlement.outcome]


def _due_after(settlement: Settlement, now: int) -> int:
    # With a fresh token the same submission goes first, so that a second 401 speaks of that token and no older one.
    return 0 if settlement.outcome == "renew" else now + round(settlement.retry_in_s * 1_000_000)


def move(connection: Connection, moves: Sequence[tuple[int, str, str]]) -> None:
    """Move submissions and their entries together, so that they cannot disagree; an attempt of each has ended."""
    for state in dict.fromkeys(state for _, state, _ in moves):
        rows = [{"submission": number, "said": said} for number, to, said in moves if to == state]
        if run_rows(connection, lane_sql.MOVE[state], rows) != len(rows):
            raise LedgerError(f"a submission cannot become {state} from where it is; run `translator ledger verify`")
        if state != "queued":
            entries = [{"submission": row["submission"], "new_state": state} for row in rows]
            run_rows(connection, lane_sql.MOVE_ENTRIES, entries)
