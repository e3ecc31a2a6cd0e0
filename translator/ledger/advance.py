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
from translator.ledger.lanes import Claim, Later, Settlement, claim_lanes, settle
from translator.ledger.vault import Vault

Advanced: TypeAlias = Claim | Later | LedgerError | None
"""The lane's next attempt, or when there may be one; None where it has nothing to send now."""


class Step(Struct, frozen=True):
    """
    What one lane asks for: to settle its attempt, to open the next one, or both.

    Absent: without `claim` and `settlement` nothing is settled.
    """

    lane_id: int
    claim: Claim | None = None
    settlement: Settlement | None = None
    goes_on: bool = True
    budget: RateBudget = UNLIMITED


def advance(database: Database, vault: Vault, steps: Sequence[Step], instant: Callable[[], int]) -> list[Advanced]:
    """Do every step, together where that is safe; gives one result per step."""
    # PostgreSQL locks row by row: acceptance and a group that lock the same lanes could wait for each other.
    if len(steps) == 1 or database.engine.dialect.name == "sqlite":
        try:
            with database.write() as connection:
                return _together(connection, vault, steps, instant())
        except LedgerError:
            pass
    return [_alone(database, vault, step, instant) for step in steps]


def _together(connection: Connection, vault: Vault, steps: Sequence[Step], now: int) -> list[Advanced]:
    settle(connection, vault, _ended(steps), now)
    going = [step for step in steps if step.goes_on]
    opened: dict[int, Claim | Later] = {}
    for budget in {step.budget for step in going}:
        lane_ids = [step.lane_id for step in going if step.budget == budget]
        opened |= claim_lanes(connection, lane_ids, now, budget=budget)
    # A lane that is named twice goes to who named it first.
    return [opened.pop(step.lane_id, None) if step.goes_on else None for step in steps]


def _alone(database: Database, vault: Vault, step: Step, instant: Callable[[], int]) -> Advanced:
    try:
        if step.claim and step.settlement:
            with database.write() as connection:
                settle(connection, vault, _ended([step]), instant())
        if step.goes_on:
            with database.write() as connection:
                return claim_lanes(connection, [step.lane_id], instant(), budget=step.budget).get(step.lane_id)
    except LedgerError as error:
        return error
    return None


def _ended(steps: Sequence[Step]) -> list[tuple[Claim, Settlement]]:
    return [(step.claim, step.settlement) for step in steps if step.claim and step.settlement]
