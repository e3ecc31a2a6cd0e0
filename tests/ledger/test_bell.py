"""The bell rings after a commit of anybody else, and costs next to nothing while nobody commits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tests.ledger.arrivals import POLICIES, arrival, report
from translator.ledger import Bell, Ledger
from translator.ledger.gate import Destinations


async def settled(bell: Bell) -> None:
    """Let the bell begin; a new one may ring for nothing."""
    try:
        await asyncio.wait_for(bell.rings(), 0.1)
    except TimeoutError:
        return


def test_bell_rings_when_another_process_commits(ledger: Ledger, place: str) -> None:
    """It rings well before it would have rung for nothing."""

    async def wait() -> None:
        bell = ledger.bell()
        await settled(bell)
        waiting = asyncio.create_task(bell.rings())
        await asyncio.sleep(0.05)
        with Ledger.open(place) as other:
            other.accept([arrival(report({"HDL": "5"}))], POLICIES)
        await asyncio.wait_for(waiting, 1)
        await bell.close()

    asyncio.run(wait())


@pytest.mark.parametrize(
    ("before", "decide"),
    [
        pytest.param(lambda _: None, lambda gate: gate.pause("whoop", "planned work"), id="pause-of-a-person"),
        pytest.param(
            lambda gate: gate.pause("whoop", "planned work"), lambda gate: gate.resume("whoop"), id="end-of-a-pause"
        ),
        pytest.param(lambda _: None, lambda gate: gate.ask_to_wait("whoop", 60), id="patience-that-a-vendor-asks-for"),
    ],
)
def test_bell_rings_when_a_destination_is_closed_or_opened(
    ledger: Ledger, before: Callable[[Destinations], None], decide: Callable[[Destinations], None]
) -> None:
    """Whoever else delivers hears of it at once."""
    before(ledger.destinations())

    async def wait() -> None:
        bell = ledger.bell()
        await settled(bell)
        waiting = asyncio.create_task(bell.rings())
        await asyncio.sleep(0.05)
        decide(ledger.destinations())
        await asyncio.wait_for(waiting, 1)
        await bell.close()

    asyncio.run(wait())


def test_bell_is_silent_while_nobody_commits(ledger: Ledger) -> None:
    """It does not ring for nothing within the time that one would notice."""

    async def wait() -> bool:
        bell = ledger.bell()
        await settled(bell)
        waiting = asyncio.create_task(bell.rings())
        done, _ = await asyncio.wait([waiting], timeout=0.5)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await bell.close()
        return bool(done)

    assert not asyncio.run(wait())
