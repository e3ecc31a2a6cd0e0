"""
Keep the intake of one stream open, in a thread of its own: connect, and connect again for ever.

A broker that is away is a trouble that readiness tells of, and no end of the service: what is in the stream
waits there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from types import TracebackType
from typing import Protocol, Self

from translator.accept.nats_session import NatsSession
from translator.accept.stream import Stream, StreamUnavailableError
from translator.accept.stream_counts import StreamCounts
from translator.accept.stream_outcome import Telling
from translator.config_streams import NatsIntake
from translator.intake import Intake

FIRST_S, LONGEST_S = 0.5, 15.0
"""How long a broker is left alone before it is called again, in seconds: at first, and at most."""

NOT_YET = "the broker was not reached yet"
ENDED = "the stream is consumed no more"


class Session(Protocol):
    """One connection to a broker; see nats_session.py."""

    async def open(self) -> None:
        """Connect, and begin to take messages in."""

    async def ended(self) -> str:
        """Wait until nothing more comes; tells why."""

    async def publish(self, telling: Telling) -> None:
        """Publish an outcome."""

    async def close(self) -> None:
        """Finish what has begun, and hang up."""


class StreamPort:
    """
    One consumed stream; as a context manager it is consumed while the block runs.

    Shape: the intake must be open as long. `trouble` is empty while messages come in. `finished` is done when nothing
    is consumed any more, and says why where that was a defect.
    """

    def __init__(
        self,
        intake: Intake,
        settings: NatsIntake,
        *,
        warn: Callable[[str], None],
        ledger_name: str = "",
        session: Callable[[NatsIntake, Stream], Session] = NatsSession,
        first_s: float = FIRST_S,
        longest_s: float = LONGEST_S,
    ) -> None:
        self.settings = settings
        self.counts = StreamCounts()
        self.trouble = NOT_YET
        self.untold = ""
        self._warned = ""
        self.finished: Future[None] = Future()
        self._intake = intake
        self._ledger_name = ledger_name
        self._warn = warn
        self._made = session
        self._pauses = first_s, longest_s
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="stream")
        self._started: Future[None] = Future()
        self._session: Session | None = None

    @property
    def way(self) -> str:
        """Its name among the streams of a service."""
        return self.settings.way

    @property
    def is_connected(self) -> bool:
        """Whether messages come in, and outcomes can go out."""
        return self._session is not None

    def __enter__(self) -> Self:
        self.finished = self._thread.submit(self._run)
        self._started.result()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._call(self._stop_now)
        self._thread.shutdown()

    def renew(self) -> None:
        """Connect anew, with the secrets and certificates of now."""
        self._call(self._cut_now)

    def publish(self, telling: Telling) -> Future[None]:
        """Publish an outcome; the answer is there when the broker has it."""
        publishing = self._publish(telling)
        try:
            return asyncio.run_coroutine_threadsafe(publishing, self._loop)
        except RuntimeError:
            # It has ended meanwhile, by a reload or the stop.
            publishing.close()
            over: Future[None] = Future()
            over.set_exception(StreamUnavailableError(ENDED))
            return over

    def tell(self, untold: str) -> None:
        """Say why outcomes are not published, or nothing where they are."""
        if untold and untold != self.untold:
            self._warn(f"nats {self.way}: {untold}")
        self.untold = untold

    def _call(self, called: Callable[[], None]) -> None:
        # It may have ended meanwhile: nobody waits for this any more.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(called)

    # The thread.

    def _run(self) -> None:
        asyncio.run(self._serve())

    def _stop_now(self) -> None:
        self._stop.set()
        self._cut.set()

    def _cut_now(self) -> None:
        self._cut.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop, self._cut = asyncio.Event(), asyncio.Event()
        settings = self.settings
        stream = Stream(
            self._intake,
            site=settings.site,
            largest=settings.largest_mb << 20,
            follows=bool(settings.outcomes),
            counts=self.counts,
            ledger_name=self._ledger_name,
        )
        self._started.set_result(None)
        first_s, longest_s = self._pauses
        pause_s = first_s
        while not self._stop.is_set():
            self._cut.clear()
            before = self.counts.received
            lasted_s = await self._serve_once(self._made(settings, stream))
            if self.counts.received > before or lasted_s >= longest_s:
                # It was of use. Otherwise the broker takes us and is no good, which calling it often does not mend.
                pause_s, self._warned = first_s, ""
            if not self._cut.is_set():
                await self._until_cut(pause_s)
                pause_s = min(2 * pause_s, longest_s)

    async def _serve_once(self, session: Session) -> float:
        """Serve one connection to its end; gives the seconds that it lasted, 0 where there was none."""
        began = 0.0
        cut = asyncio.create_task(self._cut.wait())
        opening = asyncio.create_task(session.open())
        ending = asyncio.create_task(session.ended())
        try:
            await asyncio.wait({opening, cut}, return_when=asyncio.FIRST_COMPLETED)
            if not opening.done():
                return 0.0
            opening.result()
            self._session, began = session, self._loop.time()
            self.counts.connections += 1
            self._tell("")
            await asyncio.wait({ending, cut}, return_when=asyncio.FIRST_COMPLETED)
            if ending.done():
                self._tell(ending.result())
        except StreamUnavailableError as error:
            self._tell(str(error))
        finally:
            self._session = None
            for task in (cut, opening, ending):
                task.cancel()
            await asyncio.gather(cut, opening, ending, return_exceptions=True)
            await session.close()
        return self._loop.time() - began if began else 0.0

    async def _until_cut(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._cut.wait()

    async def _publish(self, telling: Telling) -> None:
        if self._session is None:
            raise StreamUnavailableError(self.trouble or NOT_YET)
        await self._session.publish(telling)
        self.counts.outcomes += 1

    def _tell(self, trouble: str) -> None:
        if trouble and trouble != self._warned:
            self._warn(f"nats {self.way}: {trouble}")
            self._warned = trouble
        self.trouble = trouble
