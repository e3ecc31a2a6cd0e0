"""
Watch a folder, and take each file in that is whole; it leaves the folder only after the ledger has it.

Theory of operation: a file is claimed by a rename (folder_claims.py); what was claimed before a crash is taken up
again, under the same keys, so that nothing of it is kept twice. A lock beside it sees to it that one process at a time
watches a folder; a second one stands by. Afterwards the file is deleted or moved. What the system tells of changes only
shortens the wait: the folder is looked through at its own pace, too, so a notice that never comes, as from a network
folder, loses nothing. A file that nobody can rename does not stop the others.

File names may name patients, so they are in no text that this gives away (promise P6).
"""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from msgspec import Struct

from translator.accept.folder_claims import Claims, name_of
from translator.accept.folder_names import Look, Waiting, is_taken, numbered, wait_on, whole
from translator.config_intakes import DELETE, STABLE, FolderIntake
from translator.errors import ConfigError, LedgerError
from translator.ledger.lock import file_lock

DONE, HELD, FAILED = "done", "held", "failed"
REASON = ".reason.txt"

_AGAIN_S = 2.0
# What says nothing of the file: we have too much open, or the network folder is going away.
_PASSING = frozenset(
    {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ESTALE, errno.ENOTCONN, errno.ETIMEDOUT, errno.EHOSTDOWN}
)
_STEP_MS = 100


class Filed(Struct, frozen=True):
    """
    What became of a file when it was taken in.

    Shape: `place` is `done`, `held` where a person has something to decide, or `failed` where something in it could not
    be kept in the ledger; `reasons` say why, in codes and line numbers only.
    """

    place: str
    messages: int
    reasons: tuple[str, ...] = ()


class StoppingError(Exception):
    """A file is not taken in any further, since the service stops; it is taken up again at the next start."""


Take = Callable[[Path, str, str], Filed]
"""Takes a file in, by its path, its name, and the key that it is known by when it is taken up again."""


