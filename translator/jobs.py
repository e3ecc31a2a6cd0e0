"""
Spread work over processes of this machine: in order, in bounded memory, with the same results as without.

Theory of operation: each worker is a process of its own with a pipe of its own; a thread here hands it one thing, waits
for what it made of it, and takes the next. Things are taken from their source only as far ahead as keeps the workers
busy, and results are given in the order of the things. A pool of the standard library shares one pipe among its
workers: one that is killed while it writes there leaves the others waiting for ever. Here the end of a worker is the
end of its pipe, which its thread sees at once.
"""

from __future__ import annotations

import pickle
import signal
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from msgspec import Struct

from translator.defects import tell_defect
from translator.errors import WorkerError

_Thing = TypeVar("_Thing")
_Result = TypeVar("_Result")

# One thing in work and one at hand for each worker.
_AHEAD = 2
_SPAWN = get_context("spawn")


def spread(work: Callable[[_Thing], _Result], things: Iterable[_Thing], jobs: int) -> Generator[_Result]:
    """
    Do a work on every thing, with as many processes as there are jobs; with one, here.

    Shape: results in the order of the things. `work`, things and results can be pickled. Close the iterator where it
    is not read to its end (`contextlib.closing`), so that the processes end at once.
    Raises: WorkerError where a process ended, or the work failed in it; all results before that have been given.
    """
    if jobs == 1:
        yield from map(work, things)
        return
    pending: deque[Future[_Result]] = deque()
    with Crew(work, jobs) as crew:
        crew.start()
        for thing in things:
            pending.append(crew.hand_out(thing))
            while len(pending) >= _AHEAD * jobs or (pending and pending[0].done()):
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


class Crew(Generic[_Thing, _Result]):
    """The workers; as a context manager they live while the block runs."""

    def __init__(self, work: Callable[[_Thing], _Result], jobs: int) -> None:
        self._work = pickle.dumps(work, pickle.HIGHEST_PROTOCOL)
        self._threads = ThreadPoolExecutor(jobs, thread_name_prefix="worker")
        self._workers: list[_Worker] = []
        self._idle: SimpleQueue[_Worker] = SimpleQueue()
        self._jobs = jobs

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End every worker; what is under way is lost."""
        for worker in self._workers:
            worker.stop()
        self._threads.shutdown(cancel_futures=True)
        for worker in self._workers:
            worker.close()

    def start(self) -> None:
        """
        Start every worker.

        Raises: WorkerError where the system starts no more processes.
        """
        with _without_interrupts():
            for _ in range(self._jobs):
                try:
                    worker = _Worker(self._work)
                except OSError as error:
                    why = error.strerror or type(error).__name__
                    raise WorkerError(f"a worker process cannot be started: {why}; give fewer --jobs") from None
                self._workers.append(worker)
                self._idle.put(worker)

    def hand_out(self, thing: _Thing) -> Future[_Result]:
        """Give a thing to the next worker that is free."""
        return self._threads.submit(self._ask, thing)

    def _ask(self, thing: _Thing) -> _Result:
        # There are as many threads as workers, so one is always there.
        worker = self._idle.get()
        try:
            return worker.ask(thing)  # type: ignore[no-any-return]
        finally:
            # One that has ended, too: who asks it next is told so, and nobody waits for it.
            self._idle.put(worker)


class _Failure(Struct, frozen=True):
    """What a worker says in place of a result."""

    text: str


class _Worker:
    """One process and the pipe to it."""

    def __init__(self, work: bytes) -> None:
        self._first: bytes | None = work
        self._pipe, theirs = _SPAWN.Pipe()
        self._process = _SPAWN.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()

    def ask(self, thing: object) -> Any:
        """
        Have a thing worked on.

        Raises: WorkerError where the process ends over it.
        """
        try:
            if self._first is not None:
                # Not with the process: who starts one waits until it has read what it is given.
                self._pipe.send_bytes(self._first)
                self._first = None
            self._pipe.send(thing)
            result = self._pipe.recv()
        except (EOFError, OSError):
            self._process.join()
            raise WorkerError(_lost(self._process.exitcode)) from None
        if isinstance(result, _Failure):
            raise WorkerError(result.text)
        return result

    def stop(self) -> None:
        """End the process, whatever it does; it keeps nothing."""
        self._process.terminate()

    def close(self) -> None:
        """Wait for the end of the process and let go of the pipe."""
        self._process.join()
        self._process.close()
        self._pipe.close()


def _lost(code: int | None) -> str:
    how = f"killed by signal {-code}" if code is not None and code < 0 else f"exit code {code}"
    return (
        f"a worker process ended ({how}) and its work with it; all that was given before is whole. "
        "Where memory is short, fewer --jobs need less"
    )


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Let Ctrl-C wait; a process that starts meanwhile never sees it, and so ends when it is told to."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # It is started with the first process otherwise, and opens the mask again.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(pipe: Connection) -> None:
    """Work until nobody is there to ask; this is the whole of a worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    work: Callable[[Any], Any] | None = None
    while raw := received(pipe):
        with _Told(pipe):
            thing = pickle.loads(raw)  # noqa: S301 - from the process that started this one
            if work is None:
                work = thing
            else:
                pipe.send(work(thing))


def received(pipe: Connection) -> bytes:
    """Wait for what is handed over; nothing where the other end has gone, be it in the middle of a message."""
    with suppress(EOFError, OSError):
        return pipe.recv_bytes()
    return b""


class _Told:
    """A context that tells what failed in it to the other end, by class and place only."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if error is not None:
            # Where the other end has gone, nobody wants to know.
            with suppress(ConnectionError):
                self._pipe.send(_Failure(tell_defect(error, trace)))
        return True
