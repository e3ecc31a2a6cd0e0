"""
Serve MLLP in a thread of its own: who may connect, how many, and when it ends.

Connections are accepted here and not by asyncio's server, so that who may not connect is let go before TLS begins. The
socket is bound before the thread starts: an address that cannot be had is an error of the settings, told at once.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

from translator import listening
from translator.accept.callers import is_within
from translator.accept.listener import bind
from translator.accept.mllp_connection import LINGER_S, Connection, Limits
from translator.accept.mllp_counts import MllpCounts
from translator.accept.mllp_tls import tls_of
from translator.config_intakes import MllpIntake
from translator.intake import Intake

GRACE_S = 10.0
"""How long what has begun may take after the stop."""
WRITE_S = 60.0
_WHEN_FULL_S = 0.5
_TLS_TIMES = {"ssl_handshake_timeout": 10.0, "ssl_shutdown_timeout": LINGER_S}

_log = logging.getLogger("translator.mllp")


def _ignore(_code: str, _seconds: float) -> None:
    """Tell nobody."""


class MllpServer:
    """
    One MLLP port; as a context manager it serves while the block runs, and then finishes what has begun.

    Shape: the intake must be open as long. `answered` is called in the server's thread with the code of each answer and
    the seconds since its message was handed to the intake. `finished` is done when the server works no more, and says
    why it failed.
    Raises: ConfigError where the address cannot be had, or the certificate cannot be used.
    """

    def __init__(
        self,
        intake: Intake,
        settings: MllpIntake,
        *,
        answered: Callable[[str, float], None] = _ignore,
        clock: Callable[[], float] = time.time,
        grace_s: float = GRACE_S,
        write_s: float = WRITE_S,
    ) -> None:
        self.intake = intake
        self.site = settings.site
        self.limits = Limits(settings.largest_mb << 20, settings.idle_s, write_s)
        self.counts = MllpCounts()
        self.answered = answered
        self.clock = clock
        self.finished: Future[None] = Future()
        self._settings = settings
        self._grace_s = grace_s
        self._tls = tls_of(settings)
        self._socket = bind(*settings.address, "mllp")
        self._socket.settimeout(0)
        self._bound: tuple[str, int] = self._socket.getsockname()[:2]
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mllp")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._started: Future[asyncio.Event] = Future()
        self._greeted: set[asyncio.Task[None]] = set()
        self._connections: set[Connection] = set()
        self._landed: deque[Connection] = deque()
        self._is_told = False

    @property
    def port(self) -> int:
        """The port that was taken."""
        return self._bound[1]

    @property
    def address(self) -> str:
        """Host and port, as senders connect to it."""
        host, port = self._bound
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    @property
    def charsets(self) -> Mapping[str, str]:
        """The codec of each charset that MSH-18 may name."""
        return self.intake.tables.sites.default.tables.charsets

    def check(self) -> None:
        """
        Read the certificates again, and change nothing.

        Raises: ConfigError where they cannot be used.
        """
        tls_of(self._settings)

    def renew(self) -> None:
        """
        Read the certificates again; connections from now on use them.

        Raises: ConfigError where they cannot be used; then those of before stay.
        """
        self._tls = tls_of(self._settings)

    def __enter__(self) -> Self:
        self.finished = self._thread.submit(self._run)
        self._started.result()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._call(self._started.result().set)
        self._thread.shutdown()
        # It is closed already, unless the thread failed.
        self._socket.close()

    # What connections call.

    def joined(self, connection: Connection) -> None:
        """Know a connection."""
        self._connections.add(connection)

    def left(self, connection: Connection) -> None:
        """Forget a connection."""
        self._connections.discard(connection)
        self._release()

    def landed(self, connection: Connection) -> None:
        """Have the connection answer; called from any thread, once for many answers where they come at once."""
        self._landed.append(connection)
        if not self._is_told:
            self._is_told = True
            self._call(self._answer_landed)

    def _answer_landed(self) -> None:
        # In this order, or what lands just now would be told to nobody.
        self._is_told = False
        for connection in {self._landed.popleft() for _ in range(len(self._landed))}:
            asyncio.get_running_loop().call_soon(connection.answer)

    def _call(self, called: Callable[[], None]) -> None:
        """Have something called in the event loop, if it still runs."""
        try:
            if self._loop is not None:
                self._loop.call_soon_threadsafe(called)
        except RuntimeError:
            # It ended meanwhile: nobody waits for this any more.
            return

    # The thread.

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop.set_exception_handler(self._end_by_defect)
        self._gone, stop = asyncio.Event(), asyncio.Event()
        self._started.set_result(stop)
        async with asyncio.TaskGroup() as tasks:
            accepting = tasks.create_task(self._accept(tasks))
            await stop.wait()
            for task in (accepting, *self._greeted):
                task.cancel()
            self._socket.close()
            await self._end()

    async def _accept(self, tasks: asyncio.TaskGroup) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                peer, address = await loop.sock_accept(self._socket)
            except OSError:
                # No file handles are left: one more may be free when a connection ends, whoever's that is.
                await asyncio.sleep(_WHEN_FULL_S)
                continue
            if self._admits(address[0]):
                self.counts.connections += 1
                greeting = tasks.create_task(self._welcome(peer))
                self._greeted.add(greeting)
                greeting.add_done_callback(self._greeted.discard)
            else:
                peer.close()

    def _admits(self, address: str) -> bool:
        if self._settings.allow and not is_within(address, self._settings.allow):
            self.counts.not_allowed += 1
            return False
        if self.counts.connections >= self._settings.connections:
            self.counts.above_limit += 1
            return False
        return True

    async def _welcome(self, peer: socket.socket) -> None:
        tls = self._tls
        options: dict[str, Any] = dict(_TLS_TIMES) if tls else {}
        connection = Connection(self, is_tls=tls is not None)
        try:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            await asyncio.get_running_loop().connect_accepted_socket(lambda: connection, peer, ssl=tls, **options)
        except OSError:
            # It went away, or TLS was not agreed on.
            self.counts.not_agreed += 1
        finally:
            if not connection.is_made:
                self._release()

    def _release(self) -> None:
        self.counts.connections -= 1
        if not self.counts.connections:
            self._gone.set()

    async def _end(self) -> None:
        """Answer what is under way, within bounds."""
        for connection in tuple(self._connections):
            connection.end()
        try:
            async with asyncio.timeout(self._grace_s):
                await self._all_gone()
        except TimeoutError:
            for connection in tuple(self._connections):
                connection.abort()
            await self._all_gone()

    async def _all_gone(self) -> None:
        while self.counts.connections:
            self._gone.clear()
            await self._gone.wait()

    def _end_by_defect(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """End the one connection in which a defect showed; the text of an error could quote a message."""
        self.counts.defects += 1
        error = context.get("exception")
        place = listening.PlaceFormatter().formatException((type(error), error, error.__traceback__)) if error else ""
        _log.error("a connection was ended by a defect: %s", place or context.get("message", ""))
        if (transport := context.get("transport")) is not None:
            transport.abort()
