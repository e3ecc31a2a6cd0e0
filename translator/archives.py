"""
Open gzip and zip archives of messages; whatever else a file is, it is handed on as it came.

Theory of operation: an archive is told by its first bytes, never by its name. Each member is read twice: once to its
end, to see that it is whole, intact and within bounds, and then to be translated; so nothing that a damaged or cut
archive holds is taken for what the lab sent. Nothing is written to a disk here. A member that cannot be read gives one
finding, and the others go on. Only what must be read from two ends is held in memory: an archive that comes through a
pipe, and an archive inside another one.
"""

from __future__ import annotations

import gzip
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO, RawIOBase
from typing import BinaryIO, TypeAlias, cast

from msgspec import Struct

from translator.record.outcome import FILE_SCHEMA, Diagnostic, Outcome, Source

_CHUNK = 1 << 20
_GZIP, _ZIP = "gzip", "zip"
_MAGIC = {
    b"\x1f\x8b": _GZIP,
    b"PK\x03\x04": _ZIP,
    b"PK\x05\x06": _ZIP,
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"7z\xbc\xaf": "7z",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"Rar!": "rar",
}
# A tar begins with the name of its first file.
_TAR, _TAR_AT = b"ustar", 257
_LONGEST_MAGIC = _TAR_AT + len(_TAR)
# Absolute, with a drive, with backslashes, or with characters that a terminal obeys.
_FOREIGN_NAME = re.compile(r"/|.*[\\\x00-\x1f\x7f-\x9f]|[A-Za-z]:")
# What Python's readers raise over bytes that are not as they should be.
_DAMAGE = (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, struct.error, EOFError, ValueError, NotImplementedError)
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ENCRYPTED = 0x41

Opener: TypeAlias = Callable[[], BinaryIO]


class Limits(Struct, frozen=True):
    """
    How much an archive may hold.

    Shape: `held` is for an archive that must be in memory; `total` for all that is unpacked, far above any laboratory's
    year; `ratio` for what is unpacked to what is packed: text of messages shrinks to a tenth, a batch of equal ones to
    a hundredth, a bomb to a thousandth. What is `harmless` may shrink as it likes. `depth` counts archives in archives.
    Units: bytes.
    """

    held: int = 256 << 20
    total: int = 64 << 30
    ratio: int = 200
    harmless: int = 64 << 20
    members: int = 100_000
    depth: int = 3


DEFAULT_LIMITS = Limits()


class Member(Struct, frozen=True):
    """
    One file of an archive, or a file that is none.

    Shape: `name` is `archive.zip/inbox/a.hl7`; exactly one of `stream` and `fault` is set. `is_file` tells that the
    stream is no archive, but the file itself.
    """

    name: str
    stream: BinaryIO | None = None
    fault: Outcome | None = None
    is_file: bool = False


class ArchiveError(ValueError):
    """An archive or one member of it cannot be read; `code` is a row of `reasons.csv`."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


def open_members(name: str, stream: BinaryIO, limits: Limits = DEFAULT_LIMITS) -> Iterator[Member]:
    """
    Give every file that a stream holds, each to be read before the next one is asked for.

    Shape: a stream that is no archive is its own only member.
    Raises: OSError where the stream itself cannot be read.
    """
    head = _read_exactly(stream, _LONGEST_MAGIC)
    kind = _kind(head)
    if not kind:
        yield Member(name, cast("BinaryIO", _Rejoined(head, stream)), is_file=True)
        return
    try:
        opener = _reopener(head, stream, limits)
        yield from _Walk(limits).archive(name, kind, opener, limits.depth)
    except ArchiveError as error:
        yield _fault(name, error)


def is_packed(raw: bytes) -> bool:
    """Tell an archive that is opened, by its first bytes."""
    return _kind(raw[:_LONGEST_MAGIC]) in {_GZIP, _ZIP}


class _Walk:
    """Go through an archive and the archives inside it; members and bytes are counted over all of them."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._members = 0
        self._total = 0
        self._readers = {_GZIP: self._gzip, _ZIP: self._zip}

    def archive(self, name: str, kind: str, opener: Opener, depth: int) -> Iterator[Member]:
        """Give the files of one archive; what is wrong with one of them is said in its place."""
        reader = self._readers.get(kind)
        if reader is None:
            yield _fault(name, ArchiveError("archive-not-read", f"only gzip and zip archives are read, not {kind}"))
        elif not depth:
            yield _fault(name, ArchiveError("archive-too-large", "archives stand too deep inside one another"))
        else:
            yield from _settled(name, reader(name, opener, depth))

    def _gzip(self, name: str, opener: Opener, depth: int) -> Iterator[Member]:
        packed = _size(opener())
        yield from self._content(name, lambda: _gunzip(opener()), packed, depth)

    def _zip(self, name: str, opener: Opener, depth: int) -> Iterator[Member]:
        with zipfile.ZipFile(opener()) as archive:
            files = [info for info in archive.infolist() if not info.is_dir() and not _is_hidden(info.filename)]
            if not files:
                raise ArchiveError("empty-input", "there is no file in this archive")
            if self._members + len(files) > self._limits.members:
                raise ArchiveError("archive-too-large", f"there are more than {self._limits.members} files")
            for info in files:
                # A name that leads somewhere else is repeated nowhere.
                own = f"{name}/{info.filename}" if _is_plain(info) else name
                yield from _settled(own, self._member(own, archive, info, depth))

    def _member(self, name: str, archive: zipfile.ZipFile, info: zipfile.ZipInfo, depth: int) -> Iterator[Member]:
        _check_entry(info)
        opener = cast("Opener", lambda: archive.open(info))
        yield from self._content(name, opener, info.compress_size, depth)

    def _content(self, name: str, opener: Opener, packed: int, depth: int) -> Iterator[Member]:
        """Check what an opener gives, then give it, or what it is an archive of."""
        self._members += 1
        with opener() as stream:
            head = _read_exactly(stream, _LONGEST_MAGIC)
            self._check(stream, packed)
        kind = _kind(head)
        with opener() as stream:
            if not kind:
                yield Member(name, stream)
                return
            # What is not read need not be held.
            held = _hold(b"", stream, self._limits) if kind in self._readers else b""
        yield from self.archive(name, kind, lambda: BytesIO(held), depth - 1)

    def _check(self, stream: BinaryIO, packed: int) -> None:
        """Read to the end, where the checksum stands, or to the bounds."""
        limits = self._limits
        size = 0
        while chunk := stream.read(_CHUNK):
            size += len(chunk)
            self._total += len(chunk)
            if self._total > limits.total or (size > limits.harmless and size > packed * limits.ratio):
                raise ArchiveError("archive-too-large", "the content is out of proportion")


