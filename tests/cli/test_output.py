"""Data on stdout: JSON Lines or a table, the same bytes on every system."""

from __future__ import annotations

import pytest

from translator.cli.output import Listing, choose_form


@pytest.mark.parametrize(
    ("wanted", "form"),
    [pytest.param(None, "json", id="piped"), ("table", "table"), ("json", "json")],
)
@pytest.mark.usefixtures("capsysbinary")
def test_form_is_as_asked_else_json_when_piped(wanted: str | None, form: str) -> None:
    """Without a wish a pipe gets JSON Lines; a wish is obeyed."""
    assert choose_form(wanted) == form


def test_json_listing_writes_one_line_a_row(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """A row is one line of UTF-8 that ends in LF, whether it comes as bytes or as a value."""
    listing = Listing("json", ["a"])

    listing.add(b'{"a":1}', "1")
    listing.add({"a": "µ"}, "µ")
    listing.close()

    assert capsysbinary.readouterr().out == '{"a":1}\n{"a":"µ"}\n'.encode()


def test_table_listing_shows_every_cell(capsys: pytest.CaptureFixture[str]) -> None:
    """A table has its columns' names and every cell, brackets and all."""
    listing = Listing("table", ["code", "unit"], title="Codes")

    listing.add({}, "TSH", "m[IU]/L")
    listing.close()

    shown = capsys.readouterr().out
    assert [word in shown for word in ("Codes", "code", "unit", "TSH", "m[IU]/L")] == [True] * 5


def test_table_listing_without_rows_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    """No rows give no empty table."""
    Listing("table", ["code"]).close()

    assert not capsys.readouterr().out
