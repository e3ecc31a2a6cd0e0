"""
Cut a stream of bytes into HL7 v2 messages and the envelopes around them.

Theory of operation: a message starts at a line that begins with MSH and ends where the next MSH, FHS, BHS, BTS or FTS
line starts, or at an MLLP end byte; an envelope is one line. Bytes are never changed; MLLP framing and blank lines
stand outside the message. What belongs to no message is given as a stray piece, so that nothing is passed over. The
buffer holds one message and one chunk, however long the stream is, and no byte is searched more than twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

_BOM = b"\xef\xbb\xbf"
# Indentation is bounded so that a start has a greatest length: what the last _OVERLAP bytes may still begin is awaited.
_START = re.compile(
    rb"(?:\A|(?<=[\r\n\x0b\x1c]))(?:\xef\xbb\xbf)?\x0b?[ \t]{0,200}(MSH|FHS|BHS|BTS|FTS)(?=[^A-Za-z0-9\s])"
)
_OVERLAP = 256
_LINE_END = re.compile(rb"\r\n|\r|\n")
_MESSAGE_END = re.compile(rb"\x1c")
_ENVELOPE_END = re.compile(rb"[\r\n\x1c]")
_ENDS = {"MSH": _MESSAGE_END, "stray": _MESSAGE_END}
_BLANK = b" \t\r\n\x0b\x1c\x1a\x00"
# After the last line: the next message's start byte, the end-of-file mark of DOS, padding.
_TAIL = b"\x0b\x1a\x00"


class Piece(Struct, frozen=True, gc=False):
    """
    One part of a stream.

    Shape: `kind` is `MSH`, an envelope's name (`FHS`, `BHS`, `BTS`, `FTS`) or `stray`; `line` is the number of its
    first line in the stream, from 1.
    """

    kind: str
    raw: bytes
    line: int


def split_stream(chunks: Iterable[bytes]) -> Iterator[Piece]:
    """Cut a stream of byte chunks, of any sizes, into pieces in order of appearance."""
    cutter = _Cutter()
    for chunk in chunks:
        yield from cutter.feed(chunk)
    yield from cutter.close()


class _Cutter:
    def __init__(self) -> None:
        self._buffer = bytearray()
        self._begin = 0
        self._searched = 0
        self._line = 1
        self._kind = "stray"

    def feed(self, chunk: bytes) -> Iterator[Piece]:
        self._buffer += chunk
        safe = len(self._buffer) - _OVERLAP
        # Small chunks are gathered, or each of them would search the overlap again.
        if safe - self._searched < _OVERLAP:
            return
        yield from self._cut(safe)
        del self._buffer[: self._begin]
        self._searched -= self._begin
        self._begin = 0

    def close(self) -> Iterator[Piece]:
        yield from self._cut(len(self._buffer))
        yield from self._emit(len(self._buffer))

    def _cut(self, safe: int) -> Iterator[Piece]:
        while (match := _START.search(self._buffer, self._searched)) and match.start() < safe:
            yield from self._emit(match.start())
            self._kind = match[1].decode("ascii")
            self._searched = match.end()
        self._searched = max(self._searched, safe)

    def _emit(self, end: int) -> Iterator[Piece]:
        raw = bytes(self._buffer[self._begin : end])
        line, self._begin = self._line, end
        self._line += _count_lines(raw)
        found = _ENDS.get(self._kind, _ENVELOPE_END).search(raw)
        body = raw[: found.start()] if found else raw
        yield from _piece(self._kind, body, line)
        yield from _piece("stray", raw[len(body) :], line + _count_lines(body))


def _count_lines(raw: bytes) -> int:
    return len(_LINE_END.findall(raw))


def _piece(kind: str, raw: bytes, line: int) -> Iterator[Piece]:
    inside = raw.lstrip(_BLANK)
    if not inside.strip(_BLANK).removeprefix(_BOM).strip(_BLANK):
        return
    yield Piece(kind, inside.rstrip(_TAIL), line + _count_lines(raw[: len(raw) - len(inside)]))
