"""Tell strings, comments and the rest of a TOML text apart, so that characters are judged where they stand (pure)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple, TypeAlias

Kind: TypeAlias = Literal["string", "comment", "other"]

_PIECE = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'"
    r"|#[^\n]*"
    r"|[^\"'#]+"
    r"|.",
    re.DOTALL,
)


class TomlPiece(NamedTuple):
    """A stretch of one kind; a quote that is never closed is `other`, as TOML could not read it."""

    kind: Kind
    text: str
    line: int
    column: int


def toml_pieces(text: str) -> Iterator[TomlPiece]:
    """Every piece with the line and column of its first character; their texts, joined, are the text again."""
    line, column = 1, 1
    for match in _PIECE.finditer(text):
        content = match[0]
        yield TomlPiece(_kind(content), content, line, column)
        before, broke, rest = content.rpartition("\n")
        line += before.count("\n") + len(broke)
        column = len(rest) + 1 if broke else column + len(rest)


def content_of(string: str) -> str:
    """What stands between the quotes, as it is written."""
    for quotes in ('"""', "'''", '"', "'"):
        if string.startswith(quotes):
            return string[len(quotes) : -len(quotes)]
    return string


def _kind(content: str) -> Kind:
    if content.startswith("#"):
        return "comment"
    return "string" if len(content) > 1 and content[0] in "\"'" else "other"
