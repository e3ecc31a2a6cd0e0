"""Mending: what can only be meant one way becomes that, and every other byte stays."""

from __future__ import annotations

import csv
import io
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translator.mapping_files import packaged_files
from translator.translate.lookalikes import LOOKALIKES
from translator.translate.mend import mend

OBSERVATIONS = "whoop/observations.csv"
HEAD = "system,code,same_as,display,example_in,example_out,note\n"


def mended(name: str, text: str) -> tuple[str, list[str]]:
    """Mend a file; give its text and where something was done."""
    data, repairs = mend(name, text.encode())
    return data.decode(), [f"{line}:{column}" for line, column, _ in repairs]


@pytest.mark.parametrize(
    ("row", "after", "places"),
    [
        pytest.param("L,CHOL ,2093-3,,,,", "L,CHOL,2093-3,,,,", ["2:2"], id="space-behind-a-code"),
        pytest.param("L,CHOL, 2093-3 ,,,,", "L,CHOL,2093-3,,,,", ["2:3"], id="spaces-around"),
        pytest.param('L,CHOL,2093-3," a, b ",,,', 'L,CHOL,2093-3,"a, b",,,', ["2:4"], id="spaces-within-quotes"),
        pytest.param('L,CHOL,2093-3, "a, b" ,,,', 'L,CHOL,2093-3,"a, b",,,', ["2:4"], id="spaces-around-quotes"),
        pytest.param("L,CHOL,2093\u20113,,,,", "L,CHOL,2093-3,,,,", ["2:3"], id="hyphen-of-loinc"),
        pytest.param("L,CHOL,,,5\u00a0mg/dL,,", "L,CHOL,,,5 mg/dL,,", ["2:5"], id="no-break-space"),
        pytest.param("L,CHOL,,,,\u22125 \u03bcg/dL,", "L,CHOL,,,,-5 ug/dL,", ["2:6"], id="minus-and-mu"),
        pytest.param("http://loinc.org,2093\u20113,,,,,", "http://loinc.org,2093-3,,,,,", ["2:2"], id="code-of-loinc"),
        pytest.param("L,CH\u2011OL,,,,,", "L,CH\u2011OL,,,,,", [], id="local-code-is-the-senders"),
        pytest.param("L,CHOL,,St Mary\u2019s,,,a \u2013 b", "L,CHOL,,St Mary\u2019s,,,a \u2013 b", [], id="prose"),
        pytest.param('L,CHOL,,\u00a0"x",,,', 'L,CHOL,,\u00a0"x",,,', [], id="would-become-a-quoted-cell"),
        pytest.param('L,"CH""OL",,,,,', 'L,"CH""OL",,,,,', [], id="quotes-in-quotes"),
        pytest.param("L,CHOL,,,,,,more ", "L,CHOL,,,,,,more ", [], id="cell-beyond-the-header"),
        pytest.param("L,CHOL", "L,CHOL", [], id="row-that-is-too-short"),
    ],
)
def test_cell_is_mended_where_it_can_only_be_a_mistake(row: str, after: str, places: list[str]) -> None:
    """One cell changes, and the place of what was done is named."""
    assert mended(OBSERVATIONS, f"{HEAD}{row}\n") == (f"{HEAD}{after}\n", places)


@pytest.mark.parametrize(
    ("text", "after", "places"),
    [
        pytest.param("\ufeffname,codec\nX,ascii\n", "name,codec\nX,ascii\n", ["1:1"], id="byte-order-mark"),
        pytest.param("name,codec\r\nX,ascii\r\n", "name,codec\nX,ascii\n", ["1:1"], id="windows"),
        pytest.param("name,codec\rX,ascii\r", "name,codec\nX,ascii\n", ["1:1"], id="old-mac"),
        pytest.param("name,codec\nX,a\rscii\n", "name,codec\nX,a\rscii\n", [], id="stray-carriage-return"),
        pytest.param("name,codec\r\r\nX,ascii\n", "name,codec\nX,ascii\n", ["1:1"], id="windows-twice"),
        pytest.param("name,codec\nX ,ascii\r \n", "name,codec\nX ,ascii\r \n", [], id="two-readings-of-a-line-end"),
        pytest.param("Name, Codec\nX,ascii\n", "name,codec\nX,ascii\n", ["1:1", "1:2"], id="names-in-capitals"),
        pytest.param("nam,codec\nX,ascii\n", "nam,codec\nX,ascii\n", [], id="name-that-nobody-knows"),
        pytest.param("name;codec\nX;ascii\n", "name,codec\nX,ascii\n", ["1:1"], id="semicolons"),
        pytest.param("name\tcodec\nX\tascii\n", "name,codec\nX,ascii\n", ["1:1"], id="tabs"),
        pytest.param(
            'name;codec;note\nX,Y;ascii;"a;b"\nZ;ascii;5" wide\n',
            'name,codec,note\n"X,Y",ascii,"a;b"\nZ,ascii,"5"" wide"\n',
            ["1:1"],
            id="commas-among-semicolons",
        ),
        pytest.param("name;other\nX;ascii\n", "name;other\nX;ascii\n", [], id="semicolons-of-another-table"),
        pytest.param("\nname,codec\nX ,ascii\n", "\nname,codec\nX,ascii\n", ["3:1"], id="empty-line-before"),
        pytest.param("", "", [], id="empty"),
    ],
)
def test_form_of_a_table_is_mended(text: str, after: str, places: list[str]) -> None:
    """What a spreadsheet of another language or system has done to the file is undone."""
    assert mended("hl7v2/0211-charset.csv", text) == (after, places)


