"""Reading one CSV table: every fault with its place, and nothing lost on the way."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translator.errors import Fault
from translator.translate.load_columns import Column, Table, number, one_of
from translator.translate.load_rows import Row, canonical, read_rows, suggestion

TABLE = Table((
    Column("code", key=True, filled=True),
    Column("kind", one_of("numeric", "text"), filled=True),
    Column("min", number),
    Column("note"),
))  # fmt: skip
FOLDING = TABLE._replace(folds=True)
INHERITING = TABLE._replace(inherits=True)
HEADER = "code,kind,min,note\n"


def read(data: bytes | str, table: Table = TABLE, *, site: bool = False) -> tuple[list[Row], list[Fault]]:
    """Read a table of the test and give its rows and faults."""
    faults: list[Fault] = []
    rows = read_rows("t.csv", data.encode() if isinstance(data, str) else data, table, faults, site=site)
    return rows, faults


@pytest.mark.parametrize(
    ("data", "at", "code", "words"),
    [
        pytest.param("", "t.csv:1:1", "table-header", "empty", id="empty-file"),
        pytest.param("code;kind;min;note\nA;text;;\n", "t.csv:1:1", "table-separator", "semicolons", id="german-excel"),
        pytest.param("code\tkind\tmin\tnote\n", "t.csv:1:1", "table-separator", "tabs", id="tabs"),
        pytest.param("code,kind,min\n", "t.csv:1:4", "table-column-missing", "`note` is missing", id="missing-last"),
        pytest.param("code,kind,note\n", "t.csv:1:4", "table-column-missing", "`min` is missing", id="missing-column"),
        pytest.param(HEADER[:-1] + ",more\n", "t.csv:1:5", "table-column-unknown", "unknown column `more`", id="extra"),
        pytest.param("code,kind,min,note,code\n", "t.csv:1:5", "table-column-unknown", "stands twice", id="twice"),
        pytest.param(HEADER + "A,text\n", "t.csv:2:3", "table-cell-count", "2 cells, but the header has 4", id="short"),
        pytest.param(HEADER + "A,text,,a,b\n", "t.csv:2:5", "table-cell-count", "needs quotes", id="long"),
        pytest.param(HEADER + "A,word,,\n", "t.csv:2:2", "table-value", "must be numeric or text", id="bad-word"),
        pytest.param(HEADER + "A,text,1e3,\n", "t.csv:2:3", "table-value", "plain number", id="bad-number"),
        pytest.param(HEADER + "A,,1,\n", "t.csv:2:2", "table-value", "must not be empty", id="empty-cell"),
        pytest.param(HEADER + ",text,1,\n", "t.csv:2:1", "table-value", "must not be empty", id="empty-key"),
        pytest.param(HEADER + "A ,text,1,\n", "t.csv:2:1", "table-space", "would never match", id="space-after"),
        pytest.param(HEADER + " A,text,1,\n", "t.csv:2:1", "table-space", "would never match", id="space-before"),
        pytest.param(HEADER + "A,text,,\nA,text,,\n", "t.csv:3:1", "table-duplicate", "as line 2", id="duplicate"),
        pytest.param(HEADER + 'A,text,,"a\n', "t.csv:2:1", "table-syntax", "quote", id="open-quote"),
        pytest.param(HEADER + "A,text,,\rB,text,,\n", "t.csv:2:1", "table-syntax", "carriage return", id="lone-cr"),
        pytest.param(
            HEADER.encode() + b"A,text,,\nB,text,,\xb5\n", "t.csv:3:4", "table-encoding", "0xB5", id="latin-1"
        ),
        pytest.param(HEADER.encode("utf-16"), "t.csv:1:1", "table-encoding", "is UTF-16; save the file", id="utf-16"),
        pytest.param(HEADER.encode("utf-16-le"), "t.csv:1:1", "table-encoding", "is UTF-16; save", id="utf-16-bare"),
        pytest.param(HEADER + "A,te\0xt,,\n", "t.csv:2:2", "table-encoding", "0x00 is not", id="nul"),
        pytest.param(HEADER + f"A,{'x' * 200_000},,\n", "t.csv:2:1", "table-syntax", "131,072 characters", id="huge"),
    ],
)
def test_fault_has_its_exact_place_and_says_what_to_do(data: bytes | str, at: str, code: str, words: str) -> None:
    """One thing wrong gives one fault, with file, line and column."""
    _, faults = read(data)
    assert [(fault.at, fault.code) for fault in faults] == [(at, code)]
    assert words in faults[0].text


def test_rows_of_commas_alone_are_passed_over() -> None:
    """A spreadsheet leaves them where somebody has emptied a row."""
    rows, faults = read(HEADER + ",,,\nA,text,,\n,,,\n")
    assert ([row.at for row in rows], faults) == (["t.csv:3"], [])


def test_unknown_column_suggests_the_one_that_is_missing() -> None:
    """A misspelled header names the column that was meant."""
    _, faults = read("code,kind,mni,note\nA,text,,\n")
    assert [fault.text for fault in faults] == ["unknown column `mni`; did you mean min?", "column `min` is missing"]


def test_header_of_one_word_lists_what_is_missing() -> None:
    """One column is not taken for cells separated otherwise."""
    _, faults = read("code\nA\n")
    assert [fault.code for fault in faults] == ["table-column-missing"] * 3


def test_faults_of_many_rows_are_all_listed() -> None:
    """The first fault does not hide the next."""
    _, faults = read(HEADER + "A,word,x,\nB,text\nB,text,,\n")
    assert [fault.at for fault in faults] == ["t.csv:3:3", "t.csv:2:2", "t.csv:2:3"]


def test_lines_are_physical_lines() -> None:
    """A cell of two lines and an empty line count as they stand in the file."""
    rows, faults = read(HEADER + 'A,text,,"one\ntwo"\n\nB,text,,x\n')
    assert not faults
    assert [row.at for row in rows] == ["t.csv:2", "t.csv:5"]


@pytest.mark.parametrize("cut", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
def test_line_separators_inside_a_cell_do_not_cut_it(cut: str) -> None:
    """Only LF and CRLF end a line."""
    rows, faults = read(f"{HEADER}A,text,,a{cut}b\nB,text,,\n")
    assert not faults
    assert [(row.line, row.get("note")) for row in rows] == [(2, f"a{cut}b"), (3, "")]


def test_byte_order_mark_and_crlf_are_accepted() -> None:
    """A file saved by a spreadsheet reads like one from an editor."""
    text = HEADER + "A,text,1,x\n"
    assert read(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()) == read(text)


def test_key_that_folds_is_compared_without_case() -> None:
    """Where look-up folds case, so does the check for duplicates."""
    _, faults = read(HEADER + "tnp,text,,\nTNP,text,,\n", FOLDING)
    assert [fault.at for fault in faults] == ["t.csv:3:1"]


def test_site_table_that_inherits_needs_only_its_keys() -> None:
    """Columns and cells that can be inherited may be left out."""
    rows, faults = read("code,kind\nA,\n", INHERITING, site=True)
    assert not faults
    assert rows[0].get("min") == ""
    assert rows[0].where("min") == "t.csv:2:1"


def test_site_table_that_does_not_inherit_needs_its_filled_columns() -> None:
    """A row that nothing completes must be complete."""
    _, faults = read("code,note\nA,x\n", site=True)
    assert [(fault.at, fault.code) for fault in faults] == [("t.csv:1:3", "table-column-missing")]


def test_suggestion_is_empty_where_nothing_is_close() -> None:
    """A wild guess is worse than none."""
    assert suggestion("zzz", ["unit", "min"]) == ""


CELL = st.text(st.characters(exclude_characters="\r\x00", exclude_categories=["Cs"]), max_size=12)


@given(cells=st.lists(CELL, min_size=1, max_size=8))
def test_what_a_spreadsheet_writes_is_read_back(cells: list[str]) -> None:
    """Every text survives quoting, whatever commas, quotes and line ends it holds."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([["code", "kind", "min", "note"]])
    csv.writer(text, lineterminator="\n").writerows([f"K{n}", "text", "1", cell] for n, cell in enumerate(cells))
    rows, faults = read(text.getvalue())
    assert not faults
    assert [row.get("note") for row in rows] == cells


@given(data=st.binary(max_size=200))
def test_any_bytes_give_rows_or_faults(data: bytes) -> None:
    """No bytes raise, and rows that are read have every cell."""
    rows, faults = read(HEADER.encode() + data)
    assert all(len(row.cells) == 4 for row in rows)
    assert all(fault.at.startswith("t.csv:") for fault in faults)


@given(lines=st.lists(st.binary(max_size=9).map(lambda line: line.replace(b"\r", b"").replace(b"\n", b""))))
def test_line_ends_and_byte_order_mark_do_not_count(lines: list[bytes]) -> None:
    """The form that is hashed is the same on every system."""
    unix = b"x" + b"\n".join(lines)
    assert canonical(b"\xef\xbb\xbf" + b"x" + b"\r\n".join(lines)) == canonical(unix) == unix
