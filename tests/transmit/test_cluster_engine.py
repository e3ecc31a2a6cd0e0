"""An engine of a cluster whose host is struck off, with a real queue and a destination that may not be called."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.ledger.arrivals import POLICIES, arrival, report
from tests.postgres import Postgres
from translator.errors import DeclaredDeadError
from translator.ledger import Ledger
from translator.transmit.cluster import ClusterEngine
from translator.transmit.engine import Turn
from translator.transmit.membership import Member, Terms

TERMS = Terms(dead_after_s=3, call_s=0.5)


class Shut:
    """Lanes of a destination that may not be called, and nobody says when it may."""

    is_cut_off = False

    def __init__(self) -> None:
        self.held_back = asyncio.Event()

    def may_go(self, *, urgent: bool) -> bool:  # noqa: ARG002 - the port's own
        """Hold a job back."""
        self.held_back.set()
        return False

    def recover(self) -> None:
        """Nobody has died."""

    async def look_around(self) -> None:
        """Find nothing new."""

    async def due(self, limit: int, besides: object) -> list[int]:  # noqa: ARG002 - the port's own
        """Name no lane: the queue does."""
        return []

    async def due_in(self) -> float | None:
        """Wait for nothing."""
        return None

    async def drain(self, turn: Turn) -> None:
        """Never be asked."""
        raise AssertionError(turn)


def test_host_that_is_struck_off_lets_go_of_what_it_holds_back(postgres: Postgres) -> None:
    """Nobody else would end a job that waits for a word, and until it ends the host could not join again."""
    url = postgres.new()

    async def run(ledger: Ledger) -> None:
        lanes = Shut()
        engine = ClusterEngine(
            ledger.cluster(),
            Member(TERMS, time.monotonic),
            TERMS,
            ledger.bell(),
            destination="whoop",
            workers=2,
            clock=time.monotonic,
        )
        is_over = asyncio.Event()
        running = asyncio.create_task(engine.run(lanes, is_over=is_over.is_set, serves=True))
        await asyncio.wait_for(lanes.held_back.wait(), 30)
        await asyncio.to_thread(postgres.execute, "DELETE FROM translator_jobs.procrastinate_workers", url)
        await asyncio.wait({running}, timeout=30)
        # Where it has not ended, it ends now, without an error.
        is_over.set()
        await running

    with Ledger.open(url) as ledger:
        ledger.cluster().set_up(TERMS.dead_after_s)
        ledger.accept([arrival(report({"HDL": "55"}))], POLICIES)
        with pytest.raises(DeclaredDeadError):
            asyncio.run(run(ledger))
