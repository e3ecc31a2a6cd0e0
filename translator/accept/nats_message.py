"""
Know a message of NATS JetStream: where it stands, by what it is known again, and how it is answered.

A message is known by what its publisher calls it (`Nats-Msg-Id`) together with its bytes; without such a name, by its
number in the stream and the nanosecond in which the stream took it. So a stream that was made anew and counts from one
is no stream of repeats, nor is a publisher that uses a name twice for different messages.

Source: docs.nats.io, reference of the JetStream wire API (acknowledgements, headers).
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from translator.accept.nats_words import spoken
from translator.accept.stream import Arrived
from translator.accept.stream_outcome import Telling, not_kept
from translator.ledger import Follow

if TYPE_CHECKING:
    from nats.aio.msg import Msg

INTAKE = "nats"
MSG_ID = "Nats-Msg-Id"
TRACEPARENT = "traceparent"

_LONGEST_NAME = 1024
_SHORT_REPLY = 9


class Delivered(NamedTuple):
    """Where a message stands in its stream, as the subject of its acknowledgement says."""

    stream: str
    sequence: int
    moment: str

    @classmethod
    def of(cls, reply: str) -> Delivered:
        """
        Read the subject that a message is acknowledged to.

        Shape: `$JS.ACK.<stream>.<consumer>.<times>.<sequence>.<n>.<moment>.<pending>`; from some servers on domain and
        account stand before the stream, and a token may stand at the end.
        """
        tokens = reply.split(".")
        first = 2 if len(tokens) == _SHORT_REPLY else 4
        return cls(tokens[first], int(tokens[first + 3]), tokens[first + 5])


def key_of(delivered: Delivered, sent_as: str, raw: bytes) -> str:
    """Name a message so that it is known when it is delivered, or published, again. (pure)"""
    if sent_as:
        return "\n".join((INTAKE, delivered.stream, "id", sent_as, hashlib.sha256(raw).hexdigest()))
    return "\n".join((INTAKE, delivered.stream, "number", str(delivered.sequence), delivered.moment))


def traceparent_of(headers: Mapping[str, str]) -> str:
    """Find what a publisher says of its trace: NATS keeps the case of a header's name, and clients differ. (pure)"""
    return next((value for name, value in headers.items() if name.lower() == TRACEPARENT), "")


class NatsDelivery:
    """One message of a pull consumer; `publish` tells its publisher something, where anybody is told."""

    def __init__(self, message: Msg, way: str, publish: Callable[[Telling], Awaitable[None]] | None) -> None:
        self._message = message
        self._publish = publish
        delivered = Delivered.of(message.reply)
        sent_as = (message.header or {}).get(MSG_ID, "")[:_LONGEST_NAME]
        follow = Follow(way, delivered.stream, delivered.sequence, sent_as)
        key, context = key_of(delivered, sent_as, message.data), traceparent_of(message.header or {})
        self.arrived = Arrived(message.data, INTAKE, key, follow, context)

    async def keep(self) -> None:
        """Tell that it is kept."""
        with spoken():
            await self._message.ack()

    async def again(self, delay_s: float) -> None:
        """Have it delivered again, after so many seconds."""
        with spoken():
            await self._message.nak(delay=delay_s)

    async def extend(self) -> None:
        """Tell that it is under way."""
        with spoken():
            await self._message.in_progress()

    async def refuse(self) -> None:
        """Tell the publisher that it is not kept, and the broker that it is never to be delivered again."""
        if self._publish is not None:
            await self._publish(not_kept(self.arrived.follow, self.arrived.key))
        with spoken():
            await self._message.term()
