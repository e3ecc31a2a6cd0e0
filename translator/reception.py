"""
Open every intake of the settings, and close them together: folders, MLLP ports, streams, the HTTP addresses.

Addresses are bound and folders looked at before anything is taken in, so whatever cannot be served is an error of the
settings, told at once. At the end intakes close before the way into the ledger does: what has begun is kept, and
answered.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Protocol, Self

from msgspec import Struct
from starlette.types import ASGIApp

from translator.accept.folder import Filed, FolderWatcher
from translator.accept.listener import Listener
from translator.accept.mllp_server import MllpServer
from translator.config import Settings
from translator.config_intakes import host_and_port
from translator.errors import ConfigError, LedgerError
from translator.filing import take_file
from translator.intake import Intake, Tables
from translator.ledger import Ledger
from translator.streams import Streams
from translator.web.health import Troubles


class Addresses(Struct, frozen=True, omit_defaults=True):
    """
    Where a service can be reached, as `translator run` prints it once.

    Absent: `console` is empty where there is none.
    """

    url: str
    mllp: tuple[str, ...] = ()
    folders: int = 0
    streams: int = 0
    console: str = ""


class Doors(NamedTuple):
    """
    The applications behind the HTTP addresses: `inner` is the console's.

    Shape: `refusals` are the problems that both tell before there is a call, by status.
    """

    outer: ASGIApp
    inner: ASGIApp
    refusals: Mapping[int, bytes]


class Taking(Protocol):
    """What takes something in while the block runs, and when it is done works no more."""

    @property
    def finished(self) -> Future[None]:
        """Is done when it has ended, and says why it failed."""

    def __enter__(self) -> object:
        """Begin."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """Finish what has begun, and end."""


class Reception:
    """
    Everything of a service that takes something in; as a context manager it is open while the block runs.

    Raises: ConfigError where an address or a folder of the settings cannot be had.
    """

    def __init__(
        self,
        ledger: Ledger,
        settings: Settings,
        intake: Intake,
        doors: Callable[[Troubles], Doors],
        warn: Callable[[str], None],
        answered: Callable[[str, float], None],
    ) -> None:
        self._ledger = ledger
        self._intake = intake
        self._warn = warn
        self._open = ExitStack()
        self._stopping = threading.Event()
        outer, inner, refusals = doors(self.troubles)
        _check_folders(settings)
        serve = partial(Listener, logs_apart=False, refusals=refusals)
        self._outer = serve(outer, *settings.address)
        listen = settings.console.listen
        self._inner = serve(inner, *host_and_port(listen), setting="console.listen") if listen else None
        self.mllp = tuple(MllpServer(intake, one, answered=answered) for one in settings.mllp)
        self.folders = tuple(FolderWatcher(one, partial(self._take, one.site), warn=warn) for one in settings.folders)
        self.streams = Streams(ledger, intake, settings.nats, warn=warn)
        self._intakes: tuple[Taking, ...] = (*self.mllp, *self.folders, self.streams)

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self._intake)
            for part in (self._outer, self._inner, *self._intakes):
                if part is not None:
                    stack.enter_context(part)
            self._open = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._open.close()

    @property
    def addresses(self) -> Addresses:
        """Where each part can be reached."""
        inner = self._inner.url if self._inner else ""
        streams = len(self.streams.ports())
        return Addresses(self._outer.url, tuple(one.address for one in self.mllp), len(self.folders), streams, inner)

    @property
    def works(self) -> Iterator[Future[None]]:
        """Give what is done when a part works no more, which before the end is a defect."""
        yield self._intake.finished
        yield from (one.finished for one in self._intakes)

    def troubles(self) -> Mapping[str, str]:
        """Say, by part, why something is not taken in; empty where all is well."""
        found = {f"folder {number}": one.trouble for number, one in enumerate(self.folders, 1)}
        found |= self.streams.troubles()
        found["intake"] = "it has ended" if self._intake.finished.done() else self._intake.trouble
        found["ledger"] = self._ledger_trouble()
        return {part: trouble for part, trouble in found.items() if trouble}

    def _ledger_trouble(self) -> str:
        try:
            self._ledger.destinations().standings()
        except LedgerError as error:
            return str(error)
        return ""

    def check(self) -> None:
        """
        See whether what `swap` reads again can be used.

        Raises: ConfigError where a certificate cannot.
        """
        for one in self.mllp:
            one.check()

    def swap(self, tables: Tables, settings: Settings) -> None:
        """
        Decide by other tables from now on, consume the streams of other settings, and read certificates again.

        Shape: a certificate that cannot be used changes nothing.
        """
        self._intake.swap(tables)
        self.streams.swap(settings.nats)
        for one in self.mllp:
            try:
                one.renew()
            except ConfigError as error:
                self._warn(f"{error}; the port keeps the certificate that it has")

    def _take(self, site: str, path: Path, name: str, key: str) -> Filed:
        intake = self._intake
        return take_file(self._ledger, intake.tables, site, path, name, key, self._stopping.is_set, intake.tracer)


def _check_folders(settings: Settings) -> None:
    # Each would wait for the other's lock.
    places = [Path(one.path).resolve() for one in settings.folders]
    if len(set(places)) < len(places):
        raise ConfigError("two `[[folder]]` name the same folder; one of them can watch it")
