"""A call has an end, and a host that may be taken for dead begins none."""

from __future__ import annotations

import asyncio
import random
import threading
import time

import pytest

from tests.ledger.arrivals import POLICIES, arrival, report
from tests.postgres import Postgres
from tests.sandbox_process import SandboxProcess
from translator.errors import LedgerUnavailableError
from translator.ledger import Claim, Ledger
from translator.transmit.calling import call_vendor
from translator.transmit.client import Call
from translator.transmit.dispatcher import Dispatcher, Place
from translator.transmit.engine import EmbeddedEngine
from translator.transmit.membership import Member, Terms
from translator.transmit.responses import Answer
from translator.transmit.route import Route
from translator.transmit.token import Credentials, TokenKeeper
from translator.transmit.whoop import WhoopClient

CLAIM = Claim(1, 1, 1, "00000000-0000-4000-8000-000000000000", "results", b"{}", "key", 1, "")


class Vendor:
    """A vendor that says a little again and again, and never comes to an end."""

    async def send(self, call: Call, token: str) -> Answer:  # noqa: ARG002 - the port's signature
        """Take for ever."""
        await asyncio.Event().wait()
        return Answer("201")


def test_call_that_takes_too_long_as_a_whole_is_given_up() -> None:
    """The vendor may have it, so it counts as any other answer that did not come."""
    answer = asyncio.run(asyncio.wait_for(call_vendor(Vendor(), CLAIM, "token", 0.05), 30))

    assert answer == Answer("read-timeout")


def test_host_that_has_not_reported_sends_nothing(postgres: Postgres, sandbox: SandboxProcess) -> None:
    """It was cut off from the database between the attempt and its first byte; what it took goes back."""
    url = postgres.new()
    now = [0.0]
    member = Member(Terms(dead_after_s=60, call_s=10), lambda: now[0])
    with Ledger.open(url) as ledger:
        ledger.cluster().set_up()
        ledger.accept([arrival(report({"HDL": "5"}))], POLICIES)
        postgres.execute("INSERT INTO translator_jobs.procrastinate_workers DEFAULT VALUES", url)
        member.enlisted(1, now[0])
        now[0] += 3600

        async def deliver() -> None:
            async with WhoopClient(sandbox.whoop_url) as client:
                login = Credentials(sandbox.client_id, sandbox.client_secret)
                tokens = TokenKeeper(lambda: client.fetch_token(login), time.monotonic)
                route, place = Route("whoop", (client,), tokens, {}), Place(EmbeddedEngine, member)
                dispatcher = Dispatcher(ledger, route, clock=time.monotonic, draw=random.random, place=place)
                await dispatcher.drain(deadline=None, stop=threading.Event())

        with pytest.raises(LedgerUnavailableError, match="stops sending"):
            asyncio.run(deliver())

        (submission,) = ledger.show(1).submissions
        assert (submission.state, [one.answer for one in submission.attempts]) == ("queued", ["not-sent"])
    assert sandbox.requests("results") == []
