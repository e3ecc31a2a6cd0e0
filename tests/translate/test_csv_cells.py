"""Where the cells of a CSV text stand."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translator.translate.csv_cells import pieces, rows

CELL = st.text(st.characters(exclude_characters="\r\x00", exclude_categories=["Cs"]), max_size=8)


@given(text=st.text('ab,;" \t\r\n\u00a0', max_size=60), separator=st.sampled_from(",;\t"))
def test_pieces_are_the_text_again(text: str, separator: str) -> None:
    """Nothing is lost between the cells, whatever the text is."""
    assert "".join(cell.raw + after for cell, after in pieces(text, separator)) == text


@given(table=st.lists(st.lists(CELL, min_size=1, max_size=5), min_size=1, max_size=5))
def test_cells_say_what_the_reader_of_csv_reads(table: list[list[str]]) -> None:
    """What a spreadsheet writes is found cell by cell."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(table)
    found = [[cell.text for cell, _ in row] for row in rows(text.getvalue())]
    assert found == [*table, [""]]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        pytest.param("a,b\nc", [(1, 1), (1, 2), (2, 1)], id="plain"),
        pytest.param('"a\nb",c\r\nd', [(1, 1), (2, 2), (3, 1)], id="quoted-line-end"),
        pytest.param("", [(1, 1)], id="empty"),
        pytest.param('"never closed,b', [(1, 1), (1, 2)], id="open-quote"),
        pytest.param(' "a,b" ,c', [(1, 1), (1, 2)], id="spaces-around-quotes"),
    ],
)
def test_cell_knows_its_line_and_column(text: str, places: list[tuple[int, int]]) -> None:
    """Physical lines and cells of the row, both from 1."""
    assert [(cell.line, cell.column) for cell, _ in pieces(text)] == places
