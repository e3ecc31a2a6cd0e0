"""A stream is cut where messages begin, whatever the chunks, and nothing in it is passed over."""

from __future__ import annotations

import re
import tracemalloc
from collections.abc import Iterable, Iterator
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.read.samples import cpu_seconds
from translator.read.wire import Piece, split_stream

ONE = b"MSH|^~\\&|A\rPID|1\rOBX|1\r"
TWO = b"MSH|^~\\&|B\rOBX|1\r"
BOM = b"\xef\xbb\xbf"
BLANK = b" \t\r\n\x0b\x1c\x1a\x00"


def kinds(stream: bytes) -> list[tuple[str, int]]:
    """Name each piece and the line that it starts in."""
    return [(piece.kind, piece.line) for piece in split_stream([stream])]


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        pytest.param(b"", [], id="nothing"),
        pytest.param(b" \r\n\t\x0b\x1c\r\x00\x1a", [], id="blank-and-framing-only"),
        pytest.param(BOM + b"\r\n", [], id="byte-order-mark-only"),
        pytest.param(ONE, [("MSH", 1)], id="one-message"),
        pytest.param(ONE + TWO, [("MSH", 1), ("MSH", 4)], id="concatenated"),
        pytest.param(ONE.replace(b"\r", b"\n") + TWO, [("MSH", 1), ("MSH", 4)], id="line-feeds"),
        pytest.param(ONE.replace(b"\r", b"\r\n") + TWO, [("MSH", 1), ("MSH", 4)], id="both-line-ends"),
        pytest.param(b"\n\n" + ONE + b"\r\r" + TWO, [("MSH", 3), ("MSH", 8)], id="blank-lines-between"),
        pytest.param(b"\x0b" + ONE + b"\x1c\r\x0b" + TWO + b"\x1c\r", [("MSH", 1), ("MSH", 5)], id="mllp"),
        pytest.param(b"\x0b" + ONE + b"\x1c\x0b" + TWO + b"\x1c", [("MSH", 1), ("MSH", 4)], id="mllp-without-cr"),
        pytest.param(b"\x0b" + ONE + b"\x0b" + TWO, [("MSH", 1), ("MSH", 4)], id="mllp-without-end"),
        pytest.param(b"\x0b\x0b" + ONE, [("MSH", 1)], id="start-block-twice"),
        pytest.param(BOM + ONE, [("MSH", 1)], id="byte-order-mark"),
        pytest.param(BOM + b"\x0b" + ONE, [("MSH", 1)], id="byte-order-mark-before-start-block"),
        pytest.param(ONE + BOM + TWO, [("MSH", 1), ("MSH", 4)], id="second-file-with-byte-order-mark"),
        pytest.param(b"  \t" + ONE + b"    " + TWO, [("MSH", 1), ("MSH", 4)], id="indented"),
        pytest.param(ONE + b"\x1a", [("MSH", 1)], id="end-of-file-mark"),
        pytest.param(
            b"FHS|^~\\&\rBHS|^~\\&\r" + ONE + TWO + b"BTS|2\rFTS|1\r",
            [("FHS", 1), ("BHS", 2), ("MSH", 3), ("MSH", 6), ("BTS", 8), ("FTS", 9)],
            id="batch",
        ),
        pytest.param(b"free text\r" + ONE, [("stray", 1), ("MSH", 2)], id="text-before"),
        pytest.param(ONE + b"\x1c\rfree text", [("MSH", 1), ("stray", 5)], id="text-after-end-block"),
        pytest.param(ONE + b"\x1cfree text", [("MSH", 1), ("stray", 4)], id="text-right-after-end-block"),
        pytest.param(b"PID|1\rOBX|1\r", [("stray", 1)], id="message-without-header"),
        pytest.param(b"BHS|^~\\&\r\nOBX|1\r\n" + ONE, [("BHS", 1), ("stray", 2), ("MSH", 3)], id="text-in-an-envelope"),
        pytest.param(b"BTS|1\x1c\r\n\nOBX|1", [("BTS", 1), ("stray", 3)], id="text-after-a-framed-envelope"),
        pytest.param(b"OBX|1||MSH|2\r", [("stray", 1)], id="name-inside-a-line"),
        pytest.param(b"MSHX|1\rMSH\rmsh|\r", [("stray", 1)], id="almost-a-name"),
        pytest.param(b"\r" + b" " * 5000 + ONE, [("stray", 2)], id="indented-beyond-belief"),
    ],
)
def test_stream_is_cut_into_pieces(stream: bytes, expected: list[tuple[str, int]]) -> None:
    """A piece starts where a header stands at the start of a line, and knows its line."""
    assert kinds(stream) == expected


