"""What is asked of a broker, whichever it is: to keep, to bring again later, to wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import cast

import pytest
from msgspec import structs

from translator.accept.stream import FIRST_S, LATER_S, LONGEST_S, Arrived, Stream, StreamUnavailableError
from translator.accept.stream_counts import StreamCounts
from translator.errors import LedgerError, LedgerUnavailableError
from translator.intake import Brought, Intake, Taken
from translator.ledger import Follow

FOLLOW = Follow("LAB/translator", "LAB", 1)


class Answers:
    """An intake whose answers a test gives."""

    def __init__(self) -> None:
        self.brought: list[Brought] = []
        self.waiting: list[Future[Taken]] = []
        self.error: LedgerError | None = None
        self.is_asked = asyncio.Event()

    def take(self, brought: Brought) -> Future[Taken]:
        """Let a message wait, or refuse it."""
        if self.error is not None:
            raise self.error
        self.brought.append(brought)
        self.waiting.append(Future())
        self.is_asked.set()
        return self.waiting[-1]


class Asked:
    """One message of a broker that writes down what is asked of it."""

    def __init__(self, raw: bytes = b"MSH", *, is_gone: bool = False) -> None:
        self.arrived = Arrived(raw, "nats", "key", FOLLOW)
        self.asked: list[str] = []
        self._is_gone = is_gone

    async def keep(self) -> None:
        """Hear that it is kept."""
        self._note("keep")

    async def again(self, delay_s: float) -> None:
        """Hear that it comes again."""
        self._note(f"again {delay_s:g}")

    async def extend(self) -> None:
        """Hear that it is under way."""
        self._note("extend")

    async def refuse(self) -> None:
        """Hear that it is too large."""
        self._note("refuse")

    def _note(self, what: str) -> None:
        if self._is_gone:
            raise StreamUnavailableError("away")
        self.asked.append(what)


class Desk:
    """A stream with its parts, and a clock that a test turns."""

    def __init__(self, *, follows: bool = True) -> None:
        self.intake = Answers()
        self.counts = StreamCounts()
        self.now = 100.0
        self.stream = Stream(
            cast("Intake", self.intake),
            site="acme",
            largest=10,
            follows=follows,
            counts=self.counts,
            clock=lambda: self.now,
        )

    async def take(self, delivery: Asked, answer: Callable[[Future[Taken]], None]) -> None:
        """Take a message, with the intake's answer."""
        taking = asyncio.create_task(self.stream.take(delivery))
        await self.intake.is_asked.wait()
        self.intake.is_asked.clear()
        answer(self.intake.waiting.pop())
        await taking


def kept(answer: Future[Taken]) -> None:
    """Answer that a message is on disk."""
    answer.set_result(Taken(1, 0.0, "translated", ()))


def repeated(answer: Future[Taken]) -> None:
    """Answer that a message came before."""
    answer.set_result(Taken(1, 0.0, "translated", (), is_repeat=True))


def failed(error: LedgerError) -> Callable[[Future[Taken]], None]:
    """Answer that a message is not kept."""
    return lambda answer: answer.set_exception(error)


@pytest.mark.parametrize("answer", [kept, repeated])
def test_message_is_acknowledged_when_it_is_on_disk(answer: Callable[[Future[Taken]], None]) -> None:
    """Not when it is handed in; for the second time as for the first."""

    async def run() -> tuple[list[str], list[str], Desk]:
        desk, delivery = Desk(), Asked()
        taking = asyncio.create_task(desk.stream.take(delivery))
        await desk.intake.is_asked.wait()
        before = list(delivery.asked)
        answer(desk.intake.waiting[0])
        await taking
        return before, delivery.asked, desk

    before, asked, desk = asyncio.run(run())

    assert (before, asked) == ([], ["keep"])
    (brought,) = desk.intake.brought
    assert structs.replace(brought, told={}) == Brought(b"MSH", "nats", "acme", "key", follow=FOLLOW)
    assert desk.counts.taken == 1


def test_nobody_follows_where_nobody_is_told() -> None:
    """The ledger has no more to write."""

    async def run() -> Desk:
        desk = Desk(follows=False)
        await desk.take(Asked(), kept)
        return desk

    assert asyncio.run(run()).intake.brought[0].follow is None


def test_broker_is_left_alone_longer_each_time_while_the_ledger_is_away() -> None:
    """Each message goes back for as long; several at once are one failure; what is kept ends it."""

    async def run() -> tuple[list[list[str]], list[float]]:
        desk, asked, closed = Desk(), [], []
        for _ in range(7):
            both = [Asked(), Asked()]
            for one in both:
                await desk.take(one, failed(LedgerUnavailableError("away")))
            asked.append(both[0].asked + both[1].asked)
            closed.append(desk.stream.closed_s)
            desk.now += desk.stream.closed_s
        await desk.take(Asked(), kept)
        return asked, [*closed, desk.stream.closed_s]

    asked, closed = asyncio.run(run())

    assert closed == [FIRST_S, 2.0, 4.0, 8.0, 16.0, LONGEST_S, LONGEST_S, 0.0]
    assert asked == [[f"again {seconds:g}"] * 2 for seconds in closed[:-1]]


def test_message_goes_back_while_the_service_is_being_stopped() -> None:
    """Nothing of it is handed in any more; another host may have it."""

    async def run() -> list[str]:
        desk, delivery = Desk(), Asked()
        desk.intake.error = LedgerUnavailableError("closed")
        await desk.stream.take(delivery)
        return delivery.asked

    assert asyncio.run(run()) == [f"again {FIRST_S:g}"]


def test_message_that_alone_cannot_be_kept_stops_no_other() -> None:
    """It comes again much later; what comes behind it is fetched at once."""

    async def run() -> tuple[list[str], float]:
        desk, delivery = Desk(), Asked()
        await desk.take(delivery, failed(LedgerError("does not balance")))
        return delivery.asked, desk.stream.closed_s

    assert asyncio.run(run()) == ([f"again {LATER_S:g}"], 0.0)


def test_message_that_is_too_large_is_not_handed_in() -> None:
    """The broker hears that it need not bring it again."""

    async def run() -> tuple[list[str], Desk]:
        desk, delivery = Desk(), Asked(b"x" * 11)
        await desk.stream.take(delivery)
        return delivery.asked, desk

    asked, desk = asyncio.run(run())

    assert asked == ["refuse"]
    assert (desk.intake.brought, desk.counts.too_large) == ([], 1)


def test_broker_that_cannot_be_told_delivers_again() -> None:
    """It is counted, and no defect."""

    async def run() -> Desk:
        desk = Desk()
        await desk.take(Asked(is_gone=True), kept)
        return desk

    assert asyncio.run(run()).counts.unacknowledged == 1


def test_what_takes_long_is_told_to_be_under_way() -> None:
    """As often as the broker wants to hear it, and no more when it is answered."""

    async def run() -> list[str]:
        desk, delivery = Desk(), Asked()
        taking = asyncio.create_task(desk.stream.take(delivery))
        await desk.intake.is_asked.wait()
        for _ in range(3):
            desk.now += 4.0
            await desk.stream.extend(8.0)
        kept(desk.intake.waiting[0])
        await taking
        desk.now += 100.0
        await desk.stream.extend(8.0)
        return delivery.asked

    assert asyncio.run(run()) == ["extend", "keep"]
