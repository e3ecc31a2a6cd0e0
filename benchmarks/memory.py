"""
Measure how much memory a candidate needs for one big message, in a process of its own.

The process counts with everything in it, so that what a Rust or C library takes outside Python's heap is seen too.
"""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path

from benchmarks.candidates import candidates, only
from benchmarks.messages import Laboratory
from translator.mapping_files import packaged_tables

_STATUS = Path("/proc/self/status")
_KIB = 1024
_FIRST_RESULTS = 5
_BETWEEN = b"\x1c"


def resident(what: str = "VmRSS") -> int | None:
    """
    Give this process's memory in bytes: `VmRSS` now, `VmHWM` at its highest.

    Absent: None on systems that do not tell (it is Linux that does).
    """
    if not _STATUS.is_file():
        return None
    lines = _STATUS.read_text(encoding="ascii").splitlines()
    return next((int(line.split()[1]) * _KIB for line in lines if line.startswith(what)), None)


def peak_for(name: str, results: int) -> int | None:
    """
    Read one message of so many OBX in a new process.

    Units: bytes above what the process held before it.
    Absent: None on systems that do not tell.
    """
    laboratory = Laboratory(packaged_tables())
    # Written here: what the writing frees would hide there what the reading takes.
    both = laboratory.message(_FIRST_RESULTS) + _BETWEEN + laboratory.message(results)
    command = [sys.executable, "-m", "benchmarks.memory", name]
    done = subprocess.run(command, input=both, capture_output=True, check=True, cwd=Path(__file__).parents[1])  # noqa: S603 - our own module
    return int(done.stdout) if done.stdout.strip() else None


def _measure(name: str, first: bytes, big: bytes) -> int | None:
    (candidate,) = only({name}, candidates(packaged_tables())[0])
    candidate.read(first)
    gc.collect()
    before = resident()
    candidate.read(big)
    highest = resident("VmHWM")
    return None if before is None or highest is None else max(0, highest - before)


if __name__ == "__main__":
    found = _measure(sys.argv[1], *sys.stdin.buffer.read().split(_BETWEEN))
    print("" if found is None else found)
