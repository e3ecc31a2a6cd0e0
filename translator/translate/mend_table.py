"""
Mend a table: spaces around a cell or its quotes, look-alikes where the words are ours, separators, names of columns.

(pure)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from translator.translate.codes import LOINC
from translator.translate.csv_cells import Cell, Piece, rows
from translator.translate.load_columns import Table
from translator.translate.lookalikes import PROSE, lookalikes_in, may_be_mended, plain
from translator.translate.mend_text import Repair

_SEPARATORS: Mapping[str, str] = {";": "semicolons", "\t": "tabs"}


def mend_table(table: Table, text: str, repairs: list[Repair]) -> str:
    """Mend the text of one table; what was done is added to `repairs`."""
    known = frozenset(column.name for column in table.columns)
    text = _with_commas(known, text, repairs)
    header: list[str] = []
    written: list[str] = []
    for row in rows(text):
        if header:
            cells = dict(zip(header, (piece.cell.text.strip() for piece in row), strict=False))
            written.append(_row(row, [_mended_cell(name, cells) for name in header], repairs))
        else:
            header = _header(row, known)
            written.append(_row(row, [_mended_name(known)] * len(row), repairs))
    return "".join(written)


def _header(row: Sequence[Piece], known: frozenset[str]) -> list[str]:
    """The names of the columns as they are after mending; none on an empty line, which is passed over."""
    names = [_mended_name(known)(piece.cell)[0] for piece in row]
    return names if names != [""] else []


_Mend = Callable[[Cell], tuple[str, str]]
"""Gives what a cell should say, and in words what was done to it."""


def _mended_name(known: frozenset[str]) -> _Mend:
    def mend(cell: Cell) -> tuple[str, str]:
        name = plain(cell.text).strip().lower()
        better = name if name in known else cell.text if cell.text.strip() else ""
        return better, f"the column is named {better}"

    return mend


def _mended_cell(column: str, row: Mapping[str, str]) -> _Mend:
    def mend(cell: Cell) -> tuple[str, str]:
        text, done = cell.text, list[str]()
        if column not in PROSE and not text.isascii() and may_be_mended(column, row, LOINC):
            text = plain(text)
            done = [each.words for mark, each in lookalikes_in(cell.text).items() if mark not in text]
        if text != text.strip():
            text = text.strip()
            done.append("a space at the start or the end")
        return text, f"{column}: {', '.join(done)}"

    return mend


def _row(row: Sequence[Piece], mends: Sequence[_Mend], repairs: list[Repair]) -> str:
    """Write a row again; cells beyond the header's are left alone."""
    written = []
    for place, (cell, after) in enumerate(row):
        raw = cell.raw
        if place < len(mends):
            wanted, words = mends[place](cell)
            raw, words = _written(cell, wanted, words)
            if raw != cell.raw:
                repairs.append(Repair(cell.line, cell.column, words))
        written += [raw, after]
    return "".join(written)


def _written(cell: Cell, wanted: str, words: str) -> tuple[str, str]:
    if cell.is_quoted:
        quoted = '"' + wanted.replace('"', '""') + '"'
        return quoted, words if wanted != cell.text else "spaces around the quotes"
    # What begins with a quote only now would be read as a quoted cell.
    return (cell.raw, "") if wanted.startswith('"') else (wanted, words)


def _with_commas(known: frozenset[str], text: str, repairs: list[Repair]) -> str:
    """Separate by commas a table that a spreadsheet of another language has separated otherwise."""
    for mark, word in _SEPARATORS.items():
        lines = list(rows(text, mark))
        names = [piece.cell.text.strip().lower() for piece in lines[0]]
        if len(names) > 1 and known.issuperset(names):
            repairs.append(Repair(lines[0][0].cell.line, 1, f"cells are separated by commas, not {word}"))
            return "".join(_commas(piece, mark) for line in lines for piece in line)
    return text


def _commas(piece: Piece, mark: str) -> str:
    cell, after = piece
    needs_quotes = not cell.is_quoted and any(each in cell.raw for each in ',"')
    raw = '"' + cell.raw.replace('"', '""') + '"' if needs_quotes else cell.raw
    return raw + ("," if after == mark else after)
