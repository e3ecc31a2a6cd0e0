"""
Draw the line between the ledger, which owns what is sent and in which order, and an engine, which owns who runs when.

A job is "drain lane L": it carries the lane's number and nothing else, and may run twice, or at the wrong time,
without harm, since the ledger opens one attempt per lane. An engine may therefore be anything that runs jobs: here an
asyncio loop in the one process that holds the ledger's lock; a job queue on PostgreSQL fits as well. An engine may
offer a job further lanes: then the outcome on one lane and the attempt on the next one share a commit.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Collection
from typing import Protocol

from translator.errors import LedgerUnavailableError
from translator.ledger import Bell

GLANCE_S = 0.2
"""How soon a stop is noticed while nothing else happens."""


AHEAD = 3
"""So many lanes for each worker are looked up at a time, so that the ledger is not asked before each job."""


class Turn:
    """
    What a job is about: a lane and, where the engine has more to do, those that follow.

    Shape: `take` gives a lane that nobody is at work on, and `put_back` takes it back. `has_sent` says, in the end,
    whether anything was sent.
    """

    def __init__(
        self,
        lane_id: int,
        take: Callable[[], int | None] = lambda: None,
        put_back: Callable[[int], None] = lambda _: None,
    ) -> None:
        self.lane_id = lane_id
        self.offered: int | None = None
        self.has_sent = False
        self._take = take
        self._put_back = put_back

    def offer(self) -> int | None:
        """Name a lane that the job may go on with; `went_on` tells the answer."""
        self.offered = self._take()
        return self.offered

    def went_on(self, lane_id: int | None) -> None:
        """Hear which lane the job goes on with; None where neither has anything to send now."""
        offered, self.offered = self.offered, None
        if lane_id is None:
            return
        if offered not in (None, lane_id):
            self._put_back(offered)
        self.lane_id = lane_id


class Lanes(Protocol):
    """What an engine may ask: which lanes are due, and the job itself."""

    async def due(self, limit: int, besides: Collection[int]) -> list[int]:
        """Name lanes that may go on now, the most urgent first, none of `besides`."""

    async def due_in(self) -> float | None:
        """Give the seconds until a lane may go on; None where that is up to others."""

    async def look_around(self) -> None:
        """See what others decided about the destination."""

    def recover(self) -> None:
        """Settle what dead processes left open; in a cluster the living go on meanwhile."""

    def may_go(self, *, urgent: bool) -> bool:
        """Tell whether the destination may be called now, as far as is known here."""

    @property
    def is_cut_off(self) -> bool:
        """Whether the destination cannot be reached from here, which need not be so elsewhere."""

    async def drain(self, turn: Turn) -> None:
        """Send what the lane has, in order, until it is empty, blocked, has to wait or has had its turn."""


class Engine(Protocol):
    """Who runs which lane when."""

    async def run(self, lanes: Lanes, *, is_over: Callable[[], bool], serves: bool) -> None:
        """
        Run jobs until it is over or, unless it serves, nothing is left to do; what is under way is finished.

        Raises: LedgerUnavailableError where the ledger is away; what was under way is finished then, too.
        """


class EmbeddedEngine:
    """
    An engine in this process.

    Shape: `workers` jobs at a time; `bell` wakes it when something was committed.
    """

    def __init__(self, workers: int, bell: Bell) -> None:
        self._workers = workers
        self._bell = bell
        self._ready: deque[int] = deque()
        self._running: dict[asyncio.Task[None], Turn] = {}
        self._looking: asyncio.Task[None] | None = None
        self._may_be_more = True

    async def run(self, lanes: Lanes, *, is_over: Callable[[], bool], serves: bool) -> None:
        """Run jobs, as the port says."""
        ringing = asyncio.create_task(self._bell.rings())
        # While there is nothing to do until then, the ledger is not asked.
        asleep_s: float | None = 0.0
        try:
            while not is_over() or self._running:
                if is_over():
                    asleep_s = None
                elif asleep_s is not None and asleep_s <= 0:
                    asleep_s = await self._start(lanes)
                if asleep_s is None and not self._running and not serves:
                    return
                woken, asleep_s = await self._wait(ringing, asleep_s)
                if ringing.done():
                    ringing.result()
                    ringing = asyncio.create_task(self._bell.rings())
                asleep_s = 0.0 if woken else asleep_s
        except LedgerUnavailableError:
            # Its outcomes are known soon, and are recorded when the ledger is back.
            await asyncio.gather(*self._running, return_exceptions=True)
            raise
        finally:
            tasks = [*self._running, ringing, *self._looks()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _start(self, lanes: Lanes) -> float | None:
        """Start jobs while there are lanes and workers; gives how long to sleep, None for until something happens."""
        while len(self._running) < self._workers:
            if not self._ready:
                looking, self._looking = self._looking, None
                await (looking or self._look(lanes))
            if not self._ready:
                return await lanes.due_in()
            turn = Turn(self._ready.popleft(), lambda: self._take(lanes), self._ready.appendleft)
            self._running[asyncio.create_task(lanes.drain(turn))] = turn
        return None

    def _take(self, lanes: Lanes) -> int | None:
        """Give a job a further lane, and see in time that there are more."""
        if len(self._ready) <= self._workers and self._may_be_more and self._looking is None:
            self._looking = asyncio.create_task(self._look(lanes))
        return self._ready.popleft() if self._ready else None

    async def _look(self, lanes: Lanes) -> None:
        """See which lanes are due; a job looks again at what it may do."""
        limit = AHEAD * self._workers
        found = await lanes.due(limit, self._at_work())
        self._may_be_more = len(found) == limit
        at_work = self._at_work()
        self._ready.clear()
        self._ready.extend(lane_id for lane_id in found if lane_id not in at_work)

    def _at_work(self) -> frozenset[int]:
        turns = self._running.values()
        return frozenset(lane_id for turn in turns for lane_id in (turn.lane_id, turn.offered) if lane_id is not None)

    def _looks(self) -> list[asyncio.Task[None]]:
        return [] if self._looking is None else [self._looking]

    async def _wait(self, ringing: asyncio.Task[None], asleep_s: float | None) -> tuple[bool, float | None]:
        """Wait for a job's end, the bell, or the time; tells whether there is news, and how long to sleep on."""
        clock = asyncio.get_running_loop().time
        began = clock()
        limit = GLANCE_S if asleep_s is None else min(asleep_s, GLANCE_S)
        watched = {*self._running, ringing, *self._looks()}
        done, _ = await asyncio.wait(watched, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
        for task in done - {ringing}:
            if task is self._looking:
                self._looking = None
            else:
                del self._running[task]
            task.result()
        return bool(done), None if asleep_s is None else asleep_s - (clock() - began)
