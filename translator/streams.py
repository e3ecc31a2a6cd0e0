"""
Consume every stream of the settings, and tell publishers what became of their messages.

Theory of operation: what is to be told stands in the ledger (ledger/following.py), and goes from there only when the
broker has said that it has the outcome. Cut short between the two, the same outcome is published again under the same
name, which the broker drops. Where several hosts share the ledger, one of them tells at a time.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from types import TracebackType
from typing import Self

from translator.accept.stream import StreamUnavailableError
from translator.accept.stream_outcome import telling
from translator.accept.stream_port import ENDED, StreamPort
from translator.config_streams import NatsIntake
from translator.errands import LOOK_S, errand
from translator.errors import LedgerError, LedgerUnavailableError
from translator.intake import Intake
from translator.ledger import Ledger
from translator.ledger.bell import Bell

AT_ONCE = 256
AGAIN_S = 2.0
"""How long outcomes wait that could not be published, in seconds."""


class Streams:
    """
    The streams of a service; as a context manager they are consumed while the block runs.

    Shape: the intake must be open as long. `finished` is done when one of them works no more, and says why where that
    was a defect.
    """

    def __init__(
        self, ledger: Ledger, intake: Intake, rows: Sequence[NatsIntake], *, warn: Callable[[str], None]
    ) -> None:
        self._ledger = ledger
        self._intake = intake
        self._ledger_name = ledger.hashed("ledger", "name")
        self._rows = rows
        self._warn = warn
        self._open: dict[str, StreamPort] = {}
        self._is_open = False
        self._shared = ledger.cluster().is_set_up
        self._teller: _Teller | None = None
        self.finished: Future[None] = Future()

    def ports(self) -> Sequence[StreamPort]:
        """Give the streams that are consumed now."""
        return tuple(self._open.values())

    def __enter__(self) -> Self:
        self._is_open = True
        self.swap(self._rows)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_open = False
        # While the connections are there: what is kept last is told, too.
        self._stop_telling()
        self._close(self._open)
        if not self.finished.done():
            self.finished.set_result(None)

    def swap(self, rows: Sequence[NatsIntake]) -> None:
        """Consume what the settings say now; what they said before goes on, by the secrets and certificates of now."""
        if not self._is_open:
            return
        wanted = {row.way: row for row in rows}
        same = {way for way, port in self._open.items() if wanted.get(way) == port.settings}
        self._close(self._open.keys() - same)
        for way in same:
            self._open[way].renew()
        for way, row in wanted.items():
            if way not in same:
                port = StreamPort(self._intake, row, warn=self._warn, ledger_name=self._ledger_name)
                port.__enter__()
                self._open = self._open | {way: port}
                port.finished.add_done_callback(self._port_finished)
        tells = any(row.outcomes for row in rows)
        if tells and self._teller is None:
            self._teller = _Teller(self._ledger, self.ports, shared=self._shared)
            self._teller.finished.add_done_callback(self._port_finished)
        elif not tells:
            self._stop_telling()

    def troubles(self) -> Mapping[str, str]:
        """Say, by part, why something is not taken in, or not told."""
        return {f"nats {one.way}": one.trouble or one.untold for one in self.ports()}

    def _close(self, ways: Iterable[str]) -> None:
        closing = [self._open[way] for way in ways]
        self._open = {way: port for way, port in self._open.items() if port not in closing}
        with ThreadPoolExecutor(max_workers=max(1, len(closing))) as threads:
            # Each may have something to finish; none waits for the others.
            list(threads.map(_leave, closing))

    def _port_finished(self, done: Future[None]) -> None:
        # Those that end because they were asked to are no news.
        if (error := done.exception()) is not None and not self.finished.done():
            self.finished.set_exception(error)

    def _stop_telling(self) -> None:
        teller, self._teller = self._teller, None
        if teller is not None:
            teller.stop()


def _leave(port: StreamPort) -> None:
    port.__exit__(None, None, None)


class _Teller:
    """Tell publishers, in a thread of its own, until it is stopped."""

    def __init__(self, ledger: Ledger, ports: Callable[[], Sequence[StreamPort]], *, shared: bool) -> None:
        self._ledger = ledger
        self._ports = ports
        self._shared = shared
        self._stop = threading.Event()
        self._not_before: dict[str, float] = {}
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="outcomes")
        self._started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()
        self.finished: Future[None] = self._thread.submit(self._run)

    def stop(self) -> None:
        """Tell what is to be told now, and end."""
        loop, wake = self._started.result()
        self._stop.set()
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(wake.set)
        self._thread.shutdown()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        wake = asyncio.Event()
        self._started.set_result((asyncio.get_running_loop(), wake))
        bell = self._ledger.bell()
        ringing, waking = asyncio.create_task(bell.rings()), asyncio.create_task(wake.wait())
        try:
            while True:
                is_last = self._stop.is_set()
                is_more = await self._tell_all()
                if is_last:
                    break
                if not is_more:
                    ringing = await self._wait(bell, ringing, waking)
        finally:
            for task in (ringing, waking):
                task.cancel()
            await asyncio.gather(ringing, waking, return_exceptions=True)
            await bell.close()

    async def _wait(self, bell: Bell, ringing: asyncio.Task[None], waking: asyncio.Task[bool]) -> asyncio.Task[None]:
        """Wait for the bell or the stop, or until what a broker did not take is due again."""
        await asyncio.wait({ringing, waking}, timeout=AGAIN_S, return_when=asyncio.FIRST_COMPLETED)
        if not ringing.done():
            return ringing
        ringing.result()
        return asyncio.create_task(bell.rings())

    async def _tell_all(self) -> bool:
        """Tell by each way some of what is to be told, so that none waits for another; gives whether there is more."""
        ports, is_more = self._ports(), False
        for way in self._due():
            port = _port_of(way, ports)
            if port is None or not port.is_connected or self._rests(port.way):
                continue
            try:
                is_more |= await self._tell(port, way)
            except LedgerUnavailableError:
                # Delivery and readiness tell of that.
                self._rest(port.way, LOOK_S)
            except (StreamUnavailableError, LedgerError) as error:
                port.tell(f"outcomes are not published: {error}")
                self._rest(port.way, AGAIN_S)
        return is_more

    def _due(self) -> Sequence[str]:
        try:
            return () if self._rests("") else self._ledger.following().ways()
        except LedgerUnavailableError:
            self._rest("", LOOK_S)
            return ()

    def _rests(self, way: str) -> bool:
        return self._not_before.get(way, 0.0) > asyncio.get_running_loop().time()

    def _rest(self, way: str, seconds: float) -> None:
        self._not_before[way] = asyncio.get_running_loop().time() + seconds

    async def _tell(self, port: StreamPort, way: str) -> bool:
        """Tell what changed first; gives whether there may be more."""
        following = self._ledger.following()
        with errand(self._ledger, "outcomes", shared=self._shared) as is_ours:
            states = following.due(way, AT_ONCE) if is_ours else []
            if not states:
                return False
            published = [asyncio.wrap_future(port.publish(telling(one))) for one in states]
            became = await asyncio.gather(*published, return_exceptions=True)
            following.told([one for one, error in zip(states, became, strict=True) if error is None])
        for error in became:
            if isinstance(error, asyncio.CancelledError):
                raise StreamUnavailableError(ENDED)
            if error is not None:
                raise error
        port.tell("")
        return len(states) == AT_ONCE


def _port_of(way: str, ports: Sequence[StreamPort]) -> StreamPort | None:
    """Find who tells by a way: where none of that name is left, as after `durable` was changed, one of its stream."""
    telling_ports = [one for one in ports if one.settings.outcomes]
    if any(one.way == way for one in ports):
        return next((one for one in telling_ports if one.way == way), None)
    stream = way.rpartition("/")[0]
    return next((one for one in telling_ports if one.settings.stream == stream), None)
