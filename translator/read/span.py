"""Say where in a message some bytes stand, as a person looks for them: by offset, by line and in their line."""

from __future__ import annotations

import re

from msgspec import Struct

from translator.errors import ConfigError

_BOM = b"\xef\xbb\xbf"
_LINE_END = re.compile(rb"\r\n|\r|\n")
_WIDTH, _BEFORE = 120, 40
_CUT = "\N{HORIZONTAL ELLIPSIS}"


class NoSuchPositionError(ConfigError):
    """Nothing stands at the position that was asked for; the text says what is there instead."""


class Span(Struct, frozen=True, gc=False):
    """
    Some bytes of one message, and the line that they stand in.

    Shape: `start` and `end` count bytes of the message from 0, `line` its lines from 1. `text` is the decoded text of
    the bytes, escapes as sent; `source` is the whole line, in which `text` begins at character `column`.
    Absent: an empty span stands where the value would be.
    """

    start: int
    end: int
    line: int
    text: str
    source: str
    column: int


class Place(Struct, frozen=True, omit_defaults=True):
    """
    The bytes of one position.

    Units: `start` and `end` count bytes of the file from 0, `line` its lines from 1. `context` is the line, cut to what
    fits a screen, and `text` begins at character `column` of it.
    Absent: an empty `text` stands where nothing was sent; `file` is empty where it is the file of the message.
    """

    at: str
    start: int
    end: int
    line: int
    text: str
    context: str
    column: int
    file: str = ""


def span_of(raw: bytes, begin: int, end: int) -> Span:
    """Give the span of some bytes of a document in UTF-8, with the line that they begin on."""
    before = list(_LINE_END.finditer(raw, 0, begin))
    start = before[-1].end() if before else len(_BOM) if raw.startswith(_BOM) else 0
    after = _LINE_END.search(raw, begin)
    line = raw[start : after.start() if after else len(raw)]
    text = raw[begin:end].decode("utf-8", "replace")
    column = len(raw[start:begin].decode("utf-8", "replace"))
    return Span(begin, end, len(before) + 1, text, line.decode("utf-8", "replace"), column)


def in_file(position: str, span: Span, offset: int, line: int) -> Place:
    """Turn a span of the message into one of the file, and cut its line to what fits a screen."""
    context, column = _window(span)
    return Place(position, offset + span.start, offset + span.end, line + span.line - 1, span.text, context, column)


def _window(span: Span) -> tuple[str, int]:
    begin = max(span.column - _BEFORE, 0) if len(span.source) > _WIDTH else 0
    cut = span.source[begin : begin + _WIDTH]
    before = _CUT if begin else ""
    after = _CUT if begin + _WIDTH < len(span.source) else ""
    return f"{before}{cut}{after}", span.column - begin + len(before)
