"""Frames come out whole, however the network cuts them; an acknowledgement names its message."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translator.read.mllp import Acknowledgement, Frames, FrameTooLargeError, read_acknowledgement
from translator.write.mllp import frame

_PAYLOADS = st.lists(
    st.binary(max_size=20).map(lambda raw: raw.replace(b"\x0b", b"").replace(b"\x1c", b"")), max_size=5
)


_CUTS = st.lists(st.integers(0, 200), max_size=10)


def pieces(stream: bytes, cuts: list[int]) -> list[bytes]:
    """Cut a stream at some places."""
    places = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    return [stream[begin:end] for begin, end in itertools.pairwise(places)]


@given(payloads=_PAYLOADS, cuts=_CUTS, patient=st.booleans())
def test_frames_come_out_as_they_went_in(payloads: list[bytes], cuts: list[int], *, patient: bool) -> None:
    """Where the pieces are cut makes no difference."""
    frames = Frames(patient=patient)

    found = [each for piece in pieces(b"".join(map(frame, payloads)), cuts) for each in frames.feed(piece)]

    assert found == payloads
    assert (frames.is_open, frames.is_settling, frames.stray) == (False, False, 0)


@given(
    st.lists(st.sampled_from([b"", b"MSH|", b"\x1cX", b"\x1c\x1c", b"\r", b"\x1c "]), max_size=6).map(b"".join), _CUTS
)
def test_end_byte_within_a_message_is_content(payload: bytes, cuts: list[int]) -> None:
    """However the pieces are cut, a patient reader takes no 0x1C for the end that no line end or frame follows."""
    payload = payload.replace(b"\x1c\r", b"\x1cY").rstrip(b"\x1c")
    frames = Frames(patient=True)

    found = [each for piece in pieces(b"\x0b" + payload + b"\x1c\r", cuts) for each in frames.feed(piece)]

    assert found == [payload]


@pytest.mark.parametrize(
    ("stream", "found"),
    [
        pytest.param(b"\x0bone\x1c\x0btwo\x1c\r", [b"one", b"two"], id="next-frame"),
        pytest.param(b"\x0bone\x1c\ntwo", [b"one"], id="line-feed"),
        pytest.param(b"\x0bone\x1cand\x1c\r", [b"one\x1cand"], id="content"),
    ],
)
def test_what_follows_tells_an_end(stream: bytes, found: list[bytes]) -> None:
    """A carriage return may be left out; anything else behind 0x1C belongs to the message."""
    assert Frames().feed(stream) == found


def test_end_without_a_carriage_return_settles() -> None:
    """A patient reader waits for the next byte, until it is told that none comes."""
    frames = Frames(patient=True)

    assert frames.feed(b"\x0bone\x1c") == []
    assert (frames.is_open, frames.is_settling) == (True, True)
    assert frames.settle() == [b"one"]
    assert frames.settle() == []


def test_stray_bytes_are_counted() -> None:
    """Line ends are usual between frames, anything else is not."""
    frames = Frames()
    frames.feed(b"\r\nlost\x0bone\x1c\r\n\r\nagain")

    assert frames.stray == len(b"lostagain")


def test_what_stands_between_frames_is_passed_over() -> None:
    """Line ends, padding and half a message belong to no frame."""
    assert Frames().feed(b"\r\nMSH|^~\\&|lost\r\x0bone\x1c\r\n\x0btwo\x1c") == [b"one", b"two"]


def test_frame_that_never_ends_is_let_go() -> None:
    """Memory is bounded, whatever the peer sends."""
    frames = Frames(limit=8)

    with pytest.raises(FrameTooLargeError) as refused:
        frames.feed(b"\x0bone\x1c\r\x0b123456789")

    assert (refused.value.before, refused.value.beginning) == ([b"one"], b"123456789")


@pytest.mark.parametrize("patient", [True, False])
def test_frame_of_just_the_limit_is_taken(*, patient: bool) -> None:
    """One byte more is too much, though the frame ends."""
    frames = Frames(limit=8, patient=patient)

    assert frames.feed(b"\x0b12345678\x1c") + frames.settle() == [b"12345678"]
    with pytest.raises(FrameTooLargeError):
        frames.feed(b"\x0b123456789\x1c\r")


def test_open_frame_is_known() -> None:
    """A connection that ends here ends within a message."""
    frames = Frames()
    frames.feed(b"\x0bMSH")

    assert frames.is_open


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        pytest.param(b"MSH|^~\\&|LAB\rMSA|AA|C-1\r", Acknowledgement("AA", "C-1"), id="as-the-standard-says"),
        pytest.param(
            b"MSH|^~\\&|LAB\r\nMSA| AE | C-1 |text\r\n", Acknowledgement("AE", "C-1"), id="blanks-and-windows"
        ),
        pytest.param(b"MSH$%~\\&$LAB\rMSA$CR$C-1", Acknowledgement("CR", "C-1"), id="delimiters-of-its-own"),
        pytest.param(b"MSH|^~\\&|LAB\rMSA|AA\r", None, id="without-a-number"),
        pytest.param(b"MSH|^~\\&|LAB\rPID|1\r", None, id="without-msa"),
        pytest.param(b"HTTP/1.1 400 Bad Request\r\n", None, id="no-message"),
        pytest.param(b"MSH\r", None, id="no-delimiters"),
        pytest.param(b"", None, id="nothing"),
    ],
)
def test_acknowledgement_says_what_it_speaks_of(raw: bytes, found: Acknowledgement | None) -> None:
    """Both the code and the control id count."""
    assert read_acknowledgement(raw) == found


@pytest.mark.parametrize(
    ("code", "is_accepted"),
    [("AA", True), ("CA", True), ("AE", False), ("AR", False), ("CE", False), ("CR", False), ("OK", False)],
)
def test_only_two_codes_accept(code: str, *, is_accepted: bool) -> None:
    """Whatever else a receiver says is no acceptance."""
    assert Acknowledgement(code, "C-1").is_accepted is is_accepted
