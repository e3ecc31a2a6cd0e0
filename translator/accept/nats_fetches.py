"""
Fetch messages from a pull consumer, as many at a time as there is room for.

A broker hangs up on a client that has asked for more than it can take just then (64 MiB, by default), and what was on
its way comes again half a minute later. How large the next messages are nobody says: so the first is fetched alone, and
then twice as many each time, as long as messages of the size of the last ones would fit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from translator.accept.nats_grounds import Grounds
from translator.accept.nats_words import GONE, spoken
from translator.accept.stream import Stream, StreamSilentError, StreamUnavailableError

if TYPE_CHECKING:
    from nats.aio.msg import Msg
    from nats.js import JetStreamContext

ROOM = 24 << 20
"""How many bytes are fetched at a time, if messages are as large as those before."""


class Fetches:
    """
    What FastStream pulls from.

    FastStream asks again at once, whatever went wrong: where nobody answers, that would keep the loop busy, and where
    the connection is closed, for ever. So what goes wrong here ends the session, and nothing more is asked for.
    """

    def __init__(
        self,
        pulled: JetStreamContext.PullSubscription,
        stream: Stream,
        grounds: Grounds,
        ended: asyncio.Future[str],
        end: Callable[[str], None],
    ) -> None:
        self._pulled = pulled
        self._stream = stream
        self._grounds = grounds
        self._ended = ended
        self._end = end
        self._batch = 1

    async def fetch(self, batch: int, timeout: float) -> list[Msg]:  # noqa: ARG002, ASYNC109 - what FastStream calls
        """Give what has come, or nothing."""
        if closed_s := self._stream.closed_s:
            await asyncio.sleep(closed_s)
        try:
            with spoken(GONE):
                found = await self._pulled.fetch(batch=self._batch, timeout=self._grounds.fetch_s)
                self._batch = following(
                    self._batch, self._grounds.most, max((len(one.data) for one in found), default=0)
                )
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


def following(batch: int, most: int, largest: int) -> int:
    """Tell how many messages to fetch next, where the largest of these many was of so many bytes. (pure)"""
    return max(1, min(2 * batch, most, ROOM // max(1, largest)))
