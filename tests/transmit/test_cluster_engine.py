"""An engine of a cluster whose host is struck off, with a real queue and a destination that may not be called."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.ledger.arrivals import POLICIES, arrival, report
from tests.postgres import Postgres
from translator.errors import DeclaredDeadError, LedgerError, LedgerUnavailableError
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


@asynccontextmanager
async def at_work(ledger: Ledger) -> AsyncIterator[asyncio.Task[None]]:
    """Run a host whose only job is held back, until the block ends."""
    lanes, is_over, bell = Shut(), asyncio.Event(), ledger.bell()
    engine = ClusterEngine(
        ledger.cluster(),
        Member(TERMS, time.monotonic),
        TERMS,
        bell,
        destination="whoop",
        workers=2,
        clock=time.monotonic,
    )
    running = asyncio.create_task(engine.run(lanes, is_over=is_over.is_set, serves=True))
    try:
        await asyncio.wait_for(lanes.held_back.wait(), 30)
        yield running
    finally:
        # Where it has not ended, it ends now, without an error.
        is_over.set()
        await asyncio.gather(running, return_exceptions=True)
        await bell.close()


@pytest.fixture
def url(postgres: Postgres) -> str:
    """Make a ledger that several hosts share, with something to send."""
    url = postgres.shared(TERMS.dead_after_s)
    with Ledger.open(url) as ledger:
        ledger.accept([arrival(report({"HDL": "55"}))], POLICIES)
    return url


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        pytest.param("DELETE FROM translator_jobs.procrastinate_workers", DeclaredDeadError, id="struck-off"),
        pytest.param(
            "ALTER FUNCTION translator_jobs.procrastinate_update_heartbeat_v1 RENAME TO gone",
            LedgerUnavailableError,
            id="cannot-report",
        ),
        pytest.param(
            "ALTER FUNCTION translator_jobs.procrastinate_fetch_job_v2 RENAME TO gone",
            LedgerUnavailableError,
            id="cannot-fetch",
        ),
    ],
)
def test_host_that_has_lost_its_queue_lets_go_of_what_it_holds_back(
    postgres: Postgres, url: str, harm: str, told: type[LedgerError]
) -> None:
    """Nobody else would end a job that waits for a word, and until it ends the host could not join again."""

    async def run(ledger: Ledger) -> None:
        async with at_work(ledger) as running:
            await asyncio.to_thread(postgres.execute, harm, url)
            await asyncio.wait({running}, timeout=30)
        await running

    with Ledger.open(url) as ledger, pytest.raises(told) as ended:
        asyncio.run(run(ledger))

    assert ended.type is told


@pytest.mark.parametrize(
    "request_to_abort",
    [
        pytest.param(
            """SELECT pg_notify('procrastinate_queue_v1#whoop', '{"type": "abort_job_requested", "job_id": 1}')""",
            id="another-application",
        ),
        pytest.param(
            "SET search_path TO translator_jobs; UPDATE procrastinate_jobs SET abort_requested = true", id="person"
        ),
    ],
)
def test_nobody_ends_a_job_but_its_host(postgres: Postgres, url: str, request_to_abort: str) -> None:
    """News of a queue are heard in all schemas of a database, and a job that is cut off would block its lane."""

    async def run(ledger: Ledger) -> int:
        async with at_work(ledger):
            await asyncio.to_thread(postgres.execute, request_to_abort, url)
            # Where it were heeded, it would be as soon as it is heard.
            await asyncio.sleep(1)
            return sum(one.lanes for one in await asyncio.to_thread(ledger.cluster().workers))

    with Ledger.open(url) as ledger:
        assert asyncio.run(run(ledger)) == 1
