"""
Work on what is handed to this process, as a worker of Daft: here, or by all processors of this host.

Theory of operation: the work comes with the first things and is kept, so that tables are built once in a process. Where
a host has several processors, that many processes (`jobs`) live beside the worker as long as it does. Nothing is raised
that a library could print: what fails is told by class and place.
"""

from __future__ import annotations

import functools
import gc
import hashlib
import pickle
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from msgspec import Struct

from translator.defects import tell_defect
from translator.errors import WorkerError
from translator.jobs import Crew

_PACKAGE = Path(__file__).parents[1]
_TRIES = 3
# Other packages that results, or how they travel, depend on.
_DECIDING = ("daft", "fhir.resources", "hl7apy", "msgspec", "pyarrow", "tzdata")


class Failed(Struct, frozen=True):
    """What a worker says in place of a result."""

    text: str


_UNWANTED = pickle.dumps(Failed("stopped"))


def fingerprint() -> str:
    """Name this very code, so that two hosts with other code never share a work."""
    return _fingerprint()


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "-"


@functools.cache
def _fingerprint() -> str:
    digest = hashlib.sha256(" ".join([sys.version.split()[0], *map(_installed, _DECIDING)]).encode())
    for path in sorted(_PACKAGE.rglob("*.py")):
        digest.update(path.relative_to(_PACKAGE).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def answer(things: Sequence[bytes], work: bytes, code: str, processors: Mapping[str, int]) -> list[bytes]:
    """
    Work on some things, in order.

    Shape: everything is pickled. `code` is the fingerprint of who asks, `processors` how many each host has, by the id
    of its node.
    """
    if code != fingerprint():
        failed = Failed("a host of the cluster has another version of translator or Python; install the same on all")
        return [pickle.dumps(failed) for _ in things]
    count = processors.get(_node(processors), 1)
    if count == 1:
        return [_done(_unpickled(work), thing) if _HOST.is_wanted else _UNWANTED for thing in things]
    return _HOST.share(things, work, count)


def wanted(*, is_wanted: bool) -> None:
    """Tell whether results of this process are still wanted; what is under way ends soon where they are not."""
    _HOST.is_wanted = is_wanted


def _done(work: Callable[[Any], Any], thing: bytes) -> bytes:
    with _Kept() as kept:
        kept.result = work(pickle.loads(thing))  # noqa: S301 - from the process that shares out
    return pickle.dumps(kept.result, pickle.HIGHEST_PROTOCOL)


class Unpacking:
    """Do a work on things that come pickled, and give pickled results."""

    def __init__(self, work: bytes) -> None:
        self._work = work

    def __call__(self, thing: bytes) -> bytes:
        """Work on one thing."""
        return _done(_unpickled(self._work), thing)


@functools.lru_cache(maxsize=1)
def _unpickled(work: bytes) -> Callable[[Any], Any]:
    found: Callable[[Any], Any] = pickle.loads(work)  # noqa: S301 - from the process that shares out
    # Tables and libraries stay as long as this process: nobody needs to look for garbage in them.
    gc.freeze()
    return found


def _node(processors: Mapping[str, int]) -> str:
    if "" in processors:
        return ""
    import ray  # noqa: PLC0415 - only on a cluster

    return str(ray.get_runtime_context().get_node_id())


class _Kept:
    """A context that keeps a result, or in place of what failed in it, what it was."""

    result: object = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if isinstance(error, Exception):
            self.result = Failed(tell_defect(error, trace))
            return True
        return False


class _Host:
    """The processes beside a worker that has several processors."""

    def __init__(self) -> None:
        self.is_wanted = True
        self._lock = threading.Lock()
        self._crew: tuple[bytes, Crew[bytes, bytes]] | None = None

    def share(self, things: Sequence[bytes], work: bytes, count: int) -> list[bytes]:
        """Work on things by all processes; where one of them ends, all begin anew with what they had."""
        said = ""
        for _ in range(_TRIES):
            if not self.is_wanted:
                break
            crew = self._hired(work, count)
            pending = [crew.hand_out(thing) for thing in things]
            try:
                return [each.result() for each in pending]
            except (WorkerError, CancelledError) as error:
                said = str(error)
                self._dismiss(crew)
        return [pickle.dumps(Failed(said)) for _ in things]

    def _hired(self, work: bytes, count: int) -> Crew[bytes, bytes]:
        with self._lock:
            if self._crew is not None and self._crew[0] != work:
                self._close()
            if self._crew is None:
                crew: Crew[bytes, bytes] = Crew(Unpacking(work), count)
                crew.start()
                self._crew = work, crew
            return self._crew[1]

    def _dismiss(self, crew: Crew[bytes, bytes]) -> None:
        with self._lock:
            # Somebody else may have seen it before, and begun with new ones.
            if self._crew is not None and self._crew[1] is crew:
                self._close()

    def _close(self) -> None:
        if self._crew is not None:
            self._crew[1].close()
            self._crew = None


_HOST = _Host()
