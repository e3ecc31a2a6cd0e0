"""`translator --help` answers at once."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys

ROUNDS = 5
LIMIT_S = 0.150


def _cpu_s(*arguments: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_help_takes_less_than_150_ms() -> None:
    """
    The median start costs less than 150 ms over that of bare Python.

    CPU time, so that a busy machine does not count against us.
    """
    bare = statistics.median(_cpu_s("-c", "pass") for _ in range(ROUNDS))
    ours = statistics.median(_cpu_s("-m", "translator", "--help") for _ in range(ROUNDS))

    assert ours - bare < LIMIT_S
