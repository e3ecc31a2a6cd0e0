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


@given(_PAYLOADS, st.lists(st.integers(0, 200), max_size=10))
def test_frames_come_out_as_they_went_in(payloads: list[bytes], cuts: list[int]) -> None:
    """Where the pieces are cut makes no difference."""
    stream = b"".join(map(frame, payloads))
    places = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    frames = Frames()

    found = [each for begin, end in itertools.pairwise(places) for each in frames.feed(stream[begin:end])]

    assert found == payloads
    assert not frames.is_open


def test_what_stands_between_frames_is_passed_over() -> None:
    """Line ends, padding and half a message belong to no frame."""
    assert Frames().feed(b"\r\nMSH|^~\\&|lost\r\x0bone\x1c\r\n\x0btwo\x1c") == [b"one", b"two"]


def test_frame_that_never_ends_is_let_go() -> None:
    """Memory is bounded, whatever the peer sends."""
    frames = Frames(limit=8)

    with pytest.raises(FrameTooLargeError):
        frames.feed(b"\x0b123456789")


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
