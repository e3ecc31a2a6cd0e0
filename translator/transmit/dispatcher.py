"""
Deliver what the ledger gives out: several lanes at a time, each strictly in order.

What is open in the ledger when a dispatcher begins was left by a dead process; what is open when it ends was cut off
by an error or a second Ctrl-C, or could not be recorded, since the ledger was away for long. All of it becomes
`unknown`, or goes again where the destination's `on_unknown` says so.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import NamedTuple

from translator.ledger import Bell, Ledger
from translator.transmit.desk import Desk
from translator.transmit.drain import LaneDrain
from translator.transmit.engine import EmbeddedEngine, Engine
from translator.transmit.membership import ALONE, Member
from translator.transmit.route import Progress, Route


class Place(NamedTuple):
    """Where a dispatcher stands: what runs so many of its jobs at a time, and whom it has beside it."""

    engine: Callable[[int, Bell], Engine]
    member: Member


BY_ITSELF = Place(EmbeddedEngine, ALONE)


class Dispatcher:
    """
    Deliver one destination's lanes; without a cluster the caller holds the delivery lock.

    Shape: `draw` gives a random number in [0, 1) and `clock` never goes backwards. `away` is set where the ledger is
    away, and ends every dispatcher that shares it. `place` is its place in a cluster.
    `counts`, `paused` and `hindrance` tell, at the end, what was done,
    why the destination takes nothing more, and what kept the rest back.
    """

    def __init__(
        self,
        ledger: Ledger,
        route: Route,
        *,
        clock: Callable[[], float],
        draw: Callable[[], float],
        progress: Callable[[Progress], None] = lambda _: None,
        away: Event | None = None,
        place: Place = BY_ITSELF,
    ) -> None:
        self._engine, self._member = place
        self._away = away or Event()
        self._ledger = ledger
        self._route = route
        self._clock = clock
        self._draw = draw
        self._progress = progress
        self.counts = Progress()
        self.paused = self.hindrance = ""

    async def drain(self, *, deadline: float | None, stop: Event) -> None:
        """
        Deliver until nothing can be delivered any more, the deadline (by `clock`) or the stop.

        What is under way at the deadline or the stop is finished first.
        """
        await self._run(lambda: stop.is_set() or (deadline is not None and self._clock() >= deadline), serves=False)

    async def serve(self, *, stop: Event) -> None:
        """Deliver whatever is committed, until the stop; what is under way then is finished first."""
        await self._run(stop.is_set, serves=True)

    async def _run(self, is_over: Callable[[], bool], *, serves: bool) -> None:
        def ends() -> bool:
            return is_over() or self._away.is_set()

        desk, bell = Desk(self._ledger, self._away), self._ledger.bell()
        lanes = LaneDrain(
            self._ledger,
            desk,
            self._route,
            clock=self._clock,
            draw=self._draw,
            is_over=ends,
            progress=self._progress,
            member=self._member,
        )
        try:
            await desk.ask(lanes.recover)
            await lanes.begin()
            await self._engine(len(self._route.clients), bell).run(lanes, is_over=ends, serves=serves)
        finally:
            self.counts, self.paused, self.hindrance = lanes.counts, lanes.gate.paused, lanes.gate.hindrance
            await bell.close()
            try:
                await desk.close()
            finally:
                # Only now: nothing is settled any more behind its back.
                lanes.recover()
