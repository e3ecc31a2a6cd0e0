"""
Split FHIR NDJSON into lines, and tell it from a single document: one resource on every line.

Source: FHIR Bulk Data Access 2.0, FHIR R4 `application/fhir+ndjson`.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from translator.read.resource_head import read_head
from translator.read.wire import LARGEST_MESSAGE

_BOM = b"\xef\xbb\xbf"
_BLANK = b" \t\r\n"
_NAME = re.compile(r"\.ndjson(?:\.gz)?\Z", re.IGNORECASE)
_DECODER = json.JSONDecoder()
_WHITE = re.compile(r"[\ufeff \t\r\n]*")
_MESSAGES = frozenset({"Bundle", "DiagnosticReport"})
# Some may be blank, where files were put together.
_TELLING_LINES = 8


class Line(Struct, frozen=True, gc=False):
    """
    One line that is not blank.

    Shape: `raw` is trimmed; `number` counts lines from 1, `start` is its place in the file.
    Absent: `raw` is empty where the line is longer than any message may be.
    """

    number: int
    start: int
    raw: bytes


def tell_ndjson(chunks: Iterator[bytes], name: str = "") -> tuple[bool, Iterator[bytes]]:
    """
    Tell whether a stream is NDJSON, and give it whole again.

    Shape: a first line that is a whole resource and is not the last line tells it. A name that ends in `.ndjson` tells
    it, too, for a file of one line and for one whose first line is damaged.
    """
    head: list[bytes] = []
    # What stands before the first brace: nothing but white space and a mark, else this is no JSON.
    blank: bytes | None = b""
    size = line_ends = 0
    for chunk in chunks:
        head.append(chunk)
        size += len(chunk)
        if blank is not None:
            blank += chunk
            first = _trimmed(blank)[:1]
            if first not in {b"", b"{"} and blank not in _BOM:
                return False, itertools.chain(head, chunks)
            blank = None if first == b"{" else blank
        line_ends += chunk.count(b"\n")
        if line_ends >= _TELLING_LINES or size > LARGEST_MESSAGE:
            break
    begin = b"".join(head)
    return _is_ndjson(begin, name), itertools.chain((begin,), chunks)


def _is_ndjson(begin: bytes, name: str) -> bool:
    lines = [each for line in begin.split(b"\n", _TELLING_LINES)[:_TELLING_LINES] if (each := _trimmed(line))]
    wholes = [read_head(line) is not None for line in lines]
    return any(wholes) if _NAME.search(name) else len(lines) > 1 and wholes[0]


def split_documents(raw: bytes) -> list[tuple[int, bytes]]:
    """
    Part Bundles and reports that stand one after another, over as many lines as they like.

    Shape: the place of each document in `raw`, and its bytes.
    Absent: nothing where there is only one, or where anything else stands between or among them.
    """
    found: list[tuple[int, bytes]] = []
    try:
        text = raw.decode()
        place = _WHITE.match(text).end()  # type: ignore[union-attr] # it matches nothing, too
        while place < len(text):
            _, end = _DECODER.raw_decode(text, place)
            document = text[place:end].encode()
            head = read_head(document)
            if head is None or head.type not in _MESSAGES:
                return []
            found.append((len(text[:place].encode()), document))
            place = _WHITE.match(text, end).end()  # type: ignore[union-attr] # the same
    except (ValueError, RecursionError):
        return []
    return found if len(found) > 1 else []


def split_lines(chunks: Iterable[bytes], limit: int = LARGEST_MESSAGE) -> Iterator[Line]:
    """Give every line that is not blank; memory holds one line and one chunk."""
    number, start, size = 1, 0, 0
    parts: list[bytes] = []
    for chunk in chunks:
        *whole, last = chunk.split(b"\n")
        for part in whole:
            yield from _line(number, start, [*parts, part], size + len(part), limit)
            number, start, size, parts = number + 1, start + size + len(part) + 1, 0, []
        size += len(last)
        # What cannot be kept is only counted.
        if size > limit:
            parts.clear()
        parts.append(last)
    yield from _line(number, start, parts, size, limit)


def _line(number: int, start: int, parts: list[bytes], size: int, limit: int) -> Iterator[Line]:
    if size > limit:
        yield Line(number, start, b"")
        return
    line = b"".join(parts)
    raw = _trimmed(line)
    if raw:
        yield Line(number, start + line.index(raw), raw)


def _trimmed(line: bytes) -> bytes:
    # A mark may stand before any line, where files were put together.
    return line.removeprefix(_BOM).strip(_BLANK)
