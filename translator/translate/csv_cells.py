"""
Find each cell of a CSV text by its characters, so that one can be mended and all others stay to the byte (pure).

The loader's reader gives what a cell says; this gives where it stands. Quotes may have spaces around them, which CSV
does not allow and spreadsheets of people have.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

_LINE_END = re.compile(r"\r\n|\r|\n")


class Cell(NamedTuple):
    """
    One cell: `raw` is its text as it stands, `text` what it says, `is_quoted` whether quotes stand around it.

    Units: `line` and `column` count lines of the text and cells of the row from 1.
    """

    line: int
    column: int
    raw: str
    text: str
    is_quoted: bool


class Piece(NamedTuple):
    """A cell, and what stands between it and the next one: a separator, a line end, or nothing at the end."""

    cell: Cell
    after: str


def pieces(text: str, separator: str = ",") -> Iterator[Piece]:
    """Every cell with what follows it; their texts, joined, are the text again."""
    quoted, plain = _patterns(separator)
    place, line, column = 0, 1, 1
    while True:
        found = quoted.match(text, place)
        if found:
            cell = Cell(line, column, found[0], found[1].replace('""', '"'), is_quoted=True)
        else:
            found = plain.match(text, place)
            raw = found[0] if found else ""
            cell = Cell(line, column, raw, raw, is_quoted=False)
        place += len(cell.raw)
        line += len(_LINE_END.findall(cell.raw))
        end = _LINE_END.match(text, place)
        after = end[0] if end else text[place : place + 1]
        yield Piece(cell, after)
        if not after:
            return
        place += len(after)
        line, column = (line + 1, 1) if end else (line, column + 1)


def rows(text: str, separator: str = ",") -> Iterator[list[Piece]]:
    """The pieces line by line; an empty line is a row of one empty cell."""
    row: list[Piece] = []
    for piece in pieces(text, separator):
        row.append(piece)
        if piece.after != separator:
            yield row
            row = []


@lru_cache(maxsize=4)
def _patterns(separator: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    mark = re.escape(separator)
    return (
        re.compile(rf' *"((?:[^"]|"")*)" *(?={mark}|[\r\n]|\Z)'),
        re.compile(rf"[^{mark}\r\n]*"),
    )
