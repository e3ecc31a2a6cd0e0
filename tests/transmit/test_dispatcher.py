"""How the dispatcher ends when something other than the vendor's answer goes wrong."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event

import pytest

from tests.ledger.arrivals import LANES, POLICIES, arrival, report
from translator.ledger import Ledger
from translator.transmit.client import Call
from translator.transmit.dispatcher import Dispatcher
from translator.transmit.drain import Route
from translator.transmit.responses import Answer
from translator.transmit.token import Token, TokenKeeper, TokenUnreachableError

RESPONSES = {"201": "accepted", "401": "renew", "503": "retry"}


class Vendor:
    """A vendor without a network: answers what it is told to, or breaks."""

    def __init__(self, *answers: str | type[Exception]) -> None:
        self.answers = list(answers)
        self.posts = 0

    async def send(self, call: Call, token: str) -> Answer:
        """Take one call."""
        assert all((call.kind, call.target, call.body, call.idempotency_key, token))
        self.posts += 1
        answer = self.answers.pop(0) if self.answers else "201"
        if isinstance(answer, str):
            return Answer(answer)
        raise answer

    async def token(self) -> Token:
        """Give a token that lasts."""
        return Token("t", 3600)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Open a ledger with two submissions on each of two lanes."""
    with Ledger.open(tmp_path / "lab.db") as opened:
        opened.accept(
            [arrival(report({code: "5"}, lane=lane)) for lane in LANES[:2] for code in ("HDL", "LDL")], POLICIES
        )
        yield opened


def drain(ledger: Ledger, vendor: Vendor, fetch: Callable[[], Awaitable[Token]] | None = None) -> Dispatcher:
    """Deliver with one client, without jitter."""

    async def run() -> Dispatcher:
        route = Route("whoop", (vendor,), TokenKeeper(fetch or vendor.token, time.monotonic), RESPONSES)
        dispatcher = Dispatcher(ledger, route, clock=time.monotonic, draw=lambda: 0.0)
        with suppress(BrokenError):
            await dispatcher.drain(deadline=None, stop=Event())
        return dispatcher

    return asyncio.run(run())


class BrokenError(Exception):
    """Something that nobody foresaw."""


def test_dispatcher_leaves_an_attempt_that_broke_as_unknown(ledger: Ledger) -> None:
    """P4: an error of our own in flight may have come after the sending; nothing stays open."""
    drain(ledger, Vendor(BrokenError))

    assert ledger.count("whoop") == {"unknown": 1, "queued": 3}
    assert ledger.verify() == []


def test_dispatcher_goes_on_after_it_broke(ledger: Ledger) -> None:
    """The next run delivers the other lanes, and leaves the unknown one alone."""
    drain(ledger, Vendor(BrokenError))

    drain(ledger, Vendor())

    assert ledger.count("whoop") == {"unknown": 1, "queued": 1, "delivered": 2}


def test_dispatcher_first_settles_what_another_left_open(ledger: Ledger) -> None:
    """An open attempt belongs to a dead process: its lane is blocked before anything is sent."""
    ledger.claim("whoop")
    vendor = Vendor()

    drain(ledger, vendor)

    assert (vendor.posts, ledger.count("whoop")) == (2, {"unknown": 1, "queued": 1, "delivered": 2})


def test_dispatcher_asks_for_a_token_until_it_gets_one(ledger: Ledger) -> None:
    """A token server that is away pauses nothing: no attempt is opened, and delivery goes on by itself."""
    fetches = []

    async def stumble() -> Token:
        fetches.append(1)
        if len(fetches) < 4:
            raise TokenUnreachableError("connect-error")
        return Token("t", 3600)

    vendor = Vendor()
    dispatcher = drain(ledger, vendor, stumble)

    assert (len(fetches), vendor.posts, dispatcher.paused) == (4, 4, "")
    assert len(ledger.show(1).submissions[0].attempts) == 1


def test_dispatcher_renews_again_for_another_submission(ledger: Ledger) -> None:
    """One 401 per submission is the end of a token; two in a row for one are a refusal."""
    dispatcher = drain(ledger, Vendor("401", "201", "401", "201"))

    assert (dispatcher.paused, ledger.count("whoop")) == ("", {"delivered": 4})
