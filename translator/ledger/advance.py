"""
Take several lanes one step on in one transaction, so that many deliveries share the wait for the disk.

Nobody is told of a step before it is committed, so the outcome of an attempt is on disk before its lane goes on. Should
one step fail, all are undone and done again one by one, and an outcome then never falls with what comes after it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from msgspec import Struct
from sqlalchemy import Connection

from translator.errors import LedgerError
from translator.ledger.budget import UNLIMITED, RateBudget
from translator.ledger.database import Database
from translator.ledger.lanes import Claim, Later, Settlement, claim_lanes, lock_lanes, settle
from translator.ledger.trace_contexts import with_traces
from translator.ledger.vault import Vault

Advanced: TypeAlias = Claim | Later | LedgerError | None
"""The lane's next attempt, or when there may be one; None where it has nothing to send now."""


class Step(Struct, frozen=True):
    """
    What one lane asks for: to settle its attempt, to open the next one, or both.

    Shape: where `goes_on` is false or the lane has nothing more, an attempt of the lane `then` is opened instead.
    `worker` is who asks, in a cluster; `traced` asks to which trace an attempt belongs.
    Absent: without `claim` and `settlement` nothing is settled; without `then` nothing is opened instead.
    """

    lane_id: int
    claim: Claim | None = None
    settlement: Settlement | None = None
    goes_on: bool = True
    budget: RateBudget = UNLIMITED
    then: int | None = None
    worker: int = 0
    traced: bool = False

    @property
    def choice(self) -> list[int]:
        """The lanes of which one may go on, the first choice first."""
        return [self.lane_id] * self.goes_on + ([] if self.then is None else [self.then])


def advance(database: Database, vault: Vault, steps: Sequence[Step], instant: Callable[[], int]) -> list[Advanced]:
    """Do every step, together where that is safe; gives one result per step."""
    try:
        with database.write() as connection:
            lane_ids = {lane_id for step in steps for lane_id in (step.lane_id, *step.choice)}
            if len(lane_ids) > 1:
                # Who waited for a lane while it holds others could wait for who waits for it.
                lock_lanes(connection, lane_ids, waits=False)
            return _together(connection, vault, steps, instant())
    except LedgerError:
        return [_alone(database, vault, step, instant) for step in steps]


def _together(connection: Connection, vault: Vault, steps: Sequence[Step], now: int) -> list[Advanced]:
    settle(connection, vault, _ended(steps), now)
    results: list[Claim | Later | None] = [None] * len(steps)
    going = [number for number, step in enumerate(steps) if step.choice]
    for budget, worker in {(steps[number].budget, steps[number].worker) for number in going}:
        asking = [number for number in going if (steps[number].budget, steps[number].worker) == (budget, worker)]
        choices = [steps[number].choice for number in asking]
        claims = claim_lanes(connection, choices, now, budget=budget, worker=worker)
        for number, found in zip(asking, claims, strict=True):
            results[number] = found
    return [*(with_traces(connection, results) if any(step.traced for step in steps) else results)]


def _alone(database: Database, vault: Vault, step: Step, instant: Callable[[], int]) -> Advanced:
    try:
        if step.claim and step.settlement:
            with database.write() as connection:
                settle(connection, vault, _ended([step]), instant())
        if step.choice:
            with database.write() as connection:
                (found,) = claim_lanes(connection, [step.choice], instant(), budget=step.budget, worker=step.worker)
                return with_traces(connection, [found])[0] if step.traced else found
    except LedgerError as error:
        return error
    return None


def _ended(steps: Sequence[Step]) -> list[tuple[Claim, Settlement]]:
    return [(step.claim, step.settlement) for step in steps if step.claim and step.settlement]
