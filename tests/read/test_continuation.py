"""ADD is joined where the standard leaves no choice, and holds the message elsewhere."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translator.read.continuation import join_continued


@pytest.mark.parametrize(
    ("segments", "joined"),
    [
        pytest.param(["OBX|1|TX|x||one ", "ADD|two"], ["OBX|1|TX|x||one two"], id="inside-a-text"),
        pytest.param(["OBX|1|TX|x||a", "ADD|b", "ADD||F"], ["OBX|1|TX|x||ab|F"], id="twice"),
        pytest.param(["OBX|1|NM|x||5|mg", "ADD|/dL"], ["OBX|1|NM|x||5|mg/dL"], id="behind-a-number"),
        pytest.param(["NTE|1||no", "ADD|te"], ["NTE|1||note"], id="note"),
        pytest.param(["OBX", "ADD|-"], ["OBX-"], id="segment-without-fields"),
        pytest.param(["OBX|1|T", "ADD|X|x||a", "ADD|b"], ["OBX|1|TX|x||ab"], id="inside-the-type"),
        pytest.param(["OBX|", "ADD|1|ST", "ADD||x||a", "ADD|b"], ["OBX|1|ST|x||ab"], id="before-the-type"),
        pytest.param(["OBX|1|TX|x||a", "ADD|b", "NTE|1", "ADD|2"], ["OBX|1|TX|x||ab", "NTE|12"], id="two-segments"),
    ],
)
def test_continued_segment_is_joined(segments: list[str], joined: list[str]) -> None:
    """The content of ADD goes on exactly where the segment before it ended."""
    assert join_continued(segments, "|")[0] == joined
    assert {finding.code for finding in join_continued(segments, "|")[1]} == {"segment-continued"}


@pytest.mark.parametrize(
    ("segments", "left"),
    [
        pytest.param(["OBX|1|TX|x||one", "ADD"], ["OBX|1|TX|x||one"], id="marker-without-content"),
        pytest.param(["OBX|1|TX|x||one", "ADD|"], ["OBX|1|TX|x||one"], id="empty-content"),
        pytest.param(["MSH|^~", "ADD|rest"], ["MSH|^~"], id="rest-of-another-message"),
        pytest.param(["ADD|rest"], [], id="nothing-before"),
        pytest.param(["OBX|1|NM|x||1", "ADD|5"], ["OBX|1|NM|x||1"], id="inside-a-number"),
        pytest.param(["OBX|1|SN|x||^1", "ADD|5"], ["OBX|1|SN|x||^1"], id="inside-a-structured-number"),
        pytest.param(["OBX|1|NM", "ADD||x||5"], ["OBX|1|NM"], id="behind-the-type-of-a-number"),
    ],
)
def test_anything_else_is_held(segments: list[str], left: list[str]) -> None:
    """A fragment whose other half is elsewhere, or that may be another value, is not put together."""
    joined, (finding,) = join_continued(segments, "|")

    assert joined == left
    assert (finding.code, finding.at) == ("message-continued", "ADD")


@given(st.text(alphabet="ab|^~&\\ ", min_size=1, max_size=40), st.data())
def test_segment_that_is_cut_anywhere_reads_the_same(rest: str, data: st.DataObject) -> None:
    """Wherever a text segment is cut, joining gives what it was."""
    whole = f"OBX|1|TX|x||{rest}"
    at = data.draw(st.integers(min_value=len("OBX|1|TX|x||"), max_value=len(whole) - 1))

    assert join_continued([whole[:at], f"ADD|{whole[at:]}"], "|")[0] == [whole]


def test_segment_of_many_pieces_takes_no_longer_each() -> None:
    """A value may come in any number of pieces, and none of them is looked at again."""

    def seconds(count: int) -> float:
        begin = process_time()
        join_continued(["OBX|1|TX|x||", *["ADD|more"] * count], "|")
        return process_time() - begin

    assert seconds(200_000) < 40 * max(seconds(20_000), 0.01)
