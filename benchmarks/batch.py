"""
Measure a batch of any length, which never exists as a whole, neither on a disk nor in memory.

It is written while it is read, from messages that are made beforehand, so that hardly any of the time is its own.
"""

from __future__ import annotations

import gc
import io
import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path
from time import process_time

import msgspec
from msgspec import Struct

from benchmarks.memory import resident
from benchmarks.messages import STANDARD, Laboratory
from translator import Translator
from translator.mapping_files import packaged_tables

_CHUNK = 1 << 20
_SETTLED = 1_000
_LOOK_EVERY = 500


class BatchStream(io.RawIOBase):
    """
    A file of one batch in an FHS and BHS envelope, with messages that take turns until it is long enough.

    Shape: `written` is how many messages were begun; the trailers carry the right counts.
    """

    def __init__(self, messages: Sequence[bytes], size: int) -> None:
        super().__init__()
        self.written = 0
        self._pieces = self._written(messages, size)
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        """It is there to be read."""
        return True

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        """Fill as much as one message can."""
        if not self._rest:
            self._rest = memoryview(next(self._pieces, b""))
        taken = min(len(buffer), len(self._rest))
        buffer[:taken] = self._rest[:taken]
        self._rest = self._rest[taken:]
        return taken

    def _written(self, messages: Sequence[bytes], size: int) -> Iterator[bytes]:
        yield b"FHS|^~\\&|EXLAB|NORTH\rBHS|^~\\&|EXLAB|NORTH\r"
        length = 0
        for raw in cycle(messages):
            if length >= size:
                break
            length += len(raw)
            self.written += 1
            yield raw
        yield f"BTS|{self.written}\rFTS|1\r".encode()


class BatchRun(Struct, frozen=True):
    """
    What a batch took.

    Shape: `written` messages went in and `messages` outcomes came out; `lost` entries were not translated.
    Units: `us` CPU microseconds for one message; `growth` bytes of memory between the first messages and the highest
    seen afterwards.
    Absent: `growth` is None on systems that do not tell.
    """

    written: int
    messages: int
    lost: int
    size: int
    us: float
    growth: int | None


def batch_alone(size: int) -> BatchRun:
    """Translate a batch in a new process, where nothing that was freed before hides what is kept."""
    command = [sys.executable, "-m", "benchmarks.batch", str(size)]
    done = subprocess.run(command, capture_output=True, check=True, cwd=Path(__file__).parents[1])  # noqa: S603 - our own module
    return msgspec.json.decode(done.stdout, type=BatchRun)


def run_batch(engine: Translator, messages: Sequence[bytes], size: int) -> BatchRun:
    """Translate a batch of `size` bytes, each payload written and each entry looked at."""
    stream = BatchStream(messages, size)
    count = lost = 0
    settled = highest = None
    gc.collect()
    began = process_time()
    for outcome in engine.translate_stream(io.BufferedReader(stream, _CHUNK)):
        count += 1
        lost += sum(entry.state != "translated" for entry in outcome.entries)
        lost += sum(not submission.body_json for submission in outcome.submissions)
        if count == _SETTLED:
            settled = highest = resident()
        elif count % _LOOK_EVERY == 0 and highest is not None:
            highest = max(highest, resident() or 0)
    taken = process_time() - began
    growth = None if settled is None or highest is None else highest - settled
    return BatchRun(stream.written, count, lost, size, taken / count * 1e6, growth)


if __name__ == "__main__":
    rules = packaged_tables()
    run = run_batch(Translator(rules), Laboratory(rules).messages(STANDARD, 100), int(sys.argv[1]))
    print(msgspec.json.encode(run).decode())
