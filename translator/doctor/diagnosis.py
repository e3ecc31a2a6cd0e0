"""Say what an examination is of, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct

from translator.config import Settings

OK, WARN, FAIL = "ok", "warn", "fail"


class Diagnosis(Struct, frozen=True, omit_defaults=True):
    """
    What one check found.

    Shape: `state` is `ok`, `warn` (it works, and somebody should look) or `fail`; `text` says what is, `remedy` what to
    do about it.
    """

    check: str
    state: str
    text: str
    remedy: str = ""


Disk: TypeAlias = Callable[[Path], tuple[int, int, int]]
"""Gives the bytes of the disk of a folder: all, used, free; as `shutil.disk_usage` does."""


class Examined(Struct, frozen=True):
    """
    What is examined, and by which instruments.

    Shape: `clock` is this machine's, in seconds since 1970; `began` is told the name of each check that may take long.
    """

    settings: Settings
    disk: Disk
    clock: Callable[[], float]
    began: Callable[[str], None]


Check: TypeAlias = Callable[[Examined], Iterator[Diagnosis]]


def size_text(count: float) -> str:
    """Write a number of bytes for people."""
    for unit in ("B", "KiB", "MiB"):
        if count < _KIB:
            return f"{count:.0f} {unit}"
        count /= _KIB
    return f"{count:.1f} GiB"


def span_text(seconds: float) -> str:
    """Write a span of time for people, roughly."""
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} seconds"


_KIB = 1024
