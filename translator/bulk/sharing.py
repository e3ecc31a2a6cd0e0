"""Share out the work on an archive, and take its results in the order of the plain path."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from itertools import chain
from typing import Any, Protocol

from translator.bulk.parcels import Left, Part, Unreadable, Work, Worked, Working, pack
from translator.bulk.places import Stored
from translator.exports import Export
from translator.feed import Unreadable as Telling
from translator.feed import in_batches, read_file, readable
from translator.portions import Portion

# What travels to another host is to be worth its way.
_CUT_BYTES = 2 << 20
_CUT_MESSAGES = 2048


class Spread(Protocol):
    """Do a work on every thing, wherever that is."""

    def __call__(self, work: Callable[[Any], Any], things: Iterable[Any], /) -> Iterator[Any]:
        """Give the results in the order of the things."""
        ...


class Sharing:
    """One work on one archive, by whoever spreads it."""

    def __init__(self, work: Work, spread: Spread, unreadable: Telling) -> None:
        self._working = Working(work)
        self._spread = spread
        self._unreadable = unreadable
        self._told: Stored | None = None

    def results(self, files: Iterable[Stored], column: str | None) -> Generator[Any]:
        """
        Give what the work makes of portions that stand together, in the order of `feed.read_portions`.

        Shape: a file that cannot be read is told once, whatever the number of its parcels.
        """
        name = ""
        with Export() as export:
            for part in self._parts(pack(files, column)):
                match part:
                    case Worked(result=result):
                        yield result
                    case Unreadable(file=file, why=why):
                        self._tell_once(file, OSError(None, why))
                    case Left(file=file):
                        name = file.name
                        yield from self._cut(read_file(export, name, file.open), name)
            yield from self._cut(export.portions(), name)

    def _cut(self, portions: Iterable[Portion], name: str) -> Iterator[Any]:
        """Have portions worked on that were read here."""
        batches = in_batches(readable(portions, name, self._unreadable), _CUT_MESSAGES, _CUT_BYTES)
        return (part.result for part in self._parts(batches) if isinstance(part, Worked))

    def _parts(self, things: Iterable[Any]) -> Iterator[Part]:
        return chain.from_iterable(self._spread(self._working, things))

    def _tell_once(self, file: Stored, error: OSError) -> None:
        """Tell what cannot be read, once for all parts of a table."""
        if not (file.is_parquet and file == self._told):
            self._told = file
            self._unreadable(file.name, error)
