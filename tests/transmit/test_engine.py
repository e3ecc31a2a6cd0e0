"""The embedded engine runs jobs as the port says, whatever the lanes are."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection

import pytest

from translator.errors import LedgerUnavailableError
from translator.transmit.engine import EmbeddedEngine, Turn


class Bell:
    """A bell that a test rings."""

    def __init__(self) -> None:
        self.event = asyncio.Event()

    async def rings(self) -> None:
        """Return once it is rung."""
        await self.event.wait()
        self.event.clear()

    async def close(self) -> None:
        """Nothing to let go of."""


class Lanes:
    """Lanes without a ledger: which are due, how long a job takes, what was run."""

    def __init__(self, *lanes: int, takes_s: float = 0.0) -> None:
        self.waiting = list(lanes)
        self.takes_s = takes_s
        self.ran: list[int] = []
        self.asked = 0
        self.at_once = 0
        self.most_at_once = 0
        self.on_run: Callable[[int], None] = lambda _: None

    async def due(self, limit: int, besides: Collection[int]) -> list[int]:
        """Give what waits."""
        self.asked += 1
        given = [lane for lane in self.waiting if lane not in besides][:limit]
        self.waiting = [lane for lane in self.waiting if lane not in given]
        return given

    def recover(self) -> None:
        """Nobody has died."""

    async def look_around(self) -> None:
        """Nobody else decides anything here."""

    is_cut_off = False

    def may_go(self, *, urgent: bool) -> bool:  # noqa: ARG002 - the port's signature
        """It may always be called."""
        return True

    async def due_in(self) -> float | None:
        """Say that nothing more comes by itself."""
        return 0.0 if self.waiting else None

    async def drain(self, turn: Turn) -> None:
        """Run one job."""
        lane_id = turn.lane_id
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(self.takes_s)
        self.at_once -= 1
        self.ran.append(lane_id)
        self.on_run(lane_id)


def run(lanes: Lanes, workers: int = 2, *, is_over: Callable[[], bool] = lambda: False) -> None:
    """Run until nothing is left."""

    async def all_of_it() -> None:
        await asyncio.wait_for(EmbeddedEngine(workers, Bell()).run(lanes, is_over=is_over, serves=False), 10)

    asyncio.run(all_of_it())


def test_engine_runs_every_job_and_ends() -> None:
    """More lanes than workers: each is run once."""
    lanes = Lanes(*range(20))

    run(lanes)

    assert sorted(lanes.ran) == list(range(20))


def test_engine_runs_so_many_jobs_at_a_time() -> None:
    """All workers, and no more."""
    lanes = Lanes(*range(9), takes_s=0.01)

    run(lanes, workers=3)

    assert lanes.most_at_once == 3


def test_engine_finishes_what_is_under_way_when_it_is_over() -> None:
    """A stop starts nothing new, and cuts nothing off."""
    lanes = Lanes(*range(9), takes_s=0.01)
    lanes.on_run = lambda _: None

    run(lanes, workers=3, is_over=lambda: bool(lanes.ran))

    assert (len(lanes.ran), lanes.at_once) == (3, 0)


def test_engine_that_is_over_runs_nothing() -> None:
    """A deadline in the past."""
    lanes = Lanes(1)

    run(lanes, is_over=lambda: True)

    assert lanes.ran == []


def test_engine_that_serves_wakes_when_the_bell_rings() -> None:
    """It sleeps while nothing is due, asks nobody meanwhile, and starts at once when it is woken."""
    lanes = Lanes()
    seen: dict[str, float] = {}

    async def serve() -> None:
        bell = Bell()
        task = asyncio.create_task(EmbeddedEngine(2, bell).run(lanes, is_over=lambda: bool(lanes.ran), serves=True))
        await asyncio.sleep(0.7)
        seen["asked"] = lanes.asked
        lanes.waiting.append(7)
        began = asyncio.get_running_loop().time()
        lanes.on_run = lambda _: seen.update(after_s=asyncio.get_running_loop().time() - began)
        bell.event.set()
        await asyncio.wait_for(task, 5)

    asyncio.run(serve())

    assert (lanes.ran, seen["asked"]) == ([7], 1)
    assert seen["after_s"] < 0.15


def test_engine_hands_on_what_broke_in_a_job() -> None:
    """A defect ends the run, and the other jobs are cut off."""
    lanes = Lanes(1, 2, takes_s=0.01)

    def fail(lane: int) -> None:
        raise ArithmeticError(lane)

    lanes.on_run = fail

    with pytest.raises(ArithmeticError):
        run(lanes)


class HoppingLanes(Lanes):
    """Lanes whose jobs go on with what the engine offers, until there is nothing more."""

    def __init__(self, *lanes: int, busy: int = -1) -> None:
        super().__init__(*lanes)
        self.busy = busy
        self.jobs = 0

    async def drain(self, turn: Turn) -> None:
        """Run one job; the first lane that is `busy` has one thing more, so that what is offered then is not taken."""
        self.jobs += 1
        await super().drain(turn)
        while (offered := turn.offer()) is not None:
            stays, self.busy = turn.lane_id == self.busy, -1
            turn.went_on(turn.lane_id if stays else offered)
            await super().drain(turn)


def test_engine_offers_a_job_what_follows() -> None:
    """Every lane is run once, by as few jobs as there are workers or little more."""
    lanes = HoppingLanes(*range(100))

    run(lanes)

    assert sorted(lanes.ran) == list(range(100))
    assert lanes.jobs < 20


def test_engine_takes_back_what_a_job_does_not_take() -> None:
    """A lane with more to send goes on with that, and the lane that was offered is run by somebody else."""
    lanes = HoppingLanes(*range(1, 10), busy=1)

    run(lanes)

    assert sorted(lanes.ran) == [1, *range(1, 10)]


def test_engine_finishes_what_is_under_way_when_the_ledger_is_away() -> None:
    """What breaks off one job cuts off no other: its outcome will be known."""
    lanes = Lanes(1, 2)

    async def drain(turn: Turn) -> None:
        if turn.lane_id == 1:
            raise LedgerUnavailableError("away")
        await asyncio.sleep(0.05)
        lanes.ran.append(turn.lane_id)

    lanes.drain = drain  # type: ignore[method-assign]

    with pytest.raises(LedgerUnavailableError):
        run(lanes)
    assert lanes.ran == [2]
