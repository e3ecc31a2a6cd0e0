"""
Serve one MLLP connection: frames in, each to the intake, answers out in the order of the frames.

Theory of operation: what is whole goes to the intake at once, up to a bounded number and size; then nothing more is
read until answers have left, so a sender that pipelines, or does not read, waits in its own socket. An answer leaves
when it and all before it are there. Everything runs in the server's event loop; only the intake's "done" comes from
outside.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from typing import Protocol, cast

from msgspec import Struct

from translator.accept.ack import CONTENT, Verdict, acknowledge
from translator.accept.ack_header import AckHeader, read_ack_header
from translator.accept.mllp_counts import MllpCounts
from translator.accept.mllp_pending import Pending
from translator.intake import Intake, Taken
from translator.read.mllp import Frames, FrameTooLargeError
from translator.write.mllp import frame

# Nothing, by which some peers say that they are still there; and the commits of MLLP release 2, which answer an answer.
_NO_MESSAGES = frozenset({b"", b"\x06", b"\x15"})

MOST_IN_FLIGHT = 32
SETTLE_S = 0.1
"""How long the carriage return behind 0x1C may be under way before its absence counts."""
LINGER_S = 2.0
"""How long a peer that is let go may take to read what was said to it."""


class Limits(Struct, frozen=True):
    """
    What one connection may take.

    Units: `largest` in bytes of one message; the others in seconds: a silence or a message under way, and a peer that
    does not read its answers.
    """

    largest: int
    idle_s: float
    write_s: float


class Port(Protocol):
    """What a connection has of its port."""

    intake: Intake
    site: str
    limits: Limits
    counts: MllpCounts
    answered: Callable[[str, float], None]
    clock: Callable[[], float]

    @property
    def charsets(self) -> Mapping[str, str]:
        """The codec of each charset that MSH-18 may name."""

    def landed(self, connection: Connection) -> None:
        """Have the connection answer; called from any thread."""

    def joined(self, connection: Connection) -> None:
        """Know a connection."""

    def left(self, connection: Connection) -> None:
        """Forget a connection."""


class Connection(asyncio.Protocol):
    """One sender's connection."""

    def __init__(self, server: Port, *, is_tls: bool) -> None:
        self._server = server
        self._loop = asyncio.get_running_loop()
        self._frames = Frames(server.limits.largest, patient=True)
        self._waiting: deque[bytes] = deque()
        self._pending: deque[Pending] = deque()
        self._in_flight = self._passed_over = 0
        self._is_tls = is_tls
        self._is_blocked = self._is_paused = False
        # The peer sends no more; we take no more; we do not even look at it; we have closed.
        self._has_ended = self._is_ending = self._is_deaf = self._is_closed = False
        self.is_made = False
        self._since = self._loop.time()
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)
        self.is_made = True
        self._server.joined(self)
        self._after("idle", self._server.limits.idle_s, self._look_whether_idle)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Forget it; what the intake has is kept, and answered when it comes again."""
        self._is_ending = self._is_deaf = True
        for timer in self._timers.values():
            timer.cancel()
        self._waiting.clear()
        self._pending.clear()
        self._server.left(self)

    def data_received(self, data: bytes) -> None:
        """Take bytes in."""
        if self._is_deaf:
            self._pass_over(data)
            return
        was_open = self._frames.is_open
        try:
            found = self._frames.feed(data)
        except FrameTooLargeError as error:
            self._refuse_too_large(error)
            return
        if found or self._frames.is_open != was_open:
            # Only frames are signs of life; a peer that sends anything else is as good as silent.
            self._since = self._loop.time()
        if self._frames.is_settling:
            self._after("settle", SETTLE_S, self._settle)
        self._waiting.extend(found)
        self._go_on()

    def eof_received(self) -> bool:
        """Answer what is owed to a peer that will send no more; half-closed TLS does not exist."""
        self._has_ended = True
        if self._is_deaf:
            return False
        self._settle()
        if self._frames.is_open:
            self._server.counts.truncated += 1
        self.end()
        return not self._is_tls

    def pause_writing(self) -> None:
        """Read no more from a peer that does not read."""
        self._is_blocked = True
        self._after("write", self._server.limits.write_s, self._give_up)

    def resume_writing(self) -> None:
        """Go on with a peer that has read."""
        self._is_blocked = False
        self._timers.pop("write").cancel()
        self._go_on()

    def end(self) -> None:
        """Take no more, and close when everything that is whole is answered."""
        self._is_ending = True
        self._go_on()

    def abort(self) -> None:
        """Close now."""
        self._transport.abort()

    def answer(self) -> None:
        """Write what is owed and known, in order, and go on."""
        is_done = False
        try:
            if not self._transport.is_closing():
                self._go_on()
            is_done = True
        finally:
            if not is_done:
                # A defect: nobody would ever answer what is owed here.
                self.abort()

    def _go_on(self) -> None:
        """Hand in what may be handed in, write what is known, and read on if there is room."""
        self._hand_in()
        while self._write_known():
            self._hand_in()
        if self._is_ending and not (self._waiting or self._pending):
            self._close()
        else:
            self._read_on(is_wanted=not (self._is_ending or self._waiting or self._is_full()))

    def _hand_in(self) -> None:
        while self._waiting and not self._is_full():
            self._take(self._waiting.popleft())

    def _write_known(self) -> bool:
        """Write the answers up to the first that is not known; tell whether there was any."""
        frames: list[bytes] = []
        before = len(self._pending)
        while self._pending:
            taken = self._pending[0].taken()
            verdict = self._pending[0].verdict(taken)
            if verdict is None:
                break
            self._server.counts.repeats += taken is not None and taken.is_repeat
            frames += self._answers(self._pending.popleft(), verdict, taken)
        if len(self._pending) == before:
            return False
        self._since = self._loop.time()
        self._transport.write(b"".join(frames))
        return True

    def _is_full(self) -> bool:
        is_much = len(self._pending) >= MOST_IN_FLIGHT or self._in_flight > self._server.limits.largest
        return is_much or self._is_blocked

    def _read_on(self, *, is_wanted: bool) -> None:
        if is_wanted == self._is_paused and not self._transport.is_closing():
            self._is_paused = not is_wanted
            (self._transport.resume_reading if is_wanted else self._transport.pause_reading)()

    def _take(self, raw: bytes) -> None:
        if raw.strip() in _NO_MESSAGES:
            return
        server = self._server
        header = read_ack_header(raw, server.charsets)
        if header is not None and header.is_acknowledgement:
            server.counts.acknowledgements += 1
            return
        server.counts.received += 1
        pending = self._owe(header, len(raw))
        pending.hand_in(server.intake, server.site, raw)
        if pending.future is not None:
            pending.future.add_done_callback(lambda _: server.landed(self))

    def _owe(self, header: AckHeader | None, size: int, became: str = "") -> Pending:
        pending = Pending(header, size, self._loop.time(), self._server.clock(), became)
        self._pending.append(pending)
        self._in_flight += size
        return pending

    def _answers(self, pending: Pending, verdict: Verdict, taken: Taken | None) -> list[bytes]:
        self._in_flight -= pending.size
        server, took = self._server, self._loop.time() - pending.since
        found = acknowledge(pending.header, verdict)
        pending.answered(server.intake.tracer, taken, [one.code for one in found])
        for one in found:
            server.counts.answered[one.code] += 1
            server.answered(one.code, took)
        return [frame(one.raw) for one in found]

    def _refuse_too_large(self, error: FrameTooLargeError) -> None:
        """Say so behind what came before, and let the peer go: where its next frame begins is not known."""
        self._server.counts.too_large += 1
        self._waiting.extend(error.before)
        header = read_ack_header(error.beginning, self._server.charsets)
        self._is_deaf = True
        while self._waiting:
            self._take(self._waiting.popleft())
        self._owe(header, 0, CONTENT)
        self.end()

    def _settle(self) -> None:
        """Take a frame whose end has no carriage return behind it."""
        found = self._frames.settle()
        if found:
            self._since = self._loop.time()
            self._waiting.extend(found)
            self._go_on()

    def _close(self) -> None:
        """Close so that the peer can read what was said: what it still sends would take that away from it."""
        if self._is_closed:
            return
        self._is_closed = self._is_deaf = True
        if self._has_ended or not self._transport.can_write_eof():
            self._transport.close()
        else:
            self._transport.write_eof()
            self._read_on(is_wanted=True)
        self._after("linger", LINGER_S, self.abort)

    def _pass_over(self, data: bytes) -> None:
        """Let a peer finish that is being let go; what is more than a message of it is not waited for."""
        self._passed_over += len(data)
        if self._passed_over > self._server.limits.largest:
            self.abort()

    def _give_up(self) -> None:
        self._server.counts.timeouts += 1
        self.abort()

    def _look_whether_idle(self) -> None:
        idle_s = self._server.limits.idle_s
        left = self._since + idle_s - self._loop.time()
        if self._pending:
            left = idle_s
        if left > 0:
            self._after("idle", left, self._look_whether_idle)
        else:
            self._give_up()

    def _after(self, name: str, seconds: float, then: Callable[[], None]) -> None:
        if (timer := self._timers.get(name)) is not None:
            timer.cancel()
        self._timers[name] = self._loop.call_later(seconds, then)
