"""Where a key of a TOML file stands."""

from __future__ import annotations

import pytest

from translator.translate.toml_places import line_of, lines_of, place_of, syntax_fault


@pytest.mark.parametrize(
    ("path", "text", "place"),
    [
        pytest.param(("a",), "\n  a = 1", (2, 3), id="indented"),
        pytest.param(("a", "b"), "[a]\n# b = 0\nb = 1", (3, 1), id="in-a-table"),
        pytest.param(("a", "b"), "a.b = 1", (1, 1), id="dotted"),
        pytest.param(("a", "b"), "a = { c = 1, b = 2 }", (1, 14), id="inline"),
        pytest.param(("a", "b"), "a = { bb = 1, 'b' = 2 }", (1, 16), id="inline-quoted"),
        pytest.param(("a", "b"), "a = { c = 1 }", (1, 1), id="not-in-its-table"),
        pytest.param(("a", "b"), "[a]\n[c]\nb = 1", (1, 1), id="key-of-another-table"),
        pytest.param(("z",), "a = 1", (1, 1), id="nowhere"),
        pytest.param(("a",), '["a"] # [b]\n', (1, 1), id="quoted-table"),
    ],
)
def test_key_has_its_line_and_column(path: tuple[str, ...], text: str, place: tuple[int, int]) -> None:
    """A key stands where an editor shows it; one that is not there, where its table is."""
    assert place_of(path, text) == place
    assert line_of(path, text) == place[0]


LIST = "[[f]]\np = 1\n[x]\ny = 1\n[[f]]\nq = 1\n[[f]]\np = 3\n"


@pytest.mark.parametrize(
    ("key", "number", "line"),
    [("p", 1, 2), ("q", 1, 1), ("q", 2, 6), ("p", 2, 5), ("p", 3, 8)],
)
def test_tables_of_a_list_are_counted(key: str, number: int, line: int) -> None:
    """A key is looked for in its own table of the list; one that is not in it stands where the table begins."""
    assert place_of(("f", key), LIST, number)[0] == line


def test_lines_of_every_key() -> None:
    """Each key with the line on which it begins."""
    assert lines_of("a = 1\n[b]\nc = 2\n") == {("a",): 1, ("b",): 2, ("b", "c"): 3}


@pytest.mark.parametrize(
    ("message", "at"),
    [
        pytest.param("Invalid value (at line 3, column 8)", "f:3:8", id="place"),
        pytest.param("Invalid value (at end of document)", "f:2:1", id="end"),
        pytest.param("Invalid value", "f:2:1", id="nothing-said"),
    ],
)
def test_place_of_what_is_no_toml(message: str, at: str) -> None:
    """The parser says the place in words."""
    fault = syntax_fault("f", "a\nb", message)

    assert (fault.at, fault.text) == (at, "this is not TOML: Invalid value")