@pytest.mark.parametrize(
    ("stream", "raw"),
    [
        pytest.param(ONE, ONE, id="plain"),
        pytest.param(b"\x0b" + ONE + b"\x1c\r", ONE, id="mllp"),
        pytest.param(b"\r\n  " + ONE + b"\x0b\x1a\x00", ONE, id="white-space-around"),
        pytest.param(BOM + ONE, BOM + ONE, id="byte-order-mark-belongs-to-the-message"),
        pytest.param(ONE + b"OBX|2||\x0b|\r", ONE + b"OBX|2||\x0b|\r", id="vertical-tab-inside"),
    ],
)
def test_message_keeps_its_bytes(stream: bytes, raw: bytes) -> None:
    """Framing is taken off, and nothing else."""
    assert [piece.raw for piece in split_stream([stream])] == [raw]


def cut(stream: bytes, places: Iterable[int]) -> Iterator[bytes]:
    """Cut a stream into chunks at the given places."""
    for begin, end in pairwise(sorted({0, len(stream), *places})):
        yield stream[begin:end]


@pytest.mark.parametrize(
    ("stream", "flaws"),
    [
        pytest.param(b"\x0b" + ONE + b"\x1c\r", [""], id="framed-on-both-sides"),
        pytest.param(b"\x0b" + ONE, ["truncated"], id="no-end-block"),
        pytest.param(b"\x0b" + ONE + b"\x0b" + TWO + b"\x1c\r", ["truncated", ""], id="no-end-block-before-the-next"),
        pytest.param(b"\x0b" + BOM + ONE, ["truncated"], id="start-block-before-byte-order-mark"),
        pytest.param(BOM + b"\x0b" + ONE + b"\x1c", [""], id="byte-order-mark-before-start-block"),
        pytest.param(ONE + b"\x1c\r", [""], id="no-start-block"),
        pytest.param(ONE[:-1], [""], id="no-last-segment-end"),
        pytest.param(b"\x0b" + ONE + b"\x1c\rlost\r" + TWO, ["", "", ""], id="unframed-after-framed"),
    ],
)
def test_frame_that_is_not_ended_is_truncated(stream: bytes, flaws: list[str]) -> None:
    """An MLLP start asks for an end; the last segment may lack its carriage return, as the standard lets it."""
    assert [piece.flaw for piece in split_stream([stream])] == flaws


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        pytest.param(TWO * 2, [("MSH", TWO, ""), ("MSH", TWO, "")], id="at-the-limit"),
        pytest.param(
            TWO + ONE + TWO, [("MSH", TWO, ""), ("MSH", ONE[:17], "too-large"), ("MSH", TWO, "")], id="beyond"
        ),
        pytest.param(b"\x0b" + ONE, [("MSH", b"\x0b" + ONE[:16], "too-large")], id="beyond-and-truncated"),
        pytest.param(b"x" * 20 + b"\r" + TWO, [("stray", b"x" * 17, "too-large"), ("MSH", TWO, "")], id="stray"),
        pytest.param(b" " * 20 + b"x", [("stray", b"", "too-large")], id="blank-as-far-as-kept"),
    ],
)
def test_piece_above_the_limit_keeps_its_beginning(stream: bytes, expected: list[tuple[str, bytes, str]]) -> None:
    """What is too large is cut at the limit and marked; its neighbours are whole."""
    pieces = split_stream([stream], limit=len(TWO))

    assert [(piece.kind, piece.raw.lstrip(b"\x0b"), piece.flaw) for piece in pieces] == [
        (kind, raw.lstrip(b"\x0b"), flaw) for kind, raw, flaw in expected
    ]


@pytest.mark.parametrize("shift", range(4))
def test_line_end_on_the_edge_of_what_is_dropped_counts_once(shift: int) -> None:
    """Lines are counted right wherever a message above the limit is cut on its way."""
    stream = b"MSH|^" + b"x" * shift + b"\r\n" * 3000 + TWO

    *_, last = split_stream(cut(stream, range(0, len(stream), 1024)), limit=50)

    assert last == Piece("MSH", TWO, 3001, offset=5 + shift + 6000)


