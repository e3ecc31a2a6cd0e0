"""
Cut a stream of bytes into HL7 v2 messages and the envelopes around them.

Theory of operation: a message starts at a line that begins with MSH and ends where the next MSH, FHS, BHS, BTS or FTS line
starts, or at an MLLP end byte. Bytes are never changed; MLLP framing and blank lines stand outside the message. What
belongs to no message is given as a stray piece, so that nothing is passed over. The buffer holds one message and one
chunk, however long the stream is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

_START = re.compile(rb"(?:\A|(?<=[\r\n\x0b\x1c]))(?:\xef\xbb\xbf)?[ \t\x0b]*(MSH|FHS|BHS|BTS|FTS)(?=[^A-Za-z0-9\s])")
_LINE_END = re.compile(rb"\r\n|\r|\n")
_END_BLOCK = b"\x1c"
_START_BLOCK = b"\x0b"
_BLANK = b" \t\r\n\x0b\x1c\x1a\x00"
# The longest thing that may straddle two chunks: line end, BOM, start block, name, separator. Indentation beyond this
# is bounded by looking back to the last line end.
_OVERLAP = 64


class Piece(Struct, frozen=True, gc=False):
    """
    One part of a stream.

    Shape: `kind` is `MSH`, an envelope's name (`FHS`, `BHS`, `BTS`, `FTS`) or `stray`; `line` is the first line's number
    in the stream, from 1.
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
        self._buffer = b""
        self._searched = 0
        self._line = 1
        self._kind = "stray"
        self._after_return = False

    def feed(self, chunk: bytes) -> Iterator[Piece]:
        self._buffer += chunk
        yield from self._cut(len(self._buffer) - _OVERLAP)

    def close(self) -> Iterator[Piece]:
        yield from self._cut(len(self._buffer))
        yield from self._emit(len(self._buffer))

    def _cut(self, safe: int) -> Iterator[Piece]:
        while (match := _START.search(self._buffer, self._searched)) and match.start() < safe:
            yield from self._emit(match.start())
            self._kind = match[1].decode("ascii")
            self._searched = match.end() - match.start()
        self._searched = max(self._searched, self._last_line_start(safe))

    def _last_line_start(self, safe: int) -> int:
        """Give the place before which no start can still be found."""
        line_ends = [self._buffer.rfind(mark, 0, max(safe, 0)) for mark in (b"\r", b"\n", _START_BLOCK, _END_BLOCK)]
        return max(line_ends) + 1

    def _emit(self, end: int) -> Iterator[Piece]:
        raw, self._buffer = self._buffer[:end], self._buffer[end:]
        self._searched = 0
        first_line = self._line
        self._line += self._count_lines(raw)
        body, _, rest = raw.partition(_END_BLOCK)
        yield from self._piece(self._kind, body, first_line)
        yield from self._piece("stray", rest, first_line + len(_LINE_END.findall(body)))

    def _count_lines(self, raw: bytes) -> int:
        # A CR LF pair that was cut between two pieces is one line end, not two.
        split_pair = self._after_return and raw.startswith(b"\n")
        if raw:
            self._after_return = raw.endswith(b"\r")
        return len(_LINE_END.findall(raw)) - split_pair

    @staticmethod
    def _piece(kind: str, raw: bytes, line: int) -> Iterator[Piece]:
        if not raw.strip(_BLANK):
            return
        lead = len(raw) - len(raw.lstrip(_BLANK))
        line += len(_LINE_END.findall(raw[:lead]))
        yield Piece(kind, raw.strip(_START_BLOCK) if lead == 0 else raw[lead:], line)
