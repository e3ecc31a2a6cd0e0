"""The desk answers nobody before it is on disk, and leaves nothing half done."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from threading import Event
from typing import cast

import pytest

from tests.ledger.arrivals import LANES, POLICIES, arrival, report
from translator.errors import LedgerUnavailableError, TakenOverError
from translator.ledger import Advanced, Claim, Ledger, Settlement, Step
from translator.transmit.desk import Desk


@pytest.fixture
def filled(ledger: Ledger) -> Ledger:
    """Queue two submissions on each of four lanes."""
    ledger.accept([arrival(report({code: "5"}, lane=lane)) for lane in LANES[:4] for code in ("HDL", "LDL")], POLICIES)
    return ledger


class SlowLedger:
    """A ledger whose first answer waits until it is let go; it notes how many steps came together."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.groups: list[int] = []
        self.go_on = Event()

    def advance(self, steps: Sequence[Step]) -> list[Advanced]:
        """Take the steps, when it may."""
        self.groups.append(len(steps))
        self.go_on.wait(5)
        return self._ledger.advance(steps)


def test_desk_takes_together_what_comes_while_the_ledger_is_at_work(filled: Ledger) -> None:
    """One commit for the first, one for all that came meanwhile; each gets its own answer."""
    slow = SlowLedger(filled)

    async def ask() -> list[int]:
        desk = Desk(cast("Ledger", slow))
        asking = [asyncio.create_task(desk.advance(Step(1)))]
        await asyncio.sleep(0.05)
        asking += [asyncio.create_task(desk.advance(Step(lane))) for lane in (2, 3, 4)]
        await asyncio.sleep(0.05)
        slow.go_on.set()
        claims = await asyncio.gather(*asking)
        await desk.close()
        return [claim.lane_id for claim in claims if isinstance(claim, Claim)]

    assert asyncio.run(ask()) == [1, 2, 3, 4]
    assert slow.groups == [1, 3]


def test_desk_tells_who_asked_what_the_ledger_refuses(filled: Ledger) -> None:
    """The error reaches the one whose step it was."""

    async def ask() -> list[object]:
        desk = Desk(filled)
        claim = await desk.advance(Step(1))
        assert isinstance(claim, Claim)
        filled.recover("whoop")
        settled = Step(1, claim, Settlement("accepted", "201"))
        results = await asyncio.gather(desk.advance(settled), desk.advance(Step(2)), return_exceptions=True)
        await desk.close()
        return [type(one) for one in results]

    assert asyncio.run(ask()) == [TakenOverError, Claim]


def test_desk_that_closes_records_what_was_asked_and_opens_nothing(filled: Ledger) -> None:
    """Cut off by a second Ctrl-C: the outcome is kept, and no attempt stays open that nobody makes."""
    slow = SlowLedger(filled)

    async def ask() -> None:
        desk = Desk(cast("Ledger", slow))
        claim = filled.claim("whoop")
        assert claim is not None
        accepted = Settlement("accepted", "201")
        asking = [asyncio.create_task(desk.advance(Step(2)))]
        await asyncio.sleep(0.05)
        asking += [
            asyncio.create_task(desk.advance(Step(claim.lane_id, claim, accepted))),
            asyncio.create_task(desk.advance(Step(3))),
        ]
        await asyncio.sleep(0.05)
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        slow.go_on.set()
        await desk.close()

    asyncio.run(ask())

    assert filled.count("whoop") == {"delivered": 1, "queued": 7}
    assert filled.recover("whoop") == []
    assert filled.verify() == []


class AwayLedger:
    """A ledger that is away for some calls."""

    def __init__(self, ledger: Ledger, times: int) -> None:
        self._ledger = ledger
        self.left = times

    def advance(self, steps: Sequence[Step]) -> list[Advanced]:
        """Refuse, or take the steps."""
        self.left -= 1
        if self.left >= 0:
            return [LedgerUnavailableError("away")] * len(steps)
        return self._ledger.advance(steps)


def settle_late(filled: Ledger, away_for: int, patience_s: float) -> list[object]:
    """Settle one lane and open another while the ledger is away; gives what was told, and whether all know of it."""

    async def ask() -> list[object]:
        claim = filled.claim("whoop")
        assert claim is not None
        desk = Desk(cast("Ledger", AwayLedger(filled, away_for)), patience_s=patience_s)
        settled = Step(claim.lane_id, claim, Settlement("accepted", "201"), then=4)
        results = await asyncio.gather(desk.advance(settled), desk.advance(Step(2)), return_exceptions=True)
        await desk.close()
        return [*map(type, results), desk.away.is_set()]

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("away_for", "patience_s", "counts"),
    [
        pytest.param(3, 60, {"delivered": 1, "queued": 7}, id="comes-back"),
        pytest.param(1000, 0.3, {"unknown": 1, "queued": 7}, id="stays-away"),
    ],
)
def test_desk_keeps_what_is_known_for_a_ledger_that_is_away(
    filled: Ledger, away_for: int, patience_s: float, counts: dict[str, int]
) -> None:
    """An outcome is recorded when the ledger is back in time; nothing new is opened, and everybody hears of it."""
    told = settle_late(filled, away_for, patience_s)
    filled.recover("whoop")

    assert told == [LedgerUnavailableError, LedgerUnavailableError, True]
    assert filled.count("whoop") == counts
    assert filled.verify() == []
