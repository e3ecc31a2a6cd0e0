"""
Part an archive into parcels that can be worked on anywhere, and work on one of them.

Theory of operation: a parcel names files, or rows of a table, and whoever works on it reads them there; only what one
process must read, because it is large or comes through a pipe, or because its parts refer to one another (an export),
is read by the process that shares out, and travels as portions.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from itertools import chain
from typing import Any, BinaryIO, TypeAlias

from msgspec import Struct

from translator.archives import is_packed
from translator.bulk.places import AT_ONCE_BYTES, Stored
from translator.bulk.rows import read_rows
from translator.errors import ConfigError
from translator.exports import Export
from translator.feed import holds_export, in_batches, read_file
from translator.portions import Portion

Work: TypeAlias = Callable[[Iterable[Portion]], Any]

_PARCEL_BYTES = 4 << 20
_PARCEL_FILES = 256
# What Arrow raises over bytes that are not as they should be.
_DAMAGE = (OSError, ValueError, NotImplementedError)
_UNSOUND = "this is no sound Parquet"
# So much is worked on together; what is packed may hold a hundred times as much as it weighs.
_WORK_BYTES = 16 << 20
_WORK_MESSAGES = 1 << 14
_PACKED_BYTES = 8 << 20


class Whole(Struct, frozen=True):
    """Some files, one after another."""

    files: tuple[Stored, ...]


class Rows(Struct, frozen=True):
    """Some row groups of a table, of which the first begins with the row `first`; all of them where none is named."""

    file: Stored
    column: str | None
    groups: tuple[int, ...] | None = None
    first: int = 0


class Left(Struct, frozen=True):
    """A file for the process that shares out to read, in its place."""

    file: Stored


class Worked(Struct, frozen=True):
    """What the work made of portions that stand together."""

    result: Any


class Unreadable(Struct, frozen=True):
    """A file that cannot be read, or a part of a table, and why."""

    file: Stored
    why: str


Parcel: TypeAlias = Whole | Rows | Left | tuple[Portion, ...]
Part: TypeAlias = Worked | Unreadable | Left


def pack(files: Iterable[Stored], column: str | None) -> Iterator[Parcel]:
    """Part an archive into parcels, in order: large enough to be worth the way, small enough to be held in memory."""
    bundle: list[Stored] = []
    size = 0
    for file in files:
        is_small = not file.is_here and not file.is_parquet and file.size <= AT_ONCE_BYTES
        if bundle and (not is_small or len(bundle) >= _PARCEL_FILES or size + file.size > _PARCEL_BYTES):
            yield Whole(tuple(bundle))
            bundle, size = [], 0
        if is_small:
            bundle.append(file)
            size += file.size
        elif file.is_parquet:
            yield from _tables(file, column)
        else:
            yield Left(file)
    if bundle:
        yield Whole(tuple(bundle))


class Working:
    """Do a work on parcels, wherever the processor is free."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def __call__(self, parcel: Parcel) -> list[Part]:
        """Give what came of a parcel, in the order of its files."""
        match parcel:
            case Whole(files=files):
                return list(self._whole(files))
            case Rows():
                return list(self._rows(parcel))
            case Left():
                return [parcel]
            case _:
                return list(self._worked(parcel))

    def _worked(self, portions: Iterable[Portion]) -> Iterator[Worked]:
        return (Worked(self._work(batch)) for batch in in_batches(portions, _WORK_MESSAGES, _WORK_BYTES))

    def _whole(self, files: Iterable[Stored]) -> Iterator[Part]:
        ready: list[tuple[str, bytes]] = []
        for file in files:
            try:
                with file.open() as stream:
                    raw = stream.read()
            except OSError as error:
                yield Unreadable(file, _why(error))
                continue
            if (len(raw) > _PACKED_BYTES and is_packed(raw)) or holds_export(file.name, _again(raw)):
                yield from self._worked(_cut(ready))
                ready = []
                yield Left(file)
            else:
                ready.append((file.name, raw))
        yield from self._worked(_cut(ready))

    def _rows(self, parcel: Rows) -> Iterator[Part]:
        file = parcel.file
        try:
            with file.open() as stream:
                # All of them, before any is worked on: what is damaged is not half counted.
                portions = list(read_rows(stream, file.name, parcel.column, parcel.groups, parcel.first))
        except ConfigError as error:
            yield Unreadable(file, str(error))
        except _DAMAGE as error:
            # What the system or a storage says has a number.
            why = _why(error) if isinstance(error, OSError) and error.errno is not None else _UNSOUND
            yield Unreadable(file, why)
        else:
            yield from self._worked(portions)


def _tables(file: Stored, column: str | None) -> Iterator[Rows]:
    """Part a table that is large, by its row groups; whoever reads a small one takes it whole."""
    if file.size <= _PARCEL_BYTES:
        yield Rows(file, column)
        return
    try:
        with file.open() as stream:
            counts = _groups(stream)
    except _DAMAGE:
        # Whoever works on it says so.
        yield Rows(file, column)
        return
    groups: list[int] = []
    first = row = size = 0
    for group, (rows, packed) in enumerate(counts):
        groups.append(group)
        row += rows
        size += packed
        if size >= _PARCEL_BYTES:
            yield Rows(file, column, tuple(groups), first)
            groups, first, size = [], row, 0
    if groups:
        yield Rows(file, column, tuple(groups), first)


def _groups(stream: BinaryIO) -> list[tuple[int, int]]:
    from pyarrow import parquet  # noqa: PLC0415 - only for Parquet

    meta = parquet.ParquetFile(stream).metadata
    groups = [meta.row_group(number) for number in range(meta.num_row_groups)]
    return [(group.num_rows, group.total_byte_size) for group in groups]


def _cut(files: list[tuple[str, bytes]]) -> Iterator[Portion]:
    with Export() as export:
        yield from chain.from_iterable(read_file(export, name, _again(raw)) for name, raw in files)


def _again(raw: bytes) -> Callable[[], AbstractContextManager[BinaryIO]]:
    return lambda: nullcontext(io.BytesIO(raw))


def _why(error: OSError) -> str:
    return error.strerror or type(error).__name__
