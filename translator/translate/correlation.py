"""
Read a correlation table: CSV text to rows, or every fault with its place. (pure)

A key names an order of a patient, so a fault says where it stands (`file:line:column`) and never what it is.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from io import StringIO
from typing import NamedTuple

from translator.errors import Fault, TableError
from translator.record.correlation import CorrelationRow

REQUIRED = ("key", "service_request_id")
OPTIONAL = ("source", "key_type", "requisition_id", "patient", "birth_date", "panel", "created", "expires")
KEY_TYPES = frozenset({"", "placer", "filler", "group", "alt", "accession"})

# `uuid.UUID` takes braces, a URN and missing hyphens; a service request id is none of these.
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_DAY = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})(?:[T ].*)?", re.ASCII)
_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?|[0-9]{8}", re.ASCII)


class _Line(NamedTuple):
    number: int
    cells: list[str]


def parse_correlation(text: str, name: str = "correlation") -> tuple[CorrelationRow, ...]:
    """
    Read the rows of a correlation table.

    Shape: the columns `key` and `service_request_id`, and any of `OPTIONAL`, in any order. An empty `key_type`, or
    none, matches any type. Rows that agree appear once; rows that contradict each other all stay, so that the look-up
    finds more than one.
    Raises: TableError with every fault; `name` stands for the file.
    """
    lines = list(_lines(text.removeprefix("\ufeff"), name))
    if not lines:
        raise TableError([Fault(f"{name}:1:1", "empty-table", "the file has no header line")])
    columns, faults = _columns(lines[0], name)
    if faults:
        raise TableError(faults)
    rows: list[CorrelationRow] = []
    for line in lines[1:]:
        row, found = _row(line, columns, name)
        faults += found
        if row:
            rows.append(row)
    if faults:
        raise TableError(faults)
    return _once(rows)


def _lines(text: str, name: str) -> Iterator[_Line]:
    # A quoted cell may hold a line break, so a row is named by the physical line it starts on.
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    start = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield _Line(start, [cell.strip() for cell in cells])
            start = reader.line_num + 1
    except csv.Error:
        what = "this is not CSV from here on: a quote that is never closed, or text after a quote"
        raise TableError([Fault(f"{name}:{start}:1", "table-syntax", what)]) from None


def _columns(header: _Line, name: str) -> tuple[list[str], list[Fault]]:
    at = f"{name}:{header.number}"
    if len(header.cells) == 1 and ";" in header.cells[0]:
        return [], [Fault(f"{at}:1", "separator", "cells are separated by `;`; save the file with commas")]
    faults: list[Fault] = []
    for column, title in enumerate(header.cells, start=1):
        if title not in REQUIRED + OPTIONAL:
            faults.append(Fault(f"{at}:{column}", "unknown-column", f"column {column} is none of ours"))
        elif title in header.cells[: column - 1]:
            faults.append(Fault(f"{at}:{column}", "duplicate-column", f"column `{title}` stands twice"))
    faults += [
        Fault(f"{at}:1", "missing-column", f"column `{title}` is missing")
        for title in REQUIRED
        if title not in header.cells
    ]
    return header.cells, faults


def _row(line: _Line, columns: list[str], name: str) -> tuple[CorrelationRow | None, list[Fault]]:
    at = f"{name}:{line.number}"
    if len(line.cells) != len(columns):
        text = f"{len(line.cells)} cells under {len(columns)} columns"
        return None, [Fault(f"{at}:1", "cell-count", text)]
    cells = dict(zip(columns, line.cells, strict=True))
    cells.setdefault("key_type", "")
    faults = [
        Fault(f"{at}:{columns.index(column) + 1}", code, text)
        for column, code, text in _faulty(cells)
        if column in columns
    ]
    if faults:
        return None, faults
    cells["service_request_id"] = cells["service_request_id"].lower()
    if end := _DAY.fullmatch(cells.get("expires", "")):
        # Compared as text with the day of today.
        cells["expires"] = "-".join(end.groups())
    return CorrelationRow(at=at, **cells), []


def _faulty(cells: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    if not cells["key"]:
        yield "key", "missing-value", "the key is empty"
    if not _UUID.fullmatch(cells["service_request_id"]):
        yield "service_request_id", "not-a-uuid", "a service request id is a UUID with hyphens"
    if cells["key_type"] not in KEY_TYPES:
        yield "key_type", "unknown-key-type", f"use one of {', '.join(sorted(KEY_TYPES - {''}))}, or leave it empty"
    if cells.get("birth_date") and not _DATE.fullmatch(cells["birth_date"]):
        yield "birth_date", "not-a-date", "write YYYY-MM-DD or YYYYMMDD"
    if cells.get("expires") and not _DAY.fullmatch(cells["expires"]):
        yield "expires", "not-a-date", "write YYYY-MM-DD or YYYYMMDD, the last day on which the row counts"


def _once(rows: list[CorrelationRow]) -> tuple[CorrelationRow, ...]:
    first: dict[tuple[str, ...], CorrelationRow] = {}
    for row in rows:
        first.setdefault(
            (row.source, row.key_type, row.key, row.service_request_id, row.patient, row.birth_date, row.panel), row
        )
    return tuple(first.values())
