"""Source and payload as they are shown: nothing added, nothing lost, and each value cut out exactly."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translator.mapping_files import packaged_tables
from translator.pipeline import Pipeline
from translator.read.source_lines import source_lines
from translator.web.console_source import Lexeme, Mark, body_lines, mark_lines, read_lines
from translator.web.console_words import printable

LEXICON = Pipeline(packaged_tables()).lexicon

numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
words = st.text(st.characters(categories=["L", "M", "N", "P", "S"]) | st.just(" "))
scalars = st.none() | st.booleans() | words | numbers
bodies = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(words, inner), max_leaves=20)


@given(raw=st.binary(max_size=120), cuts=st.lists(st.tuples(st.integers(0, 120), st.integers(0, 120)), max_size=6))
@pytest.mark.parametrize("codec", ["utf-8", "latin-1", "iso2022_jp", "gb18030"])
def test_cut_lines_have_the_same_text(codec: str, raw: bytes, cuts: list[tuple[int, int]]) -> None:
    """Whatever is marked, the pieces of a line are the line."""
    lines = list(source_lines(raw, codec))
    marks = [Mark(min(cut), max(cut), f"k{number}") for number, cut in enumerate(cuts)]

    shown = mark_lines(lines, marks)

    assert [line.number for line in shown] == [line.number for line in lines]
    assert ["".join(piece.text for piece in line.pieces) for line in shown] == [printable(line.text) for line in lines]


def test_value_is_cut_out_where_it_stands() -> None:
    """A mark inside another is lit with it; each has one place that a link leads to."""
    raw = "OBX|1|ST|a||Grün|mg\rOBX|2".encode()
    begin = raw.index("Grün".encode())
    marks = [Mark(0, 21, "e0"), Mark(begin, begin + 5, "s0-0-value")]

    first, second = mark_lines(source_lines(raw, "utf-8"), marks)

    lit = [(piece.text, piece.keys, piece.anchors) for piece in first.pieces]
    assert lit == [
        ("OBX|1|ST|a||", ("e0",), ("e0",)), ("Grün", ("e0", "s0-0-value"), ("s0-0-value",)), ("|mg", ("e0",), ()),
    ]  # fmt: skip
    assert [piece.is_sent for piece in first.pieces] == [False, True, False]
    assert [piece.keys for piece in second.pieces] == [()]


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        pytest.param(b"MSH|^~\\&|A\rPID|1", ["MSH|^~\\&|A", "PID|1"], id="hl7v2"),
        pytest.param(b'{\n "a": "\xc3\xa9"\n}', ["{", ' "a": "é"', "}"], id="fhir-json"),
        pytest.param(b"<Bundle>\r\n</Bundle>", ["<Bundle>", "</Bundle>"], id="fhir-xml"),
        pytest.param(b"\x00\xff\x1bnothing", ["·ÿ·nothing"], id="no-message"),
    ],
)
def test_message_of_any_format_is_shown_by_lines(raw: bytes, shown: list[str]) -> None:
    """What is no character is one dot."""
    assert [printable(line.text) for line in read_lines(raw, LEXICON)] == shown


@given(body=bodies)
def test_body_is_shown_as_it_is_sent(body: Any) -> None:
    """The lines together are the same JSON."""
    raw = json.dumps(body).encode()

    text = "\n".join("".join(token.text for token in line) for line in body_lines(raw))

    assert json.loads(text) == body


@pytest.mark.parametrize("number", ["1.10", "5.0", "1e400", "0.1000000000000000055511151231257827", "-0"])
def test_number_is_shown_with_every_digit(number: str) -> None:
    """No float stands between the body and the page."""
    (line,) = body_lines(number.encode())

    assert [(token.kind, token.text) for token in line] == [("number", number)]
    assert isinstance(Lexeme(number), str)


def test_what_steers_a_page_is_shown_as_a_dot() -> None:
    """Nothing that is sent turns the text of the page around."""
    (text,) = ["".join(token.text for line in body_lines('{"a\\u202e":"\u202e"}'.encode()) for token in line)]

    assert text == '{  "a·": "·"}'


def test_values_are_named_by_their_path() -> None:
    """Each scalar has the path that `translator why` takes."""
    body = b'{"status":"final","observations":[{"code":"HDL","value_numeric":55}],"empty":[]}'

    paths = {token.path: token.text for line in body_lines(body) for token in line if token.path}

    assert paths == {
        "status": '"final"', "observations[0].code": '"HDL"', "observations[0].value_numeric": "55", "empty": "[]",
    }  # fmt: skip