@pytest.mark.parametrize(
    ("text", "after", "places"),
    [
        pytest.param("a = 1  \n# x \nb = 'x '\n", "a = 1\n# x\nb = 'x '\n", ["1:1", "2:1"], id="spaces-at-ends"),
        pytest.param("a = 1  ", "a = 1", ["1:1"], id="space-at-the-very-end"),
        pytest.param('a = """x  \ny"""\n', 'a = """x  \ny"""\n', [], id="spaces-within-a-text"),
        pytest.param("a = \u201cx y\u201d\n", 'a = "x y"\n', ["1:1"], id="curly-quotes"),
        pytest.param("a =\u00a01\n", "a = 1\n", ["1:1"], id="no-break-space"),
        pytest.param("a = 'St Mary\u2019s\u00a0'\n", "a = 'St Mary\u2019s\u00a0'\n", [], id="within-a-text"),
        pytest.param("a = \n", "a = \n", [], id="no-toml-before-and-after"),
        pytest.param("\ufeffa = 1\r\n", "a = 1\n", ["1:1", "1:1"], id="windows"),
    ],
)
def test_toml_is_mended_outside_its_texts(text: str, after: str, places: list[str]) -> None:
    """What a word processor has put between keys and values becomes TOML again."""
    assert mended("site.toml", text) == (after, places)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        pytest.param(OBSERVATIONS, b"system,code\nL,\xff \n", id="not-utf-8"),
        pytest.param("notes.csv", b"a , b \r\n", id="no-table"),
        pytest.param("fixtures/a/message.hl7", b"MSH|^~\\& \r\n", id="message"),
    ],
)
def test_what_is_not_known_stays_as_it_is(name: str, data: bytes) -> None:
    """Only tables and settings are mended, and only text."""
    assert mend(name, data) == (data, ())


@pytest.mark.parametrize("name", sorted(packaged_files()))
def test_packaged_table_needs_no_mending(name: str) -> None:
    """What is in order stays to the byte."""
    assert mend(name, packaged_files()[name]) == (packaged_files()[name], ())


MARKS = "".join(LOOKALIKES) + ' ,;"\t\r\n'
TEXT = st.text(st.sampled_from("aB-1#='[]" + MARKS), max_size=40)


@given(body=TEXT, name=st.sampled_from([OBSERVATIONS, "site.toml"]), head=st.sampled_from(["", HEAD, "System;code\n"]))
def test_mending_twice_is_mending_once(body: str, name: str, head: str) -> None:
    """After mending there is nothing left to mend."""
    once = mend(name, f"{head}{body}".encode())

    assert mend(name, once.data) == (once.data, ())


@given(TEXT)
def test_mended_toml_says_the_same(text: str) -> None:
    """Where the file was TOML, it gives the same settings."""
    try:
        before = tomllib.loads(text.lstrip("\ufeff").replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError:
        return
    assert tomllib.loads(mend("site.toml", text.encode()).data.decode()) == before


CELL = st.text(st.sampled_from("aB-1;\u2011\u00a0 \n" + ',"'), max_size=6)


@given(rows=st.lists(st.lists(CELL, min_size=7, max_size=7), max_size=4))
def test_mended_table_differs_in_mended_cells_only(rows: list[list[str]]) -> None:
    """Read by the reader of CSV, each cell is as it was but for spaces at its ends and look-alikes."""
    text = io.StringIO()
    text.write(HEAD)
    csv.writer(text, lineterminator="\n").writerows(rows)

    data, repairs = mend(OBSERVATIONS, text.getvalue().encode())

    read = [row for row in csv.reader(io.StringIO(data.decode(), newline=""), strict=True) if row][1:]
    plain = str.maketrans({"\u2011": "-", "\u00a0": " "})
    kept = [[cell.strip().translate(plain).strip() for cell in row] for row in rows]
    assert [[cell.translate(plain).strip() for cell in row] for row in read] == kept
    assert bool(repairs) is (data != text.getvalue().encode())
