"""A host of a cluster says that it is there, goes by the common clock, and tells what is not as it should be, once."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from msgspec import structs

from tests.postgres import Postgres
from tests.transmit.delivering import wait_until
from translator.ledger import Card, CommonClock, Ledger
from translator.presence import CLOCK_IS_WRONG, Presence

CARD = Card("lab-1", 7, "all", "1.0", "ab" * 32, "whoop https://api.example 100/min 10000/day hold", "resubmit changes")


@pytest.fixture
def ledger(postgres: Postgres) -> Iterator[Ledger]:
    """Open a ledger that several hosts share."""
    with Ledger.open(postgres.shared()) as opened:
        yield opened


def test_host_is_there_while_it_runs_and_tells_each_finding_once(ledger: Ledger) -> None:
    """It is seen again and again, so it does not count as silent; its clock is minutes ahead, and so is no delivery."""
    told: list[str] = []
    clock = CommonClock(lambda: time.time() + 300)
    hosts = ledger.cluster().hosts()
    hosts.enter(structs.replace(CARD, name="lab-2", tables="cd" * 32), 0.0)

    with Presence(ledger, clock, lambda: CARD, told.append, every_s=0.1).kept():
        (first,) = [one for one in hosts.listed() if one.host == "lab-1"]
        # Whoever made the queue anew has forgotten it.
        hosts.leave(first.id)
        wait_until(lambda: any(one.host == "lab-1" and one.id != first.id for one in hosts.listed()))

    assert [one.host for one in hosts.listed()] == ["lab-2"]
    assert [text.split(":")[0] for text in told] == ["hosts go by different tables", CLOCK_IS_WRONG.split(":")[0]]
    assert clock() == pytest.approx(time.time(), abs=2)


def test_host_goes_on_while_the_database_is_away(ledger: Ledger, postgres: Postgres) -> None:
    """Others say so; it is listed again as soon as it can be."""
    told: list[str] = []
    with Presence(ledger, CommonClock(), lambda: CARD, told.append, every_s=0.1).kept():
        postgres.restart()
        wait_until(lambda: any(one.silent_s < 1 for one in ledger.cluster().hosts().listed()))

    assert (told, ledger.cluster().hosts().listed()) == ([], [])