class _Rejoined(RawIOBase):
    """A stream from which the first bytes were taken, whole again."""

    def __init__(self, head: bytes, stream: BinaryIO) -> None:
        self._head = head
        self._stream = stream

    def read(self, size: int = -1, /) -> bytes:
        head, self._head = self._head, b""
        return head + self._stream.read(size)


def _settled(name: str, members: Iterator[Member]) -> Iterator[Member]:
    """Turn what stops some members into a finding of that name."""
    try:
        yield from members
    except ArchiveError as error:
        yield _fault(name, error)
    except _DAMAGE:
        yield _fault(name, ArchiveError("archive-damaged", "the archive or the member is damaged or cut off"))


def _reopener(head: bytes, stream: BinaryIO, limits: Limits) -> Opener:
    """Let a stream be read from its beginning as often as need be."""
    if not stream.seekable():
        held = _hold(head, stream, limits)
        return lambda: BytesIO(held)
    start = stream.tell() - len(head)

    def again() -> BinaryIO:
        stream.seek(start)
        return stream

    return again


def _hold(head: bytes, stream: BinaryIO, limits: Limits) -> bytes:
    parts, size = [head], len(head)
    while chunk := stream.read(_CHUNK):
        parts.append(chunk)
        size += len(chunk)
        if size > limits.held:
            raise ArchiveError("archive-too-large", "an archive in a pipe or in another archive must fit into memory")
    return b"".join(parts)


def _gunzip(stream: BinaryIO) -> BinaryIO:
    return cast("BinaryIO", gzip.GzipFile(fileobj=stream, mode="rb"))


def _size(stream: BinaryIO) -> int:
    start = stream.tell()
    size = stream.seek(0, 2) - start
    stream.seek(start)
    return size


def _kind(head: bytes) -> str:
    if head.startswith(_TAR, _TAR_AT):
        return "tar"
    return next((kind for magic, kind in _MAGIC.items() if head.startswith(magic)), "")


def _read_exactly(stream: BinaryIO, size: int) -> bytes:
    head = b""
    while len(head) < size and (chunk := stream.read(size - len(head))):
        head += chunk
    return head


def _is_hidden(name: str) -> bool:
    """Tell what a folder would hide as well: names that begin with a point, and what macOS adds."""
    parts = name.split("/")
    return parts[0] == "__MACOSX" or any(part.startswith(".") and part != ".." for part in parts)


def _is_plain(info: zipfile.ZipInfo) -> bool:
    """Tell a name that stays in its folder, and that no terminal obeys."""
    return ".." not in info.filename.split("/") and not _FOREIGN_NAME.match(info.orig_filename)


def _check_entry(info: zipfile.ZipInfo) -> None:
    if not _is_plain(info):
        raise ArchiveError("archive-member-name", "the name of a member leads out of its folder or is no plain name")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise ArchiveError("archive-member-name", "the member is a link")
    if info.flag_bits & _ENCRYPTED:
        raise ArchiveError("archive-encrypted", "the member is encrypted")
    if info.compress_type not in _METHODS:
        raise ArchiveError("archive-not-read", "the member is packed by another method than deflate")


def _fault(name: str, error: ArchiveError) -> Member:
    finding = Diagnostic(error.code, "error", "", str(error))
    return Member(name, fault=Outcome(Source(0, name), "refused", diagnostics=(finding,), schema=FILE_SCHEMA))
