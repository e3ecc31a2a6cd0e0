"""
Read FHIR NDJSON exports: one file or many, with references across them, in bounded memory.

Theory of operation: every file is read through once, and only places and names are kept. Then the reports are gone
through in order; each is put into a Bundle with what it refers to, read again from the files, to be translated as any
other document. What cannot be read twice (a pipe, a member of an archive) is laid aside: in memory as long as it is
small, else in a temporary file without a name, which is gone when this process is, however it ends.
"""

from __future__ import annotations

import errno
import tempfile
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack
from types import TracebackType
from typing import BinaryIO, Self, TypeAlias, cast

from msgspec import Struct

from translator.portions import ExportPortion, FindingPortion, Portion, TooLargePortion, file_finding
from translator.read.export_bundle import ExportBundle, bundle_lines
from translator.read.export_index import ExportIndex, Kind
from translator.read.ndjson import split_lines
from translator.read.resource_head import read_head
from translator.read.wire import LARGEST_MESSAGE

Reopen: TypeAlias = Callable[[], AbstractContextManager[BinaryIO]]

# Observations of no report are given in blocks, so that neither their number nor their size is without bounds.
_BLOCK_LINES = 256
_BLOCK_BYTES = 4 << 20
_IN_MEMORY = 32 << 20
_OPEN_FILES = 32


class Assembled(Struct, frozen=True):
    """One message of an export: its bytes, the file and index that it counts under, and the lines it was made from."""

    bundle: ExportBundle
    file: str
    index: int
    lines: tuple[int, ...]


class Export:
    """
    The files of one export, added one after another and then gone through together.

    Shape: a context; nothing of it is left when it is closed.
    """

    def __init__(self) -> None:
        self._index = ExportIndex()
        self._shelf = _Shelf()
        self._count: Counter[int] = Counter()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._shelf.close()

    def add(
        self, name: str, chunks: Iterable[bytes], reopen: Reopen | None = None, begin: int = 0
    ) -> Iterator[FindingPortion]:
        """
        Read a file through, and say which of its lines are no resources.

        Shape: `reopen` opens the same bytes once more, in which the file begins at `begin`; without it they are kept.
        """
        file = self._shelf.place(name, reopen, begin)
        for line in split_lines(self._shelf.kept(chunks) if reopen is None else chunks):
            head = read_head(line.raw)
            if head is not None:
                self._index.add(head, file, line.start, len(line.raw), line.number)
            elif line.raw:
                yield _found(name, "malformed", f"line {line.number}: this is no FHIR resource")
            else:
                yield _found(name, "too-large", f"line {line.number}: above {LARGEST_MESSAGE >> 20} MiB")

    def portions(self) -> Iterator[Portion]:
        """
        Put together every report with what it refers to, every Bundle, and then the Observations of no report.

        Raises: OSError where a file cannot be read again, or is another one by now.
        """
        for found in self.messages():
            raw = found.bundle.raw
            if len(raw) > LARGEST_MESSAGE:
                yield TooLargePortion(found.file, found.index, raw[:LARGEST_MESSAGE])
            else:
                yield ExportPortion(found.file, found.index, raw, tuple(self._within(found)))
        if len(self._index) and not self._count:
            name = self._shelf.name(self._index.files[0])
            yield _found(name, "message-type", "the lines hold no DiagnosticReport and no Observation")

    def messages(self) -> Iterator[Assembled]:
        """Put together the messages of the export, in order."""
        index = self._index
        index.close(self._fetch)
        for line in index.lines(Kind.BUNDLE, Kind.REPORT):
            if index.kind(line) == Kind.BUNDLE:
                yield self._message(ExportBundle(self._fetch(line), (0,)), [line])
            elif index.is_leader(line):
                lines = [*index.group(line, self._fetch)]
                yield self._message(bundle_lines(map(self._fetch, lines)), lines)
        beside = any(True for _ in index.lines(Kind.REPORT))
        for lines in self._blocks():
            yield self._message(bundle_lines(map(self._fetch, lines), beside_reports=beside), lines)

    def _within(self, found: Assembled) -> Iterator[tuple[int, int, str, int]]:
        for begin, line in zip(found.bundle.begins, found.lines, strict=True):
            name, _, size, number = self.origin(line)
            yield begin, begin + size, name, number

    def origin(self, line: int) -> tuple[str, int, int, int]:
        """Tell where a line comes from: its file, its first byte there, its size, and its number in that file."""
        index = self._index
        return self._shelf.name(index.files[line]), index.starts[line], index.sizes[line], index.numbers[line]

    def _message(self, bundle: ExportBundle, lines: list[int]) -> Assembled:
        file = self._index.files[lines[0]]
        self._count[file] += 1
        return Assembled(bundle, self._shelf.name(file), self._count[file] - 1, tuple(lines))

    def _blocks(self) -> Iterator[list[int]]:
        block: list[int] = []
        size = 0
        for line in self._index.loose():
            size += self._index.sizes[line]
            is_other = bool(block) and self._index.files[line] != self._index.files[block[0]]
            if block and (is_other or len(block) >= _BLOCK_LINES or size > _BLOCK_BYTES):
                yield block
                block, size = [], self._index.sizes[line]
            block.append(line)
        if block:
            yield block

    def _fetch(self, line: int) -> bytes:
        index = self._index
        return self._shelf.read(index.files[line], index.starts[line], index.sizes[line])


def _found(file: str, code: str, text: str) -> FindingPortion:
    return FindingPortion(b"", file_finding(file, code, text))


class _File(Struct, frozen=True):
    name: str
    reopen: Reopen | None
    begin: int


class _Shelf:
    """The files of an export, to be read anywhere: as they lie, or from what was laid aside."""

    def __init__(self) -> None:
        self._files: list[_File] = []
        self._open: OrderedDict[int, tuple[BinaryIO, ExitStack]] = OrderedDict()
        self._aside = cast("BinaryIO", tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY))  # noqa: SIM115 - closed below
        self._aside_size = 0

    def place(self, name: str, reopen: Reopen | None, begin: int) -> int:
        """Note a file and give its number."""
        self._files.append(_File(name, reopen, self._aside_size if reopen is None else begin))
        return len(self._files) - 1

    def name(self, file: int) -> str:
        """Give the name of a file."""
        return self._files[file].name

    def kept(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Lay aside what passes."""
        self._aside.seek(self._aside_size)
        for chunk in chunks:
            self._aside_size += self._aside.write(chunk)
            yield chunk

    def read(self, file: int, start: int, size: int) -> bytes:
        """
        Read some bytes of a file.

        Raises: OSError where they are no longer there.
        """
        found = self._files[file]
        stream = self._aside if found.reopen is None else self._opened(file, found.reopen)
        stream.seek(found.begin + start)
        raw = bytearray()
        while len(raw) < size:
            part = stream.read(size - len(raw))
            if not part:
                raise OSError(errno.EIO, "the file was changed while it was read")
            raw += part
        return bytes(raw)

    def close(self) -> None:
        """Let go of every file."""
        for _, stack in self._open.values():
            stack.close()
        self._aside.close()

    def _opened(self, file: int, reopen: Reopen) -> BinaryIO:
        if file in self._open:
            self._open.move_to_end(file)
            return self._open[file][0]
        if len(self._open) >= _OPEN_FILES:
            self._open.popitem(last=False)[1][1].close()
        with ExitStack() as stack:
            stream = stack.enter_context(reopen())
            self._open[file] = stream, stack.pop_all()
        return stream
