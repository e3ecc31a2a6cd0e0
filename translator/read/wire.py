"""
Cut a stream of bytes into HL7 v2 messages and the envelopes around them.

Theory of operation: a message starts at a line that begins with MSH and ends where the next MSH, FHS, BHS, BTS or FTS
line starts, or at an MLLP end byte; an envelope is one line. Bytes are never changed; MLLP framing and blank lines
stand outside the message. What belongs to no message is given as a stray piece, so that nothing is passed over. The
buffer holds one message and one chunk, however long the stream is, and no byte is searched more than twice. Of a
message above the limit only the beginning is kept; the rest is gone over up to the next start.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

_BOM = b"\xef\xbb\xbf"
# The name is searched for, since that is fast, and then what stands before it: the start of a line. A trailer may be
# its name and nothing else. Indentation is bounded so that a start has a greatest length; what the last _OVERLAP bytes
# may still begin is awaited.
ENVELOPES = ("FHS", "BHS", "BTS", "FTS")
_NAME = re.compile(rb"(?:MSH|FHS|BHS|BTS|FTS)(?=[^A-Za-z0-9\s]|(?<=TS)(?:[\r\n\x1c]|\Z))")
_LINE_START = re.compile(rb"(?:\A|(?<=[\r\n\x0b\x1c]))(?:\xef\xbb\xbf)?\x0b?[ \t]{0,200}\Z")
_OVERLAP = 256
_ENDS = dict.fromkeys(("MSH", "stray"), re.compile(rb"\x1c")) | dict.fromkeys(ENVELOPES, re.compile(rb"[\r\n\x1c]"))
_BLANK = b" \t\r\n\x0b\x1c\x1a\x00"
# After the last line: the next message's start byte, the end-of-file mark of DOS, padding.
_TAIL = b"\x0b\x1a\x00"
# Some ten times the largest results with a scanned report inside; reading takes several times as much memory.
LARGEST_MESSAGE = 64 << 20


class Piece(Struct, frozen=True, gc=False):
    """
    One part of a stream.

    Shape: `kind` is `MSH`, an envelope's name (`FHS`, `BHS`, `BTS`, `FTS`) or `stray`; `line` is the number of its
    first line in the stream, from 1. `flaw` is `too-large` where `raw` is only the beginning, `truncated` where an
    MLLP frame was begun and not ended.
    Units: `offset` counts the bytes of the stream before it.
    """

    kind: str
    raw: bytes
    line: int
    flaw: str = ""
    offset: int = 0


def split_stream(chunks: Iterable[bytes], limit: int = LARGEST_MESSAGE) -> Iterator[Piece]:
    """
    Cut a stream of byte chunks, of any sizes, into pieces in order of appearance.

    Units: `limit` in bytes, for one piece.
    """
    cutter = _Cutter(limit)
    for chunk in chunks:
        yield from cutter.feed(chunk)
    yield from cutter.close()


class _Cutter:
    """
    Go through the stream once.

    Shape: the piece at hand begins at `_begin`; starts are known up to `_searched`, ends up to `_looked`. `_kept` is
    the beginning of a piece above the limit, `_passed` the line ends of what was dropped of it. `_start` is where the
    piece begins in the stream, `_gone` how much of the stream has left the buffer.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._buffer = bytearray()
        self._begin = 0
        self._start = self._gone = 0
        self._searched = 0
        self._looked = 0
        self._line = 1
        self._kind = "stray"
        self._framed = False
        self._kept = b""
        self._passed = 0

    def feed(self, chunk: bytes) -> Iterator[Piece]:
        self._buffer += chunk
        safe = len(self._buffer) - _OVERLAP
        # Small chunks are gathered, or each of them would search the overlap again.
        if safe - self._searched < _OVERLAP:
            return
        yield from self._cut(safe)
        self._shed()
        del self._buffer[: self._begin]
        self._gone += self._begin
        self._searched -= self._begin
        self._looked -= self._begin
        self._begin = 0

    def close(self) -> Iterator[Piece]:
        yield from self._cut(len(self._buffer))
        yield from self._emit(len(self._buffer), ended=False)

    def _cut(self, safe: int) -> Iterator[Piece]:
        while (name := _NAME.search(self._buffer, self._searched)) and name.start() < safe:
            self._searched = name.end()
            start = self._line_start(name.start())
            if start >= 0:
                yield from self._end_before(start)
                yield from self._emit(start, ended=False)
                self._kind = name[0].decode("ascii")
                self._framed = b"\x0b" in self._buffer[max(start - 1, 0) : name.start()]
                self._looked = name.end()
        self._searched = max(self._searched, safe)
        yield from self._end_before(self._searched)

    def _line_start(self, name: int) -> int:
        """Give the start of the line that a name begins, with what may stand before it; negative where none does."""
        first = max(name - _OVERLAP, 0)
        before = self._buffer[first:name]
        if first or self._gone:
            # Whatever stands there is not the beginning of the stream.
            before[:0] = b"x"
            first -= 1
        found = _LINE_START.search(before)
        return first + found.start() if found else -1

    def _end_before(self, end: int) -> Iterator[Piece]:
        """Close pieces at their own end: a message at its end block, an envelope with its line."""
        while found := _ENDS[self._kind].search(self._buffer, self._looked, end):
            yield from self._emit(found.start(), ended=True)
            self._kind, self._framed, self._looked = "stray", False, found.end()
        self._looked = end

    def _emit(self, end: int, *, ended: bool) -> Iterator[Piece]:
        whole = self._buffer[self._begin : end]
        flaw = "truncated" if self._framed and not ended else ""
        if self._kept or len(whole) > self._limit:
            flaw = "too-large"
        line, raw = self._line, self._kept or bytes(whole[: self._limit])
        self._line += self._passed + _count_lines(whole)
        self._begin, self._kept, self._passed = end, b"", 0
        start, self._start = self._start, self._gone + end
        yield from _piece(self._kind, raw, line, flaw, start)

    def _shed(self) -> None:
        """Drop what goes beyond the limit, but for the bytes that the next start or line end may need."""
        end = self._searched - _OVERLAP
        if not self._kept and end - self._begin <= self._limit:
            return
        if self._buffer[end - 1 : end] == b"\r":
            end -= 1
        self._kept = self._kept or bytes(self._buffer[self._begin : self._begin + self._limit])
        self._passed += _count_lines(self._buffer[self._begin : end])
        self._begin = max(end, self._begin)


def _count_lines(raw: bytes | bytearray) -> int:
    return raw.count(b"\n") + raw.count(b"\r") - raw.count(b"\r\n")


def _piece(kind: str, raw: bytes, line: int, flaw: str, start: int) -> Iterator[Piece]:
    inside = raw.lstrip(_BLANK)
    if not inside.strip(_BLANK).removeprefix(_BOM).strip(_BLANK) and flaw != "too-large":
        return
    blank = len(raw) - len(inside)
    yield Piece(kind, inside.rstrip(_TAIL), line + _count_lines(raw[:blank]), flaw, start + blank)
