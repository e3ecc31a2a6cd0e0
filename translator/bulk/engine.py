"""
Spread work by Daft: in this process, or over the hosts of a Ray cluster; results in order, in bounded memory.

Theory of operation: things go to Daft window by window, each as a table of one column whose rows are worked on by a
function of ours (`nodes`); on a cluster, two windows are under way at a time, so that no host waits for the slowest of
a window. What a host that died had in hand is done again elsewhere, by Ray and Daft where they can, else here, window
by window. Results count when they arrive, so nothing counts twice.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from itertools import islice
from typing import Any, Self, cast

from translator.bulk.cluster import SETTINGS, Head, connect
from translator.bulk.nodes import Failed, answer, fingerprint, wanted
from translator.errors import ConfigError, WorkerError

_QUIET = SETTINGS | {
    # Neither library tells its makers what this process does.
    "DO_NOT_TRACK": "1",
    "SCARF_NO_ANALYTICS": "1",
    "DAFT_ANALYTICS_ENABLED": "0",
    "DAFT_PROGRESS_BAR": "0",
}
# Things that a processor gets in one window, and how often one is begun anew after a death.
_PER_PROCESSOR = 4
_TRIES = 4
# So long Ctrl-C waits.
_LOOK_S = 0.1
_HERE = ""


class Engine:
    """
    Daft, in this process or on a cluster; as a context manager it is there while the block runs.

    Shape: `processors` says how many each host has, by the id of its node, or by nothing for this one.
    """

    def __init__(self, processors: Mapping[str, int]) -> None:
        self._processors = dict(processors)
        self._is_cluster = _HERE not in processors
        # On a cluster no host waits for the slowest of a window: it has work of the next one.
        self._ahead = 2 if self._is_cluster else 1
        self._threads = ThreadPoolExecutor(self._ahead, thread_name_prefix="window")
        self._is_over = False
        self._head = Head() if self._is_cluster else None

    def __enter__(self) -> Self:
        wanted(is_wanted=True)
        # What plans on a cluster is begun by the first who asks: two at once would begin two, and one of them be ended.
        self._run_surely([pickle.dumps(()) for _ in self._processors], pickle.dumps(tuple))
        return self

    def __exit__(self, *_: object) -> None:
        wanted(is_wanted=False)
        self._is_over = True
        self._threads.shutdown(wait=False, cancel_futures=True)
        if self._is_cluster:
            import ray  # noqa: PLC0415 - only on a cluster

            # Windows under way end with the connection.
            ray.shutdown()
        self._threads.shutdown()

    def spread(self, work: Callable[[Any], Any], things: Iterable[Any]) -> Generator[Any]:
        """
        Do a work on every thing.

        Shape: results in the order of the things; `work`, things and results can be pickled.
        Raises: WorkerError where it fails for good; all results before that have been given.
        """
        packed = pickle.dumps(work, pickle.HIGHEST_PROTOCOL)
        pending: deque[Future[list[bytes]]] = deque()
        for window in _windows(things, _PER_PROCESSOR * sum(self._processors.values())):
            pending.append(self._threads.submit(self._run_surely, window, packed))
            if len(pending) > self._ahead:
                yield from map(_sound, self._awaited(pending.popleft()))
        while pending:
            yield from map(_sound, self._awaited(pending.popleft()))

    def _awaited(self, future: Future[list[bytes]]) -> list[bytes]:
        while True:
            try:
                return future.result(_LOOK_S)
            except TimeoutError:
                _see_interrupt()
                if self._head:
                    self._head.look()

    def _run_surely(self, window: list[bytes], work: bytes) -> list[bytes]:
        """Have a window worked on, again where what did it has died."""
        said = ""
        for _ in range(_TRIES):
            try:
                return self._run(window, work)
            except _broken() as error:
                said = type(error).__name__
            if self._is_over:
                # Daft would connect anew.
                break
        raise WorkerError(f"a part of the work failed {_TRIES} times ({said}); on a cluster, look into Ray's log")

    def _run(self, window: list[bytes], work: bytes) -> list[bytes]:
        import daft  # noqa: PLC0415 - only where it is used

        worked = daft.func.batch(return_dtype=daft.DataType.binary())(_answered)
        table = daft.from_pydict({"thing": window})
        if self._is_cluster:
            table = table.into_partitions(min(len(window), 2 * len(self._processors)))
        done = worked(daft.col("thing"), work, fingerprint(), pickle.dumps(self._processors))
        table = table.select(cast("daft.Expression", done))
        return [each for batch in table.to_arrow_iter() for each in batch.column(0).to_pylist()]


def _windows(things: Iterable[Any], size: int) -> Iterator[list[bytes]]:
    source = iter(things)
    while window := [pickle.dumps(thing, pickle.HIGHEST_PROTOCOL) for thing in islice(source, size)]:
        yield window


def _answered(things: Any, work: bytes, code: str, processors: bytes) -> list[bytes]:
    """Be called by Daft, which knows neither this house's types nor its dicts."""
    return answer(things.to_pylist(), work, code, pickle.loads(processors))  # noqa: S301 - from who shares out


@contextmanager
def daft_engine(cluster: str | None, jobs: int) -> Iterator[Engine]:
    """
    Make ready to share out work, by `jobs` processes of this machine or over a cluster.

    Raises: ConfigError where a package is missing, or the cluster cannot be reached or has another translator.
    """
    os.environ.update(_QUIET)
    try:
        import daft  # noqa: PLC0415 - only where it is used
        import pyarrow as pa  # noqa: F401, PLC0415 - the same
    except ImportError:
        raise ConfigError("this needs Daft: pip install '.[archive]' in translator's folder") from None
    if cluster is None:
        daft.set_runner_native()
        processors = {_HERE: jobs}
    else:
        processors = connect(cluster)
    with _interrupts_asked_for() if cluster is None else nullcontext(), Engine(processors) as engine:
        yield engine


@contextmanager
def _interrupts_asked_for() -> Iterator[None]:
    """Let Ctrl-C wait until it is looked for: Daft's own threads would take it, and print to stdout that they have."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _see_interrupt() -> None:
    if hasattr(signal, "sigpending") and signal.SIGINT in signal.sigpending():
        signal.sigwait({signal.SIGINT})
        raise KeyboardInterrupt


def _broken() -> tuple[type[Exception], ...]:
    """Name what Daft and Ray raise where a host has died."""
    from daft.exceptions import DaftCoreException  # noqa: PLC0415 - only where it is used

    ray = sys.modules.get("ray")
    return (DaftCoreException, RuntimeError, *((ray.exceptions.RayError,) if ray else ()))


def _sound(raw: bytes) -> Any:
    result = pickle.loads(raw)  # noqa: S301 - from a worker
    if isinstance(result, Failed):
        raise WorkerError(result.text)
    return result
