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
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from translator import listening
from translator.accept.nats_access import security_of
from translator.accept.nats_grounds import AWAY, Grounds, look_at, spoken
from translator.accept.nats_message import INTAKE, MSG_ID, NatsDelivery
from translator.accept.stream import Stream, StreamSilentError, StreamUnavailableError
from translator.accept.stream_outcome import Telling
from translator.config_streams import NatsIntake

if TYPE_CHECKING:
    from faststream.nats import NatsBroker
    from nats.aio.msg import Msg
    from nats.js import JetStreamContext

CONNECT_S = 10.0
ANSWER_S = 5.0
"""How long the broker may take to answer, in seconds."""

FETCH_S = 5.0
GRACE_S = 10.0
"""How long what has begun may take after the stop, in seconds."""

DEFECT = "a message could not be taken in, by a defect of ours: see the log"

_PING_S = 5
_HANG_UP_S = 1.0

_log = logging.getLogger("translator.nats")


class NatsSession:
    """One connection, from `open` to `close`; lives in one event loop."""

    def __init__(self, settings: NatsIntake, stream: Stream) -> None:
        self._settings = settings
        self._stream = stream
        self._ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._broker: NatsBroker | None = None
        self._extending: asyncio.Task[None] | None = None
        self._outcomes_stream = ""

    async def open(self) -> None:
        """
        Connect, and begin to take messages in.

        Raises: StreamUnavailableError where the broker is away, refuses us, or lacks what is consumed.
        """
        with spoken():
            async with asyncio.timeout(CONNECT_S):
                broker = self._broker = _broker(self._settings, self._closed)
                client = await broker.connect()
                grounds = await look_at(client.jetstream(timeout=ANSWER_S), self._settings)
                self._outcomes_stream = grounds.outcomes_stream
                subscriber = self._subscribe(broker)
                await broker.start()
        subscriber.subscription = _Fetches(subscriber.subscription, self._stream, self._ended, self._end)
        self._extending = asyncio.create_task(self._extend(grounds.ack_wait_s / 3))

    async def ended(self) -> str:
        """Wait until nothing more comes by this connection; tells why."""
        return await asyncio.shield(self._ended)

    async def publish(self, telling: Telling) -> None:
        """
        Publish an outcome; on return the broker has it.

        Raises: StreamUnavailableError where the broker does not say so.
        """
        if self._broker is None or self._ended.done():
            raise StreamUnavailableError(AWAY)
        headers = {MSG_ID: telling.id, "content-type": "application/json"}
        publishing = asyncio.create_task(
            self._broker.publish(
                telling.body, self._settings.outcomes, headers, stream=self._outcomes_stream, timeout=ANSWER_S
            )
        )
        over: asyncio.Future[Any] = self._ended
        await asyncio.wait({publishing, over}, return_when=asyncio.FIRST_COMPLETED)
        if not publishing.done():
            # Nobody answers any more.
            publishing.cancel()
            raise StreamUnavailableError(AWAY)
        with spoken():
            publishing.result()

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

    def _end(self, why: str) -> None:
        if not self._ended.done():
            self._ended.set_result(why)


class _Fetches:
    """
    What FastStream pulls from.

    FastStream asks again at once, whatever went wrong: where nobody answers, that would keep the loop busy, and where
    the connection is closed, for ever. So what goes wrong here ends the session, and nothing more is asked for.
    """

    def __init__(
        self,
        pulled: JetStreamContext.PullSubscription,
        stream: Stream,
        ended: asyncio.Future[str],
        end: Callable[[str], None],
    ) -> None:
        self._pulled = pulled
        self._stream = stream
        self._ended = ended
        self._end = end

    async def fetch(self, batch: int, timeout: float) -> list[Msg]:  # noqa: ASYNC109 - what FastStream calls
        """Give what has come, or nothing."""
        if closed_s := self._stream.closed_s:
            await asyncio.sleep(closed_s)
        try:
            with spoken():
                found = await self._pulled.fetch(batch=batch, timeout=timeout)
                if not self._ended.done():
                    return found
                # Nobody takes them here any more.
                for message in found:
                    await message.nak()
        except StreamSilentError:
            if not self._ended.done():
                return []
        except StreamUnavailableError as error:
            self._end(str(error))
        await asyncio.get_running_loop().create_future()
        return []

    async def unsubscribe(self) -> None:
        """Ask for nothing more."""
        with suppress(StreamUnavailableError), spoken():
            await self._pulled.unsubscribe()


async def examine(settings: NatsIntake) -> Grounds:
    """
    Connect, look, and hang up; nothing is made or taken.

    Raises: StreamUnavailableError where the broker is away, refuses us, or lacks what is consumed.
    """
    with spoken():
        async with asyncio.timeout(CONNECT_S):
            broker = _broker(settings)
            client = await broker.connect()
            try:
                return await look_at(client.jetstream(timeout=ANSWER_S), settings, only_looks=True)
            finally:
                await broker.stop()


def _broker(settings: NatsIntake, closed: Callable[[], Awaitable[None]] | None = None) -> NatsBroker:
    from faststream.nats import NatsBroker  # noqa: PLC0415 - heavy, and only where there is a stream
    from nats.aio.client import Client  # noqa: PLC0415 - as above
    from nats.errors import NoServersError  # noqa: PLC0415

    causes: deque[Exception] = deque(maxlen=1)

    async def note(error: Exception) -> None:
        causes.append(error)

    class Closing(NatsBroker):
        """FastStream's own leaves the connection open where the broker refuses us, and does not say why it is away."""

        async def _connect(self) -> Client:
            client = Client()
            try:
                await client.connect(**self._connection_kwargs)
            except NoServersError as error:
                raise (causes[0] if causes else error) from None
            finally:
                if not client.is_connected:
                    # After a TLS that was not agreed on, nobody says that it is closed.
                    with suppress(TimeoutError):
                        async with asyncio.timeout(_HANG_UP_S):
                            await client.close()
            self.config.connect(client)
            return client

    return Closing(
        list(settings.servers),
        security=security_of(settings),
        name="translator",
        # It would put what comes into its log, and its handlers through pydantic.
        logger=None,
        apply_types=False,
        graceful_timeout=GRACE_S,
        allow_reconnect=False,
        max_reconnect_attempts=1,
        reconnect_time_wait=0,
        connect_timeout=round(ANSWER_S),
        drain_timeout=round(ANSWER_S),
        ping_interval=_PING_S,
        error_cb=note,
        closed_cb=closed,
    )


async def _bare(message: Msg) -> Any:
    """Wrap a message for FastStream, whose own wrapping asks the system for two random names."""
    from faststream.nats.message import NatsMessage  # noqa: PLC0415 - as above

    return NatsMessage(raw_message=message, body=b"", correlation_id=INTAKE, message_id=INTAKE)


async def _as_it_is(message: Any) -> Any:
    """Keep FastStream from reading what comes."""
    return message
