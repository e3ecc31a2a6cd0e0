"""Segments are cut as the reader cuts them, so that fields are counted under their own numbers."""

from __future__ import annotations

import pytest

from translator import Translator
from translator.pipeline import Pipeline
from translator.read.segments_sent import segments_sent

LEXICON = Pipeline(Translator.load().tables).lexicon
_HEADER = "MSH|^~\\&|LIS|LAB|||20260105||ORU^R01|M1|P|2.5.1"


def _names(raw: bytes) -> list[str]:
    return [fields[0] for fields in segments_sent(raw, LEXICON)[1]]


@pytest.mark.parametrize(
    "end", [pytest.param("\r", id="cr"), pytest.param("\n", id="lf"), pytest.param("\r\n", id="crlf")]
)
def test_lines_end_as_the_sender_likes(end: str) -> None:
    """Any of the line ends parts segments, and the last one makes none."""
    raw = end.join([_HEADER, "PID|1", "OBX|1|NM", ""]).encode()

    assert _names(raw) == ["MSH", "PID", "OBX"]


def test_fields_of_the_header_count_from_the_separator() -> None:
    """MSH-1 is the separator itself, so that MSH-9 is the ninth."""
    _, segments = segments_sent(_HEADER.encode(), LEXICON)

    assert (segments[0][1], segments[0][2], segments[0][9]) == ("|", "^~\\&", "ORU^R01")


def test_what_is_no_segment_is_left_out() -> None:
    """The rest of a broken value, and an empty line, are no segments; an indented one is."""
    raw = f"{_HEADER}\rOBX|1|TX|A^^L||first\rsecond line\r\r  ZXX|1".encode()

    assert _names(raw) == ["MSH", "OBX", "ZXX"]


def test_continued_segment_is_one() -> None:
    """What ADD goes on with belongs to the segment before."""
    raw = f"{_HEADER}\rOBX|1|TX|A^^L||begun\rADD| and ended||||||F".encode()

    _, segments = segments_sent(raw, LEXICON)

    assert [fields[0] for fields in segments] == ["MSH", "OBX"]
    assert segments[1][5] == "begun and ended"


@pytest.mark.parametrize("raw", [b"", b"PID|1\rOBX|1", b"MSHABC"])
def test_without_a_header_there_are_no_segments(raw: bytes) -> None:
    """Nobody says what separates the fields."""
    assert segments_sent(raw, LEXICON)[1] == []


def test_delimiters_are_the_senders() -> None:
    """Fields are cut by the separator that the header declares."""
    delimiters, segments = segments_sent(b"MSH#*~\\&#LIS\rPID#1#2", LEXICON)

    assert (delimiters.field, delimiters.component) == ("#", "*")
    assert segments[1] == ["PID", "1", "2"]
