"""
Draw the line between the ledger, which owns what is sent and in which order, and an engine, which owns who runs when.

A job is "drain lane L": it carries the lane's number and nothing else, and may run twice, or at the wrong time,
without harm, since the ledger opens one attempt per lane. An engine may therefore be anything that runs jobs: here an
asyncio loop in the one process that holds the ledger's lock; a job queue on PostgreSQL fits as well.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Collection
from typing import Protocol

from translator.ledger import Bell

GLANCE_S = 0.2
"""How soon a stop is noticed while nothing else happens."""


class Lanes(Protocol):
    """What an engine may ask: which lanes are due, and the job itself."""

    async def due(self, limit: int, besides: Collection[int]) -> list[int]:
        """Name lanes that may go on now, the most urgent first, none of `besides`."""

    async def due_in(self) -> float | None:
        """Give the seconds until a lane may go on; None where that is up to others."""

    async def drain(self, lane_id: int) -> None:
        """Send what the lane has, in order, until it is empty, blocked, has to wait or has had its turn."""


class Engine(Protocol):
    """Who runs which lane when."""

    async def run(self, lanes: Lanes, *, is_over: Callable[[], bool], serves: bool) -> None:
        """Run jobs until it is over or, unless it serves, nothing is left to do; what is under way is finished."""


class EmbeddedEngine:
    """
    An engine in this process.

    Shape: `workers` jobs at a time; `bell` wakes it when something was committed.
    """

    def __init__(self, workers: int, bell: Bell) -> None:
        self._workers = workers
        self._bell = bell
        self._ready: deque[int] = deque()
        self._running: dict[asyncio.Task[None], int] = {}

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
        finally:
            for task in (*self._running, ringing):
                task.cancel()
            await asyncio.gather(*self._running, ringing, return_exceptions=True)

    async def _start(self, lanes: Lanes) -> float | None:
        """Start jobs while there are lanes and workers; gives how long to sleep, None for until something happens."""
        while len(self._running) < self._workers:
            if not self._ready:
                # A few ahead, so that the ledger is not asked before each job; a job looks again at what it may do.
                self._ready.extend(await lanes.due(2 * self._workers, frozenset(self._running.values())))
            if not self._ready:
                return await lanes.due_in()
            lane_id = self._ready.popleft()
            self._running[asyncio.create_task(lanes.drain(lane_id))] = lane_id
        return None

    async def _wait(self, ringing: asyncio.Task[None], asleep_s: float | None) -> tuple[bool, float | None]:
        """Wait for a job's end, the bell, or the time; tells whether there is news, and how long to sleep on."""
        clock = asyncio.get_running_loop().time
        began = clock()
        limit = GLANCE_S if asleep_s is None else min(asleep_s, GLANCE_S)
        done, _ = await asyncio.wait({*self._running, ringing}, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
        for task in done - {ringing}:
            del self._running[task]
            task.result()
        return bool(done), None if asleep_s is None else asleep_s - (clock() - began)
