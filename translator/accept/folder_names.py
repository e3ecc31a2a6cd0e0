"""
Decide which files of a watched folder are taken, and when each is whole (pure).

A lab's system writes a file while we look at it. Half a message that parses is worse than none, so a file counts only
when something says that it is whole: nobody has touched it for a while, it got its name by a rename, or a second file
was laid beside it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase

from msgspec import Struct

from translator.config_intakes import SENTINEL, STABLE, FolderIntake

UNFINISHED = (".tmp", ".part", ".partial", ".filepart", ".crdownload", ".writing", "~")
"""How names end that programs give to what they still write."""


class Look(Struct, frozen=True):
    """
    A file at one look into the folder.

    Units: `size` in bytes, `changed_ns` in nanoseconds since 1970 by the clock of whoever keeps the folder.
    """

    name: str
    size: int
    changed_ns: int


class Waiting(Struct, frozen=True):
    """A file as it was first seen in its present state; `since` is by our own clock, in seconds."""

    look: Look
    since: float


def is_taken(name: str, settings: FolderIntake) -> bool:
    """Tell whether a name is one of those that the folder is watched for."""
    if name.startswith(".") or name.lower().endswith(UNFINISHED):
        return False
    if settings.complete == SENTINEL and name.endswith(settings.sentinel):
        return False
    return fnmatchcase(name, settings.files)


def numbered(name: str) -> Iterator[str]:
    """Give a name and, for when it is taken, others that sort behind it."""
    yield name
    yield from (f"{name}.{number}" for number in itertools.count(2))


def wait_on(looks: Iterable[Look], waiting: Mapping[str, Waiting], now: float) -> dict[str, Waiting]:
    """Carry over what has not changed since the last look; whatever has changed waits anew."""
    carried = {}
    for look in looks:
        before = waiting.get(look.name)
        carried[look.name] = before if before is not None and before.look == look else Waiting(look, now)
    return carried


def whole(waiting: Mapping[str, Waiting], names: frozenset[str], settings: FolderIntake, now: float) -> Iterator[str]:
    """
    Name the files that are whole, the oldest first.

    Shape: `names` are all that lie in the folder, the sentinels among them.
    Units: `now` in seconds, by the clock of `Waiting.since`.
    """
    for one in sorted(waiting.values(), key=lambda one: (one.look.changed_ns, one.look.name)):
        if settings.complete == STABLE:
            is_whole = now - one.since >= settings.settle_s
        elif settings.complete == SENTINEL:
            is_whole = one.look.name + settings.sentinel in names
        else:
            is_whole = True
        if is_whole:
            yield one.look.name
