"""
Run many inputs through the engine and keep every one that breaks something.

`python -m tests.fuzz --count 1000000 --seed 1`, or `make fuzz COUNT=1000000 SEED=1`. An input is named by its seed and
its number: `--count 1 --seed 1 --start 4711` makes the one again.
"""

from __future__ import annotations

import hashlib
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from types import FrameType
from typing import TypeAlias

from tests.fuzz.mutations import mutate
from tests.fuzz.properties import check
from translator import Translator

Make: TypeAlias = Callable[[Random, Sequence[bytes]], bytes]

LIMIT_S = 5.0
_EVERY_S = 10.0


def say(line: str) -> None:
    """Write a line for the person who waits."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


class HangError(AssertionError):
    """An input takes more processor time than any input may."""


class Campaign:
    """
    A run with its figures.

    Shape: `failures` counts what went wrong by kind and place; of each, the first input is kept in the folder, named
    by its hash.
    `make` makes an input of the pool.
    Units: `limit_s` in seconds of processor time for one input.
    """

    def __init__(
        self, engines: Sequence[Translator], folder: Path, limit_s: float = LIMIT_S, make: Make = mutate
    ) -> None:
        self.failures: Counter[str] = Counter()
        self.inputs = 0
        self.entries = 0
        self.seconds = 0.0
        self.slowest_s = 0.0
        self._engines = engines
        self._folder = folder
        self._limit_s = limit_s
        self._make = make

    def run(self, pool: Sequence[bytes], seed: int, numbers: range, *, talk: bool = True) -> None:
        """Make each numbered input from the pool and check it."""
        started = spoken = time.perf_counter()
        for number in numbers:
            chance = Random(f"{seed}/{number}")  # noqa: S311 - seeded on purpose
            self.take(self._make(chance, pool), chance)
            now = time.perf_counter()
            self.seconds = now - started
            if talk and now - spoken > _EVERY_S:
                spoken = now
                say(f"{self.inputs:>9,} inputs  {self.figures}")

    def take(self, raw: bytes, chance: Random) -> None:
        """Check one input; what it breaks is kept."""
        started = time.process_time()
        try:
            with _limited(self._limit_s):
                self.entries += check(chance.choice(self._engines), raw, chance)
        except Exception as broken:  # noqa: BLE001 - whatever it is, it is what we look for
            self._keep(raw, broken)
        self.inputs += 1
        self.slowest_s = max(self.slowest_s, time.process_time() - started)

    @property
    def figures(self) -> str:
        """The run in one line."""
        rate = self.inputs / self.seconds if self.seconds else 0.0
        return (
            f"{rate:,.0f}/s  {self.entries:,} entries  slowest {self.slowest_s * 1000:.0f} ms  "
            f"{self.failures.total()} failures of {len(self.failures)} kinds"
        )

    def _keep(self, raw: bytes, broken: Exception) -> None:
        trace = broken.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        place = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
        what = f"{type(broken).__name__} at {place}: {broken}"
        self.failures[what] += 1
        if self.failures[what] == 1:
            self._folder.mkdir(parents=True, exist_ok=True)
            kept = self._folder / f"{hashlib.sha256(raw).hexdigest()[:16]}.bin"
            kept.write_bytes(raw)
            say(f"{what}\n    {kept}")


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """Interrupt what takes more processor time; where the system has no such timer, a hang shows as one."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise HangError(f"more than {seconds} s of processor time")

    previous = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, previous)
