"""How the dispatcher ends when something other than the vendor's answer goes wrong."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from tests.ledger.arrivals import LANES, POLICIES, arrival, report
from tests.ledger.conftest import Clock
from translator.ledger import EVERY, VENDOR, Ledger, RateBudget
from translator.transmit.circuit import FAILURES
from translator.transmit.client import Call
from translator.transmit.desk import Desk
from translator.transmit.dispatcher import Dispatcher
from translator.transmit.drain import TURN, LaneDrain
from translator.transmit.responses import Answer
from translator.transmit.route import Route
from translator.transmit.token import Token, TokenKeeper, TokenUnreachableError

RESPONSES = {"201": "accepted", "401": "renew", "429": "retry", "503": "retry"}


class Vendor:
    """A vendor without a network: answers what it is told to, or breaks."""

    def __init__(self, *answers: str | Answer | type[Exception]) -> None:
        self.answers = list(answers)
        self.posts = 0
        self.targets: list[str] = []

    async def send(self, call: Call, token: str) -> Answer:
        """Take one call."""
        assert all((call.kind, call.target, call.body, call.idempotency_key, token))
        self.posts += 1
        self.targets.append(call.target)
        answer = self.answers.pop(0) if self.answers else "201"
        if isinstance(answer, str | Answer):
            return Answer(answer) if isinstance(answer, str) else answer
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


def dispatcher_for(
    ledger: Ledger, vendor: Vendor, fetch: Callable[[], Awaitable[Token]] | None = None, clients: int = 1, **more: Any
) -> Dispatcher:
    """Make a dispatcher without jitter."""
    route = Route("whoop", (vendor,) * clients, TokenKeeper(fetch or vendor.token, time.monotonic), RESPONSES, **more)
    return Dispatcher(ledger, route, clock=time.monotonic, draw=lambda: 0.0)


def drain(
    ledger: Ledger,
    vendor: Vendor,
    fetch: Callable[[], Awaitable[Token]] | None = None,
    deadline_s: float | None = None,
    **more: Any,
) -> Dispatcher:
    """Deliver with one client, unless more are asked for."""
    dispatcher = dispatcher_for(ledger, vendor, fetch, **more)
    deadline = None if deadline_s is None else time.monotonic() + deadline_s
    with suppress(BrokenError):
        asyncio.run(dispatcher.drain(deadline=deadline, stop=Event()))
    return dispatcher


def serve(ledger: Ledger, vendor: Vendor, meanwhile: Callable[[], object], until: Callable[[], bool]) -> Dispatcher:
    """Serve while something else happens, until a condition holds; then stop."""
    dispatcher, stop = dispatcher_for(ledger, vendor), Event()

    async def run() -> None:
        serving = asyncio.create_task(dispatcher.serve(stop=stop))
        await asyncio.sleep(0.3)
        await asyncio.to_thread(meanwhile)
        end = time.monotonic() + 5
        while not until() and time.monotonic() < end:  # noqa: ASYNC110 - what it waits for sets no event
            await asyncio.sleep(0.01)
        stop.set()
        await asyncio.wait_for(serving, 5)

    asyncio.run(run())
    return dispatcher


def one_lane_more(ledger: Ledger, lane: str, status: str = "final") -> None:
    """Accept one more submission."""
    ledger.accept([arrival(report({"TSH": "5"}, lane=lane, status=status))], POLICIES)


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


def test_dispatcher_that_serves_sends_what_is_committed_at_once(ledger: Ledger) -> None:
    """It wakes on commit; a stop ends it."""
    vendor = Vendor()
    seen: list[float] = []

    def commit() -> None:
        one_lane_more(ledger, LANES[9])
        seen.append(time.monotonic())

    def is_sent() -> bool:
        if vendor.posts == 5 and len(seen) == 1:
            seen.append(time.monotonic())
        return len(seen) == 2

    serve(ledger, vendor, commit, is_sent)

    assert ledger.count("whoop") == {"delivered": 5}
    assert seen[1] - seen[0] < 0.5


def test_dispatcher_sends_corrections_first(ledger: Ledger) -> None:
    """Of three lanes that wait, the one with the correction goes before the two that waited for longer."""
    one_lane_more(ledger, LANES[2], status="corrected")
    vendor = Vendor()

    drain(ledger, vendor)

    assert vendor.targets == [LANES[2], LANES[0], LANES[0], LANES[1], LANES[1]]


def test_dispatcher_writes_a_pause_into_the_ledger(ledger: Ledger) -> None:
    """Everybody can see why nothing is sent."""
    dispatcher = drain(ledger, Vendor("401", "401"))

    standing = ledger.destinations().standing("whoop")
    assert (standing.paused, standing.paused_by) == (dispatcher.paused, "vendor")
    assert "401" in standing.paused


def test_dispatcher_tries_a_vendor_that_refused_with_one_call(ledger: Ledger) -> None:
    """The next process does not let every worker run into the same refusal."""
    ledger.destinations().pause("whoop", "the vendor refuses our access: answer 403", by=VENDOR)
    vendor = Vendor("401", "401", "401", "401")

    drain(ledger, vendor, clients=2)

    assert vendor.posts == 2
    assert ledger.destinations().standing("whoop").paused_by == "vendor"


def test_dispatcher_stays_paused_while_its_own_pause_is_on_its_way_to_the_ledger(ledger: Ledger) -> None:
    """What it reads there meanwhile is of before, and no word of anybody who resumes."""
    vendor = Vendor()
    route = Route("whoop", (vendor,), TokenKeeper(vendor.token, time.monotonic), RESPONSES | {"403": "pause"})

    async def look_between() -> tuple[list[int], str, list[int], str]:
        desk = Desk(ledger)
        lanes = LaneDrain(
            ledger, desk, route, clock=time.monotonic, draw=lambda: 0.0, is_over=lambda: False, progress=lambda _: None
        )
        claim = ledger.claim("whoop")
        assert claim is not None
        verdict = lanes._judge(claim, Answer("403"), "token")
        before = (await lanes.due(1, ()), lanes.gate.paused)
        await lanes._publish(verdict)
        ledger.destinations().resume("whoop")
        after = (await lanes.due(1, ()), lanes.gate.paused)
        await desk.close()
        return *before, *after

    before, paused, after, is_paused_still = asyncio.run(look_between())

    assert (before, bool(paused)) == ([], True)
    assert (len(after), is_paused_still) == (1, "")


def test_dispatcher_obeys_a_pause_by_a_person(ledger: Ledger) -> None:
    """Nothing is sent, and the caller is told why."""
    ledger.destinations().pause("whoop", "planned work")
    vendor = Vendor()

    dispatcher = drain(ledger, vendor)

    assert (vendor.posts, dispatcher.paused) == (0, "planned work")


def test_dispatcher_that_serves_goes_on_when_it_is_resumed(ledger: Ledger) -> None:
    """A command of another process is enough."""
    ledger.destinations().pause(EVERY, "restored")
    vendor = Vendor()

    serve(ledger, vendor, lambda: ledger.destinations().resume(EVERY), lambda: vendor.posts == 4)

    assert ledger.count("whoop") == {"delivered": 4}


def test_dispatcher_leaves_a_vendor_alone_that_hangs(ledger: Ledger) -> None:
    """P4: every POST into a vendor that hangs is one more unknown for a person; after a few it stops."""
    for lane in LANES[2:40]:
        one_lane_more(ledger, lane)

    drain(ledger, Vendor(*["read-timeout"] * 100), clients=4, deadline_s=0.4)

    assert FAILURES <= ledger.count("whoop")["unknown"] <= FAILURES + 3


def test_dispatcher_keeps_within_its_rate(ledger: Ledger) -> None:
    """What is over the rate stays queued, without an attempt."""
    vendor = Vendor()

    drain(ledger, vendor, deadline_s=0.4, budget=RateBudget(per_minute=3), clients=2)

    # The token is a call, too, and one of three cannot be kept back from ordinary submissions.
    assert (vendor.posts, ledger.count("whoop")) == (2, {"delivered": 2, "queued": 2})
    assert [use.used for use in ledger.destinations().rate_use("whoop")] == [3, 3]
    assert ledger.verify() == []


def test_dispatcher_tells_others_how_long_the_vendor_asks_to_wait(ledger: Ledger) -> None:
    """The next process does not ask again too early."""
    first, second = Vendor(Answer("503", 60)), Vendor()

    drain(ledger, first, deadline_s=0.3)
    drain(ledger, second, deadline_s=0.3)

    assert (first.posts, second.posts) == (1, 0)
    assert ledger.destinations().standing("whoop").opens_at > time.time() * 1_000_000


def test_dispatcher_sends_unknown_ones_again_where_that_is_set(ledger: Ledger) -> None:
    """`on_unknown = "resend"`: the lane goes on by itself."""
    dispatcher = drain(ledger, Vendor("read-timeout"), resends=True)

    assert ledger.count("whoop") == {"delivered": 4}
    assert (dispatcher.counts.retried, dispatcher.counts.unknown) == (1, 0)


def test_dispatcher_gives_other_lanes_a_turn(ledger: Ledger) -> None:
    """P3: a lane with a long queue does not keep the only worker from the others."""
    ledger.accept([arrival(report({f"C{number}": "5"}, lane=LANES[7])) for number in range(2 * TURN)], POLICIES)
    one_lane_more(ledger, LANES[8])
    vendor = Vendor()

    drain(ledger, vendor)

    assert vendor.targets.index(LANES[8]) < len(vendor.targets) - TURN
    assert ledger.count("whoop") == {"delivered": 5 + 2 * TURN}


def test_dispatcher_notices_a_clock_that_is_set_back(tmp_path: Path) -> None:
    """A lane that waits for half a second does not wait for an hour."""
    clock = Clock()
    with Ledger.open(tmp_path / "other.db", clock=clock) as ledger:
        one_lane_more(ledger, LANES[0])
        vendor = Vendor(Answer("503"))
        serve(ledger, vendor, lambda: clock.move(-3600), lambda: vendor.posts == 2)

        assert vendor.posts == 1 or ledger.count("whoop") == {"delivered": 1}


class ExpiringVendor(Vendor):
    """A vendor whose first token runs out while two calls are under way; the second 401 comes after the new token."""

    def __init__(self) -> None:
        super().__init__()
        self.both, self.renewed = asyncio.Event(), asyncio.Event()
        self.tokens = 0

    async def send(self, call: Call, token: str) -> Answer:
        """Refuse the first token: one caller at once, the other one later."""
        if token != "t1":
            return await super().send(call, token)
        self.posts += 1
        if self.posts == 1:
            await self.both.wait()
        else:
            self.both.set()
            await self.renewed.wait()
        return Answer("401")

    async def token(self) -> Token:
        """Give another token each time."""
        self.tokens += 1
        if self.tokens > 1:
            self.renewed.set()
        return Token(f"t{self.tokens}", 3600)


def test_dispatcher_leaves_no_attempt_open_where_another_worker_has_renewed_the_token(ledger: Ledger) -> None:
    """Two calls run into an old token: both go again with the new one, and nothing becomes unknown."""
    vendor = ExpiringVendor()

    drain(ledger, vendor, clients=2)

    assert ledger.count("whoop") == {"delivered": 4}
    assert vendor.tokens == 2


def test_dispatcher_that_tries_goes_on_after_the_last_of_a_turn(ledger: Ledger) -> None:
    """The one call that tries ends a lane's turn, with nothing proved: somebody else tries next."""
    ledger.destinations().pause("whoop", "the vendor refuses our access: answer 403", by=VENDOR)
    for _ in range(TURN):
        one_lane_more(ledger, LANES[0])
    vendor = Vendor(*[Answer("429", wait_s=0.0)] * TURN)

    drain(ledger, vendor, deadline_s=20)

    assert ledger.count("whoop").get("queued", 0) == 0
