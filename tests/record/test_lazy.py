"""What is made when it is looked at is the same as what is made at once."""

from __future__ import annotations

import pickle

from hypothesis import given
from hypothesis import strategies as st

from translator.record.lazy import Lazy


def test_lazy_sequence_is_made_once_and_not_before_it_is_looked_at() -> None:
    """Nobody pays for what nobody asks for, and nobody pays twice."""
    made = []

    def make() -> list[int]:
        made.append(1)
        return [3, 4]

    lazy = Lazy(make)
    before = list(made)
    seen = (len(lazy), lazy[1], list(lazy))

    assert before == []
    assert seen == (2, 4, [3, 4])
    assert made == [1]


@given(st.lists(st.integers(), max_size=5), st.slices(5))
def test_lazy_sequence_is_the_tuple_of_its_elements(elements: list[int], part: slice) -> None:
    """It compares, hashes, prints, slices and is pickled as that."""
    lazy, whole = Lazy(lambda: elements), tuple(elements)

    assert lazy == whole
    assert lazy != (*whole, 0)
    assert lazy != frozenset(whole)
    assert (hash(lazy), repr(lazy), lazy[part]) == (hash(whole), repr(whole), whole[part])
    assert pickle.loads(pickle.dumps(lazy)) == whole  # noqa: S301 - our own bytes
