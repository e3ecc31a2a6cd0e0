"""A position leads to its bytes, in any charset, under any delimiters and line ends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.read.samples import CHARSETS, LEXICON, header, message
from translator.read.locate import Position, locate, parse_position
from translator.read.span import NoSuchPositionError

OBX = r"OBX|1|CWE|2093-3^Chol&x&y^LN||A~B^b1&b2^b3|mg/dL"
RAW = message("PID|1||900001^^^LAB", OBX, "NTE|1", "OBX|2|NM|2085-9||55|mg/dL|||||F", charset="8859/1")
# Characters whose second byte is a delimiter of HL7, a carriage return's neighbour or a shift.
POOLS = {
    "ASCII": "a1 .-",
    "8859/1": "aé\xa0µ",
    "UNICODE UTF-8": "aé漢😀\u2028",
    "GB 18030-2000": "".join(chr(n) for n in range(0x4E00, 0x5600) if chr(n).encode("gb18030")[-1:] in b"|^~\\&")
    + "aé",
    "BIG-5": "功許育a",
    "KS X 1001": "가나a",
    "ISO IR87": "漢字a",
}


@pytest.mark.parametrize(
    ("text", "position"),
    [
        pytest.param("OBX[4]-5.1", Position("OBX", 4, 5, 0, 1), id="component"),
        pytest.param("OBX[4]-5[2].1.2", Position("OBX", 4, 5, 2, 1, 2), id="subcomponent-of-a-repetition"),
        pytest.param("MSH-18", Position("MSH", 1, 18), id="field-of-the-only-one"),
        pytest.param("ZX1[2]", Position("ZX1", 2), id="segment"),
        pytest.param("OBX[0]", None, id="counted-from-0"),
        pytest.param("OBX-0", None, id="field-0"),
        pytest.param("OBX.5", None, id="no-field"),
        pytest.param("obx-5", None, id="lower-case"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_position_is_read_as_hl7_writes_it(text: str, position: Position | None) -> None:
    """Segments are counted from 1 in order of appearance; a part that is not named is 0."""
    assert parse_position(text) == position


@pytest.mark.parametrize(
    ("position", "text"),
    [
        pytest.param("MSH-1", "|", id="the-separator-itself"),
        pytest.param("MSH-2", r"^~\&", id="encoding-characters-whole"),
        pytest.param("MSH-2.2", r"^~\&", id="encoding-characters-have-no-parts"),
        pytest.param("MSH-9.2", "R01", id="header-component"),
        pytest.param("PID-3.4", "LAB", id="component"),
        pytest.param("OBX[1]-3.2.3", "y", id="subcomponent"),
        pytest.param("OBX-5", "A~B^b1&b2^b3", id="field-with-repetitions"),
        pytest.param("OBX-5.1", "A", id="component-of-the-first-repetition"),
        pytest.param("OBX-5[2]", "B^b1&b2^b3", id="repetition"),
        pytest.param("OBX-5[2].2.2", "b2", id="subcomponent-of-a-repetition"),
        pytest.param("OBX-5[3].1", "", id="repetition-that-is-not-there"),
        pytest.param("OBX[2]-5", "55", id="second-in-order-of-appearance"),
        pytest.param("OBX[1]-11", "", id="field-that-is-not-there"),
        pytest.param("NTE", "NTE|1", id="segment"),
    ],
)
def test_position_leads_to_its_text(position: str, text: str) -> None:
    """What is not there is an empty span at the end of what holds it."""
    span = locate(RAW, position, LEXICON)

    assert (span.text, RAW[span.start : span.end].decode("latin-1")) == (text, text)
    assert span.source[span.column : span.column + len(text)] == text


@pytest.mark.parametrize(
    ("position", "said"),
    [
        pytest.param("OBX[3]", "there are 2 OBX segments", id="too-many"),
        pytest.param("PID[2]-3", "there is 1 PID segment", id="only-one"),
        pytest.param("ADD", "there are 0 ADD segments", id="nothing-is-continued"),
        pytest.param("SPM-1", "there are 0 SPM segments", id="none"),
        pytest.param("OBX[1]-5-1", "is no position", id="not-a-position"),
    ],
)
def test_position_that_is_not_there_is_named(position: str, said: str) -> None:
    """The error says what is there instead."""
    with pytest.raises(NoSuchPositionError, match=said):
        locate(RAW, position, LEXICON)


@pytest.mark.parametrize(
    ("raw", "position", "start", "line"),
    [
        pytest.param(b"\xef\xbb\xbf" + RAW, "MSH", 3, 1, id="byte-order-mark"),
        pytest.param(b"  \x0b" + RAW, "MSH-1", 6, 1, id="indented-in-a-frame"),
        pytest.param(RAW.replace(b"\r", b"\r\n\n"), "PID", RAW.index(b"PID") + 2, 3, id="blank-lines"),
        pytest.param(RAW.replace(b"OBX|1", b"\t OBX|1"), "OBX-1", RAW.index(b"OBX|1") + 6, 3, id="indented"),
        pytest.param(b"PID|1\rOBX^9\rOBXX\rOBX|1|NM", "OBX[2]-2", 23, 4, id="without-a-header"),
        pytest.param(b"MSH|||\rOBX|1\r", "OBX-1", 11, 2, id="header-without-delimiters"),
    ],
)
def test_offsets_count_what_stands_before(raw: bytes, position: str, start: int, line: int) -> None:
    """Marks, blanks and line ends of any kind are counted, never read."""
    span = locate(raw, position, LEXICON)

    assert (span.start, span.line) == (start, line)


CONTINUED = message("OBX|1|ST|2093-3||1", "ADD|85|mg/dL|a", "ADD", "NTE|1", "ADD||x", "ADD|5")


@pytest.mark.parametrize(
    ("position", "text", "raw", "line"),
    [
        pytest.param("OBX-5", "185", b"1\rADD|85", 2, id="value-across-two-lines"),
        pytest.param("OBX-6", "mg/dL", b"mg/dL", 3, id="field-of-the-second-line"),
        pytest.param("OBX-3", "2093-3", b"2093-3", 2, id="field-of-the-first-line"),
        pytest.param("OBX-9", "", b"", 3, id="field-that-is-not-there"),
        pytest.param("ADD", "ADD", b"ADD", 4, id="what-continues-nothing-is-its-own"),
        pytest.param("NTE-2", "x5", b"x\rADD|5", 6, id="continued-twice"),
    ],
)
def test_continued_segment_is_one(position: str, text: str, raw: bytes, line: int) -> None:
    """A value that ADD goes on with has bytes in both lines."""
    span = locate(CONTINUED, position, LEXICON)

    assert (span.text, CONTINUED[span.start : span.end], span.line) == (text, raw, line)


def test_undeclared_bytes_are_counted_one_by_one() -> None:
    """Without a charset every byte is a character, as the reader takes it."""
    span = locate(message("NTE|1|é|x", codec="utf-8"), "NTE-2", LEXICON)

    assert (span.end - span.start, span.text) == (2, "Ã©")


@st.composite
def written(draw: st.DrawFn) -> tuple[bytes, str, str, list[list[list[str]]]]:
    """Write a message of NTE segments: its bytes, codec, delimiters, and each segment's fields as components."""
    charset = draw(st.sampled_from(sorted(POOLS)))
    delimiters = draw(st.sampled_from([r"|^~\&", "$%*!+", r"|^~\&#"]))
    cell = st.text(POOLS[charset], max_size=4)
    segments = draw(st.lists(st.lists(st.lists(cell, min_size=1, max_size=3), max_size=4), min_size=1, max_size=3))
    lines = [header(delimiters, charset)]
    lines += [delimiters[0].join(["NTE", *map(delimiters[1].join, fields)]) for fields in segments]
    end = draw(st.sampled_from([b"\r", b"\n", b"\r\n"]))
    codec = CHARSETS[charset]
    return b"".join(line.encode(codec) + end for line in lines), codec, delimiters, segments


@given(written())
def test_every_component_leads_to_its_own_bytes(case: tuple[bytes, str, str, list[list[list[str]]]]) -> None:
    """Whatever was written at a position is found there, and its bytes decode to it."""
    raw, codec, _, segments = case
    for number, fields in enumerate(segments, start=1):
        for field, components in enumerate(fields, start=1):
            for component, text in enumerate(components, start=1):
                span = locate(raw, f"NTE[{number}]-{field}.{component}", LEXICON)
                assert (span.text, raw[span.start : span.end].decode(codec)) == (text, text)
                assert span.line == number + 1


def test_nothing_has_no_positions() -> None:
    """Bytes without a line have no segment."""
    with pytest.raises(NoSuchPositionError, match="there are 0 MSH segments"):
        locate(b"\r\n", "MSH", LEXICON)