def test_memory_is_bounded_by_the_limit() -> None:
    """A message without end is gone over in constant memory, and the lines after it are still counted right."""
    segment = b"NTE|1||" + b"x" * 991 + b"\r\n"
    chunks = iter([ONE, *[segment * 64] * 500, TWO])

    tracemalloc.start()
    large, small = split_stream(chunks, limit=100_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    after = len(ONE) + len(segment) * 64 * 500
    assert (large.flaw, len(large.raw)) == ("too-large", 100_000)
    assert small == Piece("MSH", TWO, 4 + 64 * 500, offset=after)
    assert peak < 2_000_000


WORDS = [
    b"MSH|",
    b"MSH|^~\\&|A",
    b"OBX|1|NM",
    b"BHS|^~\\&",
    b"FTS|1",
    b"MS",
    b"H|",
    BOM,
    BOM[:2],
    b"\x0b",
    b"\x1c",
    b"\x1a",
    b"\x00",
    b"\r",
    b"\n",
    b"\r\n",
    b" ",
    b"\t" * 199,
    b" " * 300,
    b"text \xb5",
]
STREAMS = st.lists(st.sampled_from(WORDS) | st.binary(max_size=6), max_size=25).map(b"".join)


@given(stream=STREAMS, limit=st.integers(1, 2000), data=st.data())
@example(stream=b"\r" + BOM + b"\x0b" + b" " * 200 + b"MSH|", limit=2000, data=None)
@settings(max_examples=250, deadline=None)
def test_chunks_change_nothing(stream: bytes, limit: int, data: st.DataObject | None) -> None:
    """The same bytes give the same pieces, in one chunk, byte by byte or cut anywhere, and whatever the limit."""
    whole = list(split_stream([stream], limit))
    places = data.draw(st.lists(st.integers(0, len(stream)))) if data else range(0, len(stream), 7)

    assert list(split_stream(cut(stream, places), limit)) == whole
    assert list(split_stream(cut(stream, range(len(stream))), limit)) == whole


@pytest.mark.parametrize("size", [1, 3, 255, 256, 257, 4096])
@pytest.mark.parametrize("limit", [100, 1 << 20])
def test_long_stream_is_the_same_in_chunks_of_any_size(size: int, limit: int) -> None:
    """Pieces that straddle many chunks, or go beyond the limit, come out as from one."""
    frame = b"\x0b" + ONE + b"NTE|1||" + b"x" * 700 + b"\r\x1c\r\nlost\r\n" + BOM + TWO + b"BTS|2\rmore\r"
    stream = frame * 12

    assert list(split_stream(cut(stream, range(0, len(stream), size)), limit)) == list(split_stream([stream], limit))


@given(stream=STREAMS)
@settings(max_examples=250, deadline=None)
def test_no_byte_is_lost(stream: bytes) -> None:
    """The pieces stand in the stream in order; between them is only framing, blanks and byte order marks."""
    rest = stream
    for piece in split_stream([stream]):
        before, found, rest = rest.partition(piece.raw)
        assert found
        assert not before.strip(BLANK).replace(BOM, b"").strip(BLANK)

    assert not rest.strip(BLANK).replace(BOM, b"").strip(BLANK)


@given(stream=STREAMS)
@settings(max_examples=250, deadline=None)
def test_line_is_where_the_piece_starts(stream: bytes) -> None:
    """The line number is one more than the line ends before the piece, and the offset what stands before it."""
    at = 0
    for piece in split_stream([stream]):
        at = stream.index(piece.raw, at)
        assert piece.line == 1 + len(re.findall(rb"\r\n|\r|\n", stream[:at]))
        assert stream[piece.offset :].startswith(piece.raw)
        at += len(piece.raw)


def test_pieces_come_while_the_stream_goes_on() -> None:
    """A stream without end is read: what is complete is given before the next chunk is asked for."""

    def endless() -> Iterator[bytes]:
        while True:
            yield ONE * 100

    pieces = split_stream(endless())

    assert [next(pieces) for _ in range(1000)][-1] == Piece("MSH", ONE, 1 + 999 * 3, offset=999 * len(ONE))


@pytest.mark.parametrize(
    ("stream", "size"),
    [
        pytest.param(b"\x0b" * 1_000_000, 1 << 16, id="start-blocks"),
        pytest.param(b"\r" + b" " * 1_000_000, 1 << 16, id="spaces"),
        pytest.param((b"\r" + b"\t" * 199) * 5_000, 1 << 16, id="indented-nothing"),
        pytest.param(b"MSH|^~\\&|A\rOBX|1|ED|x||" + b"A" * 4_000_000, 1 << 12, id="one-long-line"),
        pytest.param(b"\r\n" * 500_000, 1 << 16, id="blank-lines"),
        pytest.param(b"free text\r\n" * 100_000, 1 << 16, id="stray-lines"),
        pytest.param(TWO * 50_000, 1 << 30, id="a-batch-in-one-chunk"),
        pytest.param(TWO * 5_000, 1, id="byte-by-byte"),
    ],
)
def test_cost_grows_with_the_stream_and_no_faster(stream: bytes, size: int) -> None:
    """No stream and no size of chunks makes the cutter go over the same bytes again and again."""
    with cpu_seconds(5):
        for _ in split_stream(cut(stream, range(0, len(stream), size))):
            pass
