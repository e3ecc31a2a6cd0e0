"""
Show the bytes of a message as numbered lines of text, so that a place in the bytes is found again in the text.

Lines end where HL7 v2, or a text file, ends them; each is decoded by itself, as no charset carries a shift past a line
end.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from msgspec import Struct

_LINE = re.compile(rb"\r\n|\r|\n|\Z")
_BOM = b"\xef\xbb\xbf"
_ESCAPE = b"\x1b"


class SourceLine(Struct, frozen=True, gc=False):
    """One line of a message: its number and its text, with the byte offset of every character and of the end."""

    number: int
    text: str
    offsets: range | list[int]


def source_lines(raw: bytes, codec: str) -> Iterator[SourceLine]:
    """Give the lines that hold anything; empty ones count, and are left out."""
    start = len(_BOM) if raw.startswith(_BOM) else 0
    for number, match in enumerate(_LINE.finditer(raw, start), start=1):
        line = raw[start : match.start()]
        if line:
            yield _decoded(line, number, start, codec)
        start = match.end()


def _decoded(line: bytes, number: int, start: int, codec: str) -> SourceLine:
    if line.isascii() and _ESCAPE not in line:
        return SourceLine(number, line.decode("ascii"), range(start, start + len(line) + 1))
    # Byte by byte: in several charsets the second byte of a character looks like a delimiter.
    decoder = codecs.getincrementaldecoder(codec)("replace")
    characters: list[str] = []
    offsets = [start]
    for place, byte in enumerate(line, start=start + 1):
        found = decoder.decode(bytes((byte,)))
        characters.append(found)
        offsets += [place] * len(found)
    characters.append(decoder.decode(b"", final=True))
    offsets += [start + len(line)] * len(characters[-1])
    return SourceLine(number, "".join(characters), offsets)
