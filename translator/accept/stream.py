"""
Take the messages of a stream in, from whatever broker: acknowledged once they are on disk, and not before.

The broker's side (nats_session.py) hands each message over as a `Delivery`, and does what is asked of it. A message
that the ledger cannot take just now goes back to the broker for a while, and nothing is fetched meanwhile. What takes
long is told to be under way, so that the broker does not give it to somebody else.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import NamedTuple, Protocol

from translator.accept.stream_counts import StreamCounts
from translator.errors import LedgerError, LedgerUnavailableError, TranslatorError
from translator.intake import Brought, Intake, Taken
from translator.ledger import Follow
from translator.tracing import Told

FIRST_S, LONGEST_S = 1.0, 30.0
"""How long the stream is left alone when the ledger takes nothing in, in seconds: at first, and at most."""

LATER_S = 60.0
"""After how long a message comes again that the ledger did not keep, whatever it is, in seconds."""


_log = logging.getLogger("translator.stream")


class StreamUnavailableError(TranslatorError):
    """A broker cannot be used just now, in our own words; it is tried again."""


class StreamSilentError(StreamUnavailableError):
    """A broker did not answer in time."""


class Arrived(NamedTuple):
    """
    What a broker delivers.

    Shape: `intake` is the kind of broker (`nats`); `key` names the message when it is delivered again; `traceparent` is
    what its publisher says of its own trace.
    """

    raw: bytes
    intake: str
    key: str
    follow: Follow
    traceparent: str = ""

    @property
    def told(self) -> Told:
        """What a span tells of it: which broker, which stream."""
        return {
            "messaging.system": self.intake,
            "messaging.destination.name": self.follow.stream,
            "messaging.operation.name": "receive",
            "messaging.operation.type": "receive",
        }


class Delivery(Protocol):
    """One message under way; each of these raises StreamUnavailableError where the broker cannot be told."""

    @property
    def arrived(self) -> Arrived:
        """What came."""

    async def keep(self) -> None:
        """Tell that it is kept."""

    async def again(self, delay_s: float) -> None:
        """Have it delivered again, after so many seconds."""

    async def extend(self) -> None:
        """Tell that it is under way."""

    async def refuse(self) -> None:
        """Tell that it is too large, and never to be delivered again."""


class Stream:
    """
    The way of one stream's messages into the ledger; lives in one event loop.

    Shape: `follows` says whether publishers are told what became of their messages; `ledger_name` names the ledger to
    brokers.
    Units: `largest` in bytes of one message.
    """

    def __init__(
        self,
        intake: Intake,
        *,
        site: str,
        largest: int,
        follows: bool,
        counts: StreamCounts,
        ledger_name: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.ledger_name = ledger_name
        self._intake = intake
        self._site = site
        self._largest = largest
        self._follows = follows
        self._counts = counts
        self._clock = clock
        self._landings = _Landings()
        self._under_way: dict[Delivery, float] = {}
        self._pause_s = 0.0
        self._closed_until = 0.0

    async def take(self, delivery: Delivery) -> None:
        """Take one message in, and answer the broker."""
        self._counts.received += 1
        self._under_way[delivery] = self._clock()
        try:
            await self._answer(delivery)
        except StreamUnavailableError:
            # It comes again, under the same key.
            self._counts.unacknowledged += 1
        finally:
            del self._under_way[delivery]

    async def _answer(self, delivery: Delivery) -> None:
        arrived = delivery.arrived
        if len(arrived.raw) > self._largest:
            self._counts.too_large += 1
            await delivery.refuse()
            return
        follow = arrived.follow if self._follows else None
        try:
            way = arrived.intake, self._site, arrived.key
            brought = Brought(arrived.raw, *way, follow=follow, traceparent=arrived.traceparent, told=arrived.told)
            taken = await self._landings.of(self._intake.take(brought))
        except LedgerUnavailableError:
            self._counts.again += 1
            await delivery.again(self._close())
        except LedgerError as error:
            # Nobody else hears of it: a publisher waits for no answer.
            _log.error("stream-message-not-kept", extra={"text": str(error)})
            self._counts.again += 1
            await delivery.again(LATER_S)
        else:
            self._pause_s = self._closed_until = 0.0
            self._counts.taken += 1
            self._counts.repeats += taken.is_repeat
            await delivery.keep()

    def _close(self) -> float:
        """Leave the stream alone for a while, longer each time; gives the seconds."""
        now = self._clock()
        if now >= self._closed_until:
            self._pause_s = min(2 * self._pause_s, LONGEST_S) or FIRST_S
            self._closed_until = now + self._pause_s
        return self._pause_s

    @property
    def closed_s(self) -> float:
        """For how many seconds nothing is to be fetched."""
        return max(0.0, self._closed_until - self._clock())

    async def extend(self, older_than_s: float) -> None:
        """Tell the broker of what has been under way for so long that it is."""
        now = self._clock()
        for delivery, since in list(self._under_way.items()):
            if now - since >= older_than_s and delivery in self._under_way:
                self._under_way[delivery] = now
                await delivery.extend()


class _Landings:
    """Bring answers of the intake's thread into the event loop, many with one wake-up."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._landed: deque[tuple[asyncio.Future[Taken], Future[Taken]]] = deque()
        self._is_told = False

    async def of(self, answer: Future[Taken]) -> Taken:
        """Wait for an answer."""
        waiting: asyncio.Future[Taken] = self._loop.create_future()
        answer.add_done_callback(lambda done: self._land(waiting, done))
        return await waiting

    def _land(self, waiting: asyncio.Future[Taken], done: Future[Taken]) -> None:
        self._landed.append((waiting, done))
        if not self._is_told:
            self._is_told = True
            try:
                self._loop.call_soon_threadsafe(self._hand_over)
            except RuntimeError:
                # The loop ended meanwhile: nobody waits for this any more.
                return

    def _hand_over(self) -> None:
        # In this order, or what lands just now would be told to nobody.
        self._is_told = False
        for waiting, done in [self._landed.popleft() for _ in range(len(self._landed))]:
            if waiting.done():
                continue
            if (error := done.exception()) is not None:
                waiting.set_exception(error)
            else:
                waiting.set_result(done.result())
