"""Messages that lanes join are rehearsed together, and never more than need be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translator.lane_turns import turns


@pytest.mark.parametrize(
    ("lanes", "most", "expected"),
    [
        pytest.param({}, 1, [], id="nothing"),
        pytest.param({1: "a", 2: "b", 3: "c"}, 1, [[1], [2], [3]], id="each-alone"),
        pytest.param({1: "a", 2: "b", 3: "c"}, 2, [[1, 2], [3]], id="some-at-a-time"),
        pytest.param({1: "a", 2: "b", 3: "a"}, 1, [[1, 3], [2]], id="one-lane"),
        pytest.param({1: "a", 2: "b", 3: "ab"}, 1, [[1, 2, 3]], id="joined-by-a-third"),
        pytest.param({1: "", 2: ""}, 1, [[1], [2]], id="without-a-lane"),
    ],
)
def test_messages_are_divided_by_their_lanes(lanes: dict[int, str], most: int, expected: list[list[int]]) -> None:
    """One turn for all that depend on each other, and a new one as soon as there are enough."""
    assert [*turns(lanes, most)] == expected


@given(lanes=st.dictionaries(st.integers(1, 30), st.frozensets(st.integers(0, 12), max_size=3)), most=st.integers(1, 5))
def test_no_lane_is_in_two_turns(lanes: dict[int, frozenset[int]], most: int) -> None:
    """Each message has one turn, in order within it; no lane is divided."""
    divided = [*turns(lanes, most)]

    assert sorted(number for turn in divided for number in turn) == sorted(lanes)
    assert all(turn == sorted(turn) for turn in divided)
    seen = [{lane for number in turn for lane in lanes[number]} for turn in divided]
    assert sum(map(len, seen)) == len(set().union(*seen))
