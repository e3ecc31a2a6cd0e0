"""
Wait for callers of HTTP only so long: for the head of a call, for the whole of it, and for so many of them at once.

uvicorn itself waits for ever for a call that comes byte by byte, and lets every connection in: a few hundred of them
would take the process's file handles, and with them the ledger. Where too many are connected, a new caller takes the
place of the one that has been silent longest.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import ClassVar

import h11
from msgspec import Struct
from uvicorn.protocols.http.h11_impl import H11Protocol

MALFORMED, LATE = 400, 408
"""How a call is answered that is no HTTP, and one whose head does not come."""

_HEADERS = [(b"content-type", b"application/problem+json"), (b"cache-control", b"no-store"), (b"connection", b"close")]
_REASONS = {MALFORMED: b"Bad Request", LATE: b"Request Timeout"}


class Patience(Struct, frozen=True):
    """
    What one listener waits for.

    Units: `head_s` in seconds from the connection, or from the last answer, to the end of a head; `call_s` from there
    to the end of the body, answered or not; `connections` at once.
    """

    head_s: float = 20.0
    call_s: float = 90.0
    connections: int = 256


class PatientProtocol(H11Protocol):
    """
    One connection of a caller.

    Shape: `refusals` are the bodies of the answers that are given before there is a call, by status.
    """

    patience: ClassVar[Patience] = Patience()
    refusals: ClassVar[Mapping[int, bytes]] = {}

    _timer: asyncio.TimerHandle | None = None
    _awaited: object = None
    _silent_since: float = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Let a caller in."""
        super().connection_made(transport)
        self._watch()
        if len(self.connections) > self.patience.connections:
            self._make_room()

    def data_received(self, data: bytes) -> None:
        """Take what came."""
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """Go on with what comes after an answer."""
        super().on_response_complete()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget a caller that is gone."""
        self._stop_watching()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's words
        """Answer what is no HTTP; after an answer has begun, only hang up."""
        self._refuse(MALFORMED)

    def _watch(self) -> None:
        """Begin to wait where something else is awaited than before."""
        state = self.conn.their_state
        awaited = (state, self.cycle) if state in (h11.IDLE, h11.SEND_BODY) else None
        if awaited == self._awaited:
            return
        self._stop_watching()
        self._awaited = awaited
        if state is h11.IDLE:
            self._silent_since = time.monotonic()
            self._timer = self.loop.call_later(self.patience.head_s, self._refuse, LATE)
        elif state is h11.SEND_BODY:
            # The application has said what it has to say, or hears of the end.
            self._timer = self.loop.call_later(self.patience.call_s, self.transport.abort)

    def _stop_watching(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refuse(self, status: int) -> None:
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            body = self.refusals.get(status, b"")
            head = h11.Response(
                status_code=status,
                headers=[*_HEADERS, (b"content-length", b"%d" % len(body))],
                reason=_REASONS[status],
            )
            for event in (head, h11.Data(data=body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _make_room(self) -> None:
        """Close the connection that has been silent longest; where all have a call under way, the new one."""
        silent = [
            one
            for one in self.connections
            if isinstance(one, PatientProtocol) and one.conn.their_state is h11.IDLE and one is not self
        ]
        longest = min(silent, key=lambda one: one._silent_since, default=self)  # noqa: SLF001 - one of ours
        longest.transport.abort()
