"""
Find the bytes that an HL7 position names: `OBX[4]-5.1`, back to a span of the message as it came.

The reader keeps no byte offsets, since nobody asks for most of them; they are found here when somebody does, by the
same charset, delimiters and rules of what is a segment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from translator.read.charset import decode
from translator.read.continuation import Growing
from translator.read.er7 import Delimiters, read_delimiters
from translator.read.hl7v2 import charset_of, is_segment
from translator.read.lexicon import Lexicon
from translator.read.source_lines import SourceLine, source_lines
from translator.read.span import NoSuchPositionError, Span

_POSITION = re.compile(
    r"([A-Z][A-Z0-9]{2})(?:\[([0-9]{1,9})\])?"
    r"(?:-([0-9]{1,9})(?:\[([0-9]{1,9})\])?(?:\.([0-9]{1,9})(?:\.([0-9]{1,9}))?)?)?"
)


class Position(Struct, frozen=True, gc=False):
    """A position as HL7 writes it; 0 where a part is not named."""

    segment: str
    index: int = 1
    field: int = 0
    repetition: int = 0
    component: int = 0
    subcomponent: int = 0


def parse_position(text: str) -> Position | None:
    """
    Read a position such as `OBX[4]-5[2].1.2`.

    Absent: None where it is none, or counts from 0.
    """
    match = _POSITION.fullmatch(text)
    if match is None or any(part is not None and int(part) == 0 for part in match.groups()[1:]):
        return None
    return Position(
        match[1], *(int(part or default) for part, default in zip(match.groups()[1:], "10000", strict=True))
    )


def locate(raw: bytes, position: str, lexicon: Lexicon) -> Span:
    """
    Find a position in the bytes of one HL7 v2 message.

    Shape: `OBX[4]` is the fourth OBX in order of appearance, `OBX` the first. A component without a repetition is one
    of the first repetition, as the reader takes it.
    Raises: NoSuchPositionError where it is no position, or there is no such segment.
    """
    wanted = parse_position(position)
    if wanted is None:
        raise NoSuchPositionError(f"`{position}` is no position; write it as OBX[4], OBX[4]-5 or PID-3.1")
    count = 0
    for delimiters, parts in _segments(raw, lexicon):
        count += parts[0].text.startswith(wanted.segment)
        if count == wanted.index and parts[0].text.startswith(wanted.segment):
            text = "".join(part.text for part in parts)
            return _span(parts, text, *_bounds(text, wanted, delimiters))
    there = f"there are {count} {wanted.segment} segments" if count != 1 else f"there is 1 {wanted.segment} segment"
    raise NoSuchPositionError(f"{position}: {there} in this message")


def codec_of(raw: bytes, lexicon: Lexicon) -> str:
    """Name the codec that the reader takes a message's bytes by; undeclared bytes stand for themselves."""
    decoded = decode(raw, charset_of(raw, lexicon), lexicon.charsets)
    return "latin-1" if decoded.undeclared else decoded.codec


def _span(parts: Sequence[SourceLine], text: str, begin: int, end: int) -> Span:
    line, at = _part_at(parts, begin)
    # An empty span takes no byte, also not those that shift a charset before the character that follows.
    start = stop = line.offsets[at]
    if end > begin:
        last, inside = _part_at(parts, end - 1)
        stop = last.offsets[inside + 1]
    return Span(start, stop, line.number, text[begin:end], line.text, at)


def _part_at(parts: Sequence[SourceLine], at: int) -> tuple[SourceLine, int]:
    """Find the line of a continued segment that holds its n-th character."""
    for part in parts[:-1]:
        if at < len(part.text):
            return part, at
        at -= len(part.text)
    return parts[-1], at


def _segments(raw: bytes, lexicon: Lexicon) -> Iterator[tuple[Delimiters, list[SourceLine]]]:
    """Give the segments that the reader counts, each with the ADD lines that go on with it."""
    declared: Delimiters | None = None
    parts: list[SourceLine] = []
    growing: Growing | None = None
    for order, line in enumerate(map(_stripped, source_lines(raw, codec_of(raw, lexicon)))):
        if order == 0 and line.text.startswith("MSH"):
            declared = read_delimiters(line.text)
        # Without a header the reader counts lines by their name alone.
        if not (is_segment(line.text, declared.field) if declared is not None else not line.text[3:4].isalnum()):
            continue
        if declared is None or line.text[:3] != "ADD":
            if parts:
                yield declared or Delimiters(), parts
            parts, growing = [line], None
            continue
        if growing is None and parts:
            growing = Growing(parts[0].text, declared.field)
        content = _without(line, len("ADD") + 1)
        if growing is not None and growing.takes(content.text):
            growing.add(content.text)
            parts.append(content)
        else:
            yield declared, [line]
    if parts:
        yield declared or Delimiters(), parts


def _stripped(line: SourceLine) -> SourceLine:
    return _without(line, len(line.text) - len(line.text.lstrip()))


def _without(line: SourceLine, count: int) -> SourceLine:
    return SourceLine(line.number, line.text[count:], line.offsets[count:])


def _bounds(text: str, wanted: Position, delimiters: Delimiters) -> tuple[int, int]:
    """Narrow a segment down to what is wanted, part by part."""
    begin, end = 0, len(text)
    if not wanted.field:
        return begin, end
    begin, end = _field(text, wanted, delimiters.field)
    if wanted.segment == "MSH" and wanted.field < 3:
        return begin, end
    steps = (
        (delimiters.repetition, wanted.repetition or min(wanted.component, 1)),
        (delimiters.component, wanted.component),
        (delimiters.subcomponent, wanted.subcomponent),
    )
    for separator, number in steps:
        if number and separator:
            begin, end = _part(text, begin, end, separator, number)
    return begin, end


def _field(text: str, wanted: Position, separator: str) -> tuple[int, int]:
    # MSH-1 is the separator itself, so that MSH-2 is the first field after it.
    if wanted.segment == "MSH":
        return (3, 4) if wanted.field == 1 else _part(text, 0, len(text), separator, wanted.field)
    return _part(text, 0, len(text), separator, wanted.field + 1)


def _part(text: str, begin: int, end: int, separator: str, number: int) -> tuple[int, int]:
    """Give the n-th part between separators; what is not there is empty, at the end."""
    for _ in range(number - 1):
        found = text.find(separator, begin, end)
        if found < 0:
            return end, end
        begin = found + 1
    found = text.find(separator, begin, end)
    return begin, end if found < 0 else found
