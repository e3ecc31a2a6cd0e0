"""
Show a message line by line, cut where values begin and end, so that each value can be lit. (pure)

A piece of a line belongs to every mark that covers it: the whole segment of an observation, and the value inside.
"""

from __future__ import annotations

import itertools
import json
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from translator.read.detect import detect
from translator.read.lexicon import Lexicon
from translator.read.locate import codec_of
from translator.read.source_lines import SourceLine, source_lines
from translator.web.console_words import printable

LARGEST_SHOWN = 1 << 19
"""So many bytes of a message are shown; a document that is larger has its say on the command line."""

_HEAD = 64
_DOCUMENTS = frozenset({"fhir", "fhir-xml"})


class Mark(Struct, frozen=True):
    """Some bytes of a message, from `start` up to `end`, and the value that was made of them."""

    start: int
    end: int
    key: str


class Piece(Struct, frozen=True):
    """Some characters of a line; `keys` are the values that they became, `anchors` those that begin here."""

    text: str
    keys: tuple[str, ...] = ()
    anchors: tuple[str, ...] = ()

    @property
    def is_sent(self) -> bool:
        """Whether a value of a payload was made of it."""
        return any(key.startswith("s") for key in self.keys)


class Line(Struct, frozen=True):
    """One line of a message."""

    number: int
    pieces: tuple[Piece, ...]


class Token(Struct, frozen=True):
    """A part of a payload's line: `kind` is name, text, number, word or mark; `path` leads to a value."""

    kind: str
    text: str
    path: str = ""


class Lexeme(str):
    """A number exactly as it is written in a body."""

    __slots__ = ()


def read_lines(raw: bytes, lexicon: Lexicon) -> list[SourceLine]:
    """Read a message as lines of text."""
    shown = raw[:LARGEST_SHOWN]
    is_document = detect(raw[:_HEAD]) in _DOCUMENTS
    return list(source_lines(shown, "utf-8" if is_document else codec_of(raw, lexicon)))


def mark_lines(lines: Iterable[SourceLine], marks: Iterable[Mark]) -> tuple[Line, ...]:
    """Cut the lines of a message at its marks."""
    by_start = sorted(marks, key=lambda mark: (mark.start, -mark.end))
    anchored: set[str] = set()
    return tuple(Line(line.number, tuple(_pieces(line, by_start, anchored))) for line in lines)


def _pieces(line: SourceLine, marks: Iterable[Mark], anchored: set[str]) -> Iterator[Piece]:
    begin, end = line.offsets[0], line.offsets[-1]
    ours = [mark for mark in marks if mark.start < end and begin < mark.end]
    cuts = sorted({begin, end, *(mark.start for mark in ours), *(mark.end for mark in ours)})
    places = _characters(line, [cut for cut in cuts if begin <= cut <= end])
    for (cut, place), (_, following) in itertools.pairwise(places):
        text = printable(line.text[place:following])
        if not text:
            continue
        keys = tuple(dict.fromkeys(mark.key for mark in ours if mark.start <= cut < mark.end))
        anchors = tuple(key for key in keys if key not in anchored)
        anchored.update(anchors)
        yield Piece(text, keys, anchors)


def _characters(line: SourceLine, cuts: Iterable[int]) -> list[tuple[int, int]]:
    """Find the character of a line at which each byte stands; at its end that is none any more."""
    end = line.offsets[-1]
    return [(cut, bisect_left(line.offsets, cut) if cut < end else len(line.text)) for cut in cuts]


def body_lines(body: bytes) -> list[list[Token]]:
    """Write a JSON body over several lines, each scalar with the path that leads to it; numbers as they are sent."""
    value = json.loads(body or b"{}", parse_float=Lexeme, parse_int=Lexeme)
    lines: list[list[Token]] = [[]]
    _write(value, "", 0, lines)
    return lines


def _write(value: Any, path: str, depth: int, lines: list[list[Token]]) -> None:
    match value:
        case dict() if value:
            members: list[tuple[str, Any, str]] = [
                (json.dumps(name, ensure_ascii=False), each, f"{path}.{name}" if path else name)
                for name, each in value.items()
            ]
            _block("{}", members, depth, lines)
        case list() if value:
            _block("[]", [("", each, f"{path}[{place}]") for place, each in enumerate(value)], depth, lines)
        case _:
            lines[-1].append(_scalar(value, path))


def _block(brackets: str, members: list[tuple[str, Any, str]], depth: int, lines: list[list[Token]]) -> None:
    lines[-1].append(Token("mark", brackets[0]))
    for place, (name, each, path) in enumerate(members):
        lines.append([Token("mark", "  " * (depth + 1))])
        if name:
            lines[-1] += [Token("name", printable(name)), Token("mark", ": ")]
        _write(each, path, depth + 1, lines)
        if place + 1 < len(members):
            lines[-1].append(Token("mark", ","))
    lines.append([Token("mark", "  " * depth + brackets[1])])


def _scalar(value: Any, path: str) -> Token:
    if isinstance(value, Lexeme):
        return Token("number", str(value), path)
    kind = "text" if isinstance(value, str) else "word"
    return Token(kind, printable(json.dumps(value, ensure_ascii=False)), path)
