"""
Read one CSV table into rows and collect every fault with its place (pure).

Places are `file:line:column`: physical lines, the header being line 1, and cells counted from 1, as a spreadsheet
shows them.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import NamedTuple

from translator.errors import Fault
from translator.translate.load_columns import SITE_COLUMNS, Column, Table

BOM = b"\xef\xbb\xbf"


class Row(NamedTuple):
    """One row as text; `cells` keeps the order of the header."""

    file: str
    line: int
    cells: Mapping[str, str]

    @property
    def at(self) -> str:
        """The row's place, such as `whoop/observations.csv:14`."""
        return f"{self.file}:{self.line}"

    def where(self, column: str) -> str:
        """The place of one cell; of the row's first cell where the file has no such column."""
        names = list(self.cells)
        return f"{self.at}:{names.index(column) + 1 if column in names else 1}"

    def get(self, column: str) -> str:
        """The cell's text, empty where the file has no such column."""
        return self.cells.get(column, "")


def canonical(data: bytes) -> bytes:
    """The bytes without a byte order mark and with LF line ends: what is read, and what is hashed."""
    return data.removeprefix(BOM).replace(b"\r\n", b"\n")


def suggestion(name: str, known: Iterable[str]) -> str:
    """`; did you mean X?` where a known name is close, else nothing."""
    close = get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""


def read_rows(file: str, data: bytes, table: Table, faults: list[Fault], *, site: bool = False) -> list[Row]:
    """
    The table's rows; what is wrong is appended to `faults`.

    Shape: a site's file needs only its key columns, and those that cannot be inherited.
    """
    text = decoded(file, canonical(data), faults)
    if text is None:
        return []
    records = _records(file, text, faults)
    header = next(records, None)
    if header is None:
        faults.append(Fault(f"{file}:1:1", "table-header", "the file is empty; the first line must name the columns"))
        return []
    names = header[1]
    before = len(faults)
    faults.extend(_header_faults(file, header[0], names, table, site=site))
    if len(faults) > before:
        return []
    rows: list[Row] = []
    for line, cells in records:
        if len(cells) != len(names):
            faults.append(_wrong_count(file, line, names, cells))
        else:
            rows.append(Row(file, line, dict(zip(names, cells, strict=True))))
    _check_cells(rows, table, faults, site=site)
    _check_keys(rows, table, faults)
    return rows


def decoded(file: str, body: bytes, faults: list[Fault]) -> str | None:
    """The text of a file, or None after adding a fault that names the byte and its place."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        start = error.start
    else:
        # Neither a table nor TOML holds this byte, and every second one of UTF-16 is one.
        start = body.find(b"\0")
        if start < 0:
            return text
    is_table = not file.endswith(".toml")
    before = body[:start]
    last = before.rpartition(b"\n")[2]
    at = f"{file}:{before.count(10) + 1}:{(last.count(b',') if is_table else len(last)) + 1}"
    what = "the file is UTF-16" if _is_utf16(body) else f"byte 0x{body[start]:02X} is not UTF-8"
    form = "CSV UTF-8" if is_table else "UTF-8"
    faults.append(Fault(at, "table-encoding", f"{what}; save the file as `{form}`"))
    return None


def _is_utf16(body: bytes) -> bool:
    return body.startswith((b"\xff\xfe", b"\xfe\xff")) or body[:64].count(0) > len(body[:64]) // 4


def _records(file: str, text: str, faults: list[Fault]) -> Iterator[tuple[int, list[str]]]:
    """
    Records with the physical line on which they begin; lines without any text are passed over.

    `str.splitlines` would also cut at U+2028, U+0085 and other characters that may stand inside a cell.
    """
    reader = csv.reader((f"{line}\n" for line in text.split("\n")), strict=True)
    line = 1
    try:
        for cells in reader:
            # A spreadsheet leaves a row of commas where somebody has emptied one.
            if any(cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        what = "a stray carriage return" if "\r" in text else "a quote that is never closed, or text after a quote"
        if "limit" in str(error):
            what = f"a cell of more than {csv.field_size_limit():,} characters; is a quote never closed?"
        faults.append(Fault(f"{file}:{line}:1", "table-syntax", f"this is not CSV from here on: {what}"))


def _header_faults(file: str, line: int, names: list[str], table: Table, *, site: bool) -> list[Fault]:
    if len(names) == 1:
        for mark, word in ((";", "semicolons"), ("\t", "tabs")):
            if mark in names[0]:
                text = (
                    f"the cells are separated by {word}, as a spreadsheet set to another language saves them; "
                    "save the file as `CSV UTF-8 (comma delimited)`"
                )
                return [Fault(f"{file}:{line}:1", "table-separator", text)]
    known = [column.name for column in table.columns if site or column.name not in SITE_COLUMNS]
    faults = []
    for place, name in enumerate(names, 1):
        at = f"{file}:{line}:{place}"
        if name not in known:
            absent = [column for column in known if column not in names]
            text = f"unknown column `{name}`{suggestion(name.strip().lower(), absent)}"
            faults.append(Fault(at, "table-column-unknown", text))
        elif name in names[: place - 1]:
            faults.append(Fault(at, "table-column-unknown", f"column `{name}` stands twice"))
    for column in table.columns:
        if column.name not in names and table.needs(column, site=site):
            text = f"column `{column.name}` is missing"
            faults.append(Fault(f"{file}:{line}:{len(names) + 1}", "table-column-missing", text))
    return faults


def _wrong_count(file: str, line: int, names: list[str], cells: list[str]) -> Fault:
    text = f"{len(cells)} cells, but the header has {len(names)}"
    if len(cells) > len(names):
        text += "; a comma inside a cell needs quotes around the cell"
    return Fault(f"{file}:{line}:{min(len(cells), len(names)) + 1}", "table-cell-count", text)


def _check_cells(rows: list[Row], table: Table, faults: list[Fault], *, site: bool) -> None:
    may_be_empty = site and (table.inherits or table.removes)
    for column in table.columns:
        if column.unchecked or not rows or column.name not in rows[0].cells:
            continue
        for row in rows:
            complaint = _complaint(column, row.cells[column.name], may_be_empty=may_be_empty)
            if complaint:
                code = "table-space" if complaint is _SPACE else "table-value"
                faults.append(Fault(row.where(column.name), code, f"{column.name}: {complaint}"))


_SPACE = "a space at the start or the end, which would never match"


def _complaint(column: Column, cell: str, *, may_be_empty: bool) -> str:
    if column.key and cell != cell.strip():
        return _SPACE
    if not cell:
        return "must not be empty" if column.filled and (column.key or not may_be_empty) else ""
    return column.check(cell) if column.check is not None else ""


def _check_keys(rows: list[Row], table: Table, faults: list[Fault]) -> None:
    names = table.key
    first: dict[tuple[str, ...], int] = {}
    for row in rows:
        key = tuple(row.get(name) for name in names)
        if table.folds:
            key = tuple(part.casefold() for part in key)
        line = first.setdefault(key, row.line)
        if line != row.line:
            text = f"the same {' and '.join(names)} as line {line}"
            faults.append(Fault(row.where(names[-1]), "table-duplicate", text))
