"""Strings, comments and the rest of a TOML text."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translator.translate.toml_pieces import content_of, toml_pieces


@given(st.text("ab=\"'#\\\n []", max_size=60))
def test_pieces_are_the_text_again(text: str) -> None:
    """Nothing is lost, whatever the text is, and each piece stands where it says."""
    lines = text.split("\n")
    pieces = list(toml_pieces(text))

    assert "".join(piece.text for piece in pieces) == text
    assert all(lines[piece.line - 1][piece.column - 1 :].startswith(piece.text.split("\n")[0]) for piece in pieces)


@pytest.mark.parametrize(
    ("text", "strings"),
    [
        pytest.param("a = 'x' # 'y'", ["x"], id="comment"),
        pytest.param('a = "x # y"', ["x # y"], id="mark-in-a-string"),
        pytest.param('a = "x\\"y"', ['x\\"y'], id="escaped-quote"),
        pytest.param('a = """x\n"y" """', ['x\n"y" '], id="three-quotes"),
        pytest.param("a = '''x\n'y' '''", ["x\n'y' "], id="three-apostrophes"),
        pytest.param("a = ['x', \"y\"]", ["x", "y"], id="list"),
        pytest.param("a = 'x", [], id="never-closed"),
    ],
)
def test_strings_are_found(text: str, strings: list[str]) -> None:
    """What stands between quotes is a string, also where it holds the mark of a comment."""
    assert [content_of(piece.text) for piece in toml_pieces(text) if piece.kind == "string"] == strings


@given(st.lists(st.text("ab #'[]=\n", max_size=6), max_size=4))
def test_strings_of_a_parser_are_found_in_order(values: list[str]) -> None:
    """Every string that a parser gives stands between the quotes of a piece."""
    text = "x = [" + ", ".join(f'"""{value}"""' for value in values) + "] # 'no'"
    found = [content_of(piece.text).removeprefix("\n") for piece in toml_pieces(text) if piece.kind == "string"]

    assert found == tomllib.loads(text)["x"]


def test_content_of_what_is_no_string_is_itself() -> None:
    """There are no quotes to take away."""
    assert content_of("x = ") == "x = "