class FolderWatcher:
    """
    One watched folder; as a context manager it is watched while the block runs.

    Shape: `take` returns once the ledger has the file. `trouble` is empty while files are taken in, else says why they
    are not; `taken` counts files by their place. `finished` is done when the folder is watched no more, and says why
    where that was a defect.
    Raises: ConfigError where the folder is not there, or nothing can be renamed in it.
    """

    def __init__(
        self,
        settings: FolderIntake,
        take: Take,
        *,
        warn: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._folder = Path(settings.path)
        self._take = take
        self._warn = warn
        self._clock = clock
        self._stop = threading.Event()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="folder")
        self._waiting: dict[str, Waiting] = {}
        self._claims = Claims(settings)
        self.trouble = ""
        self.taken = {DONE: 0, HELD: 0, FAILED: 0}
        self.finished: Future[None] = Future()
        self._prepare()
        self._is_mount = self._folder.is_mount()

    def __enter__(self) -> Self:
        self.finished = self._thread.submit(self._watch)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.shutdown()

    def look(self) -> int:
        """
        Look the folder through once, and take in what is whole; gives the number of files.

        Raises: OSError where the folder cannot be read, or, behind the others, where a file cannot be renamed;
        LedgerError where the ledger takes nothing in.
        """
        count = 0
        hindered: OSError | None = None
        for claim in self._due():
            if self._stop.is_set():
                break
            try:
                claimed = claim()
                if claimed is not None:
                    self._file(claimed)
                    count += 1
            except OSError as error:
                hindered = hindered or error
        if hindered is not None:
            raise hindered
        return count

    def _due(self) -> Iterator[Callable[[], Path | None]]:
        """Give what was claimed before, then what is whole now, each as what claims it."""
        if self._is_mount and not self._folder.is_mount():
            # What lies there now is the place of the network folder, and nobody's inbox.
            raise OSError(errno.ENOTCONN, "it is not mounted")
        for claimed in self._claims.left():
            yield partial(_same, claimed)
        looks, names = self._looks()
        now = self._clock()
        self._waiting = wait_on(looks, self._waiting, now)
        for name in [*whole(self._waiting, names, self._settings, now)]:
            yield partial(self._claim, name)

    def _prepare(self) -> None:
        try:
            if not self._folder.is_dir():
                raise ConfigError("a watched folder is not there; create it, or mend `folder` in the settings")
            self._claims.prepare()
        except OSError as error:
            raise ConfigError(f"a watched folder cannot be used: {error.strerror}; files are renamed in it") from None

    def _watch(self) -> None:
        while not self._stop.is_set():
            try:
                # Somebody may have made the folder anew.
                self._claims.prepare()
                with file_lock(self._claims.lock) as held:
                    if held:
                        self._follow()
                    else:
                        self._tell("another process watches this folder; this one stands by")
                        self._stop.wait(_AGAIN_S)
            except OSError as error:
                self._tell(f"a watched folder, or a file in it, cannot be taken: {error.strerror}; it is tried again")
                self._stop.wait(_AGAIN_S)
            except StoppingError:
                self._stop.wait(_AGAIN_S)
            except LedgerError as error:
                self._tell(f"files wait, since the ledger takes none in: {error}")
                self._stop.wait(_AGAIN_S)

    def _follow(self) -> None:
        with closing(self._changes()) as changes:
            # What changes while files are taken in has been noticed when it is waited for.
            for _ in changes:
                self.look()
                self._tell("")

    def _changes(self) -> Generator[object]:
        """Give something at once, and again whenever the folder changes or it is time to look again, until the stop."""
        from watchfiles import watch  # noqa: PLC0415 - only the service watches

        yield None
        settings = self._settings
        seconds = min(settings.settle_s, settings.scan_s) if settings.complete == STABLE else settings.scan_s
        noticed = partial(
            watch,
            self._folder,
            stop_event=self._stop,
            debounce=100,
            step=_STEP_MS,
            rust_timeout=max(_STEP_MS, round(seconds * 1000)),
            yield_on_timeout=True,
            recursive=False,
            force_polling=settings.polls,
            raise_interrupt=False,
        )
        while not self._stop.is_set():
            try:
                yield from noticed()
            except RuntimeError:
                # It cannot tell of a name in no charset, nor where the system has no notices left to give.
                self._stop.wait(seconds)
                yield None

    def _tell(self, trouble: str) -> None:
        if trouble and trouble != self.trouble:
            self._warn(trouble)
        self.trouble = trouble

    def _looks(self) -> tuple[list[Look], frozenset[str]]:
        looks, names = [], []
        with os.scandir(self._folder) as entries:
            for entry in entries:
                names.append(entry.name)
                if is_taken(entry.name, self._settings) and (look := _look(entry)) is not None:
                    looks.append(look)
        return looks, frozenset(names)

    def _claim(self, name: str) -> Path | None:
        self._waiting.pop(name, None)
        return self._claims.claim(name)

    def _file(self, claimed: Path) -> None:
        name = name_of(claimed)
        try:
            filed = self._take(claimed, _told(name), _told(claimed.name))
        except OSError as error:
            if error.errno in _PASSING or not (claimed.exists() or self._claims.is_there()):
                raise
            filed = Filed(FAILED, 0, (f"the file cannot be read: {error.strerror}",))
        self._leave(claimed, name, filed)
        self.taken[filed.place] += 1

    def _leave(self, claimed: Path, name: str, filed: Filed) -> None:
        if filed.place != FAILED and self._settings.done == DELETE:
            claimed.unlink()
            return
        target = self._folder / filed.place
        target.mkdir(exist_ok=True)
        free = next(path for path in map(target.joinpath, numbered(name)) if not _is_there(path))
        if filed.reasons:
            _write(free.with_name(free.name + REASON), filed.reasons)
        claimed.rename(free)


def _look(entry: os.DirEntry[str]) -> Look | None:
    try:
        if not entry.is_file():
            return None
        found = entry.stat()
    except FileNotFoundError:
        return None
    return Look(entry.name, found.st_size, found.st_mtime_ns)


def _same(claimed: Path) -> Path:
    return claimed


def _write(path: Path, reasons: Iterable[str]) -> None:
    """Write reasons down, all of them or none."""
    try:
        path.write_text("".join(f"{reason}\n" for reason in reasons), encoding="utf-8")
    except OSError:
        path.unlink(missing_ok=True)
        raise


def _told(name: str) -> str:
    """Write a name as text: what of it is in no charset becomes a mark."""
    return os.fsencode(name).decode("utf-8", "replace")


def _is_there(path: Path) -> bool:
    """Tell whether a name is taken, be it by a file or by the reasons of one."""
    return os.path.lexists(path) or os.path.lexists(path.with_name(path.name + REASON))
