"""
One connection to a NATS broker, by FastStream: a pull consumer of JetStream, each message acknowledged by itself.

FastStream connects, pulls, and hands messages over; it is never let reconnect by itself. Where the connection breaks,
or the consumer is gone, the session has ended, and who opened it opens another one: so there is one place that waits,
reads secrets anew, and says what is wrong. What was under way then is delivered again, and known by its key.

Source: docs.nats.io, JetStream consumers.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from translator import listening
from translator.accept.nats_broker import ANSWER_S, GRACE_S, broker_of, connect_s
from translator.accept.nats_fetches import Fetches
from translator.accept.nats_grounds import FETCH_S, Grounds, look_at
from translator.accept.nats_message import INTAKE, MSG_ID, NatsDelivery
from translator.accept.nats_words import AWAY, FAILED, FORBIDDEN, NO_PLACE, forbids, spoken
from translator.accept.stream import Stream, StreamSilentError, StreamUnavailableError
from translator.accept.stream_outcome import Telling
from translator.config_streams import NatsIntake

if TYPE_CHECKING:
    from faststream.nats import NatsBroker
    from nats.aio.msg import Msg
    from nats.js import JetStreamContext

DEFECT = "a message could not be taken in, by a defect of ours: see the log"

_log = logging.getLogger("translator.nats")


class NatsSession:
    """One connection, from `open` to `close`; lives in one event loop."""

    def __init__(self, settings: NatsIntake, stream: Stream) -> None:
        self._settings = settings
        self._stream = stream
        self._ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._broker: NatsBroker | None = None
        self._jetstream: JetStreamContext | None = None
        self._extending: asyncio.Task[None] | None = None
        self._is_mute = False

    async def open(self) -> None:
        """
        Connect, and begin to take messages in.

        Raises: StreamUnavailableError where the broker is away, refuses us, or lacks what is consumed.
        """
        try:
            with spoken():
                async with asyncio.timeout(connect_s(self._settings)):
                    broker = self._broker = broker_of(self._settings, self._closed, self._noted)
                    client = await broker.connect()
                    grounds = await look_at(client, self._settings, self._stream.ledger_name)
                    self._jetstream = client.jetstream(timeout=ANSWER_S)
                    subscriber = self._subscribe(broker)
                    await broker.start()
        except StreamSilentError:
            if self._ended.done() and (why := self._ended.result()):
                raise StreamUnavailableError(why) from None
            raise
        subscriber.subscription = Fetches(subscriber.subscription, self._stream, grounds, self._ended, self._end)
        self._extending = asyncio.create_task(self._extend(grounds.ack_wait_s / 3))

    async def ended(self) -> str:
        """Wait until nothing more comes by this connection; tells why."""
        return await asyncio.shield(self._ended)

    async def publish(self, telling: Telling) -> None:
        """
        Publish an outcome; on return the broker has it.

        Raises: StreamUnavailableError where the broker does not say so.
        """
        if self._jetstream is None or self._ended.done():
            raise StreamUnavailableError(AWAY)
        headers = {MSG_ID: telling.id, "content-type": "application/json"}
        publishing = asyncio.create_task(
            self._jetstream.publish(self._settings.outcomes, telling.body, timeout=ANSWER_S, headers=headers)
        )
        over: asyncio.Future[Any] = self._ended
        await asyncio.wait({publishing, over}, return_when=asyncio.FIRST_COMPLETED)
        if not publishing.done():
            # Nobody answers any more.
            publishing.cancel()
            raise StreamUnavailableError(AWAY)
        try:
            with spoken(NO_PLACE):
                publishing.result()
        except StreamSilentError:
            if self._is_mute:
                raise StreamUnavailableError(FORBIDDEN) from None
            raise
        except (ValueError, TypeError, KeyError):
            # Whoever answers there is no JetStream.
            raise StreamUnavailableError(FAILED) from None

    async def close(self) -> None:
        """Fetch nothing more, finish what has begun, and hang up."""
        self._end("")
        if self._extending is not None:
            # What is finished now may take its time, too.
            asyncio.get_running_loop().call_later(GRACE_S, self._extending.cancel)
        if self._broker is not None:
            with suppress(StreamUnavailableError), spoken():
                async with asyncio.timeout(GRACE_S + ANSWER_S):
                    await self._broker.stop()
        if self._extending is not None:
            self._extending.cancel()

    def _subscribe(self, broker: NatsBroker) -> Any:
        from faststream import AckPolicy  # noqa: PLC0415 - as above
        from faststream.nats import JStream, PullSub  # noqa: PLC0415

        subscriber = broker.subscriber(
            self._settings.subjects[0] if self._settings.subjects else ">",
            stream=JStream(self._settings.stream, declare=False),
            durable=self._settings.durable,
            pull_sub=PullSub(batch_size=self._settings.in_flight, timeout=FETCH_S),
            ack_policy=AckPolicy.MANUAL,
            no_reply=True,
            parser=_bare,
            decoder=_as_it_is,
        )
        subscriber(self._take)
        return subscriber

    async def _take(self, message: Any) -> None:
        try:
            publish = self.publish if self._settings.outcomes else None
            await self._stream.take(NatsDelivery(message.raw_message, self._settings.way, publish))
        finally:
            # FastStream would pass over it without a word.
            error = sys.exception()
            if error is not None and not isinstance(error, asyncio.CancelledError):
                place = listening.PlaceFormatter().formatException((type(error), error, error.__traceback__))
                _log.error("a message was not taken in, by a defect: %s", place)
                self._end(DEFECT)

    async def _extend(self, every_s: float) -> None:
        while True:
            await asyncio.sleep(every_s)
            with suppress(StreamUnavailableError):
                await self._stream.extend(every_s)

    async def _closed(self) -> None:
        self._end(AWAY)

    async def _noted(self, error: Exception) -> None:
        # What is forbidden nobody answers: nothing would come, or each message again and again, and all looked well.
        what = forbids(error, self._settings.outcomes)
        self._is_mute |= what == "outcomes"
        if what == "all":
            self._end(FORBIDDEN)

    def _end(self, why: str) -> None:
        if not self._ended.done():
            self._ended.set_result(why)


async def examine(settings: NatsIntake) -> Grounds:
    """
    Connect, look, and hang up; nothing is made or taken.

    Raises: StreamUnavailableError where the broker is away, refuses us, or lacks what is consumed.
    """
    with spoken():
        async with asyncio.timeout(connect_s(settings)):
            broker = broker_of(settings)
            client = await broker.connect()
            try:
                return await look_at(client, settings, only_looks=True)
            finally:
                await broker.stop()


async def _bare(message: Msg) -> Any:
    """Wrap a message for FastStream, whose own wrapping asks the system for two random names."""
    from faststream.nats.message import NatsMessage  # noqa: PLC0415 - as above

    return NatsMessage(raw_message=message, body=b"", correlation_id=INTAKE, message_id=INTAKE)


async def _as_it_is(message: Any) -> Any:
    """Keep FastStream from reading what comes."""
    return message
