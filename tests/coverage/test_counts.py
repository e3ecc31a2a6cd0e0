"""Counts merge in any order and in any parts, and nothing is lost where there is too much of it."""

from __future__ import annotations

import pickle
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from translator.coverage.counts import OTHERS, Counts, bounded, merge, within_bounds
from translator.record.report import Form
from translator.record.values import Coding

_MOST = 3
_WORDS = st.sampled_from(["", "a", "b", "c", "d", "e"])
_CODES = st.tuples(st.builds(Coding, _WORDS, _WORDS))
_FORMS = st.builds(Form, _CODES, st.just("NM"), _WORDS)
_STATES = st.sampled_from(["translated", "held"])


def _counter(*parts: st.SearchStrategy[object]) -> st.SearchStrategy[Counter[tuple[object, ...]]]:
    return st.dictionaries(st.tuples(*parts), st.integers(1, 9), max_size=8).map(Counter)


COUNTS = st.builds(
    Counts,
    files=_counter(_WORDS),
    messages=_counter(_WORDS, _WORDS, _WORDS, _STATES),
    reasons=_counter(_STATES, _WORDS),
    entries=_counter(_WORDS, _FORMS, _STATES, _WORDS, _WORDS),
    reports=_counter(_WORDS, _WORDS),
    panels=_counter(_WORDS, _CODES),
    flags=_counter(_WORDS, _WORDS),
    orders=_counter(_WORDS, _CODES, _STATES, _WORDS),
    filled=_counter(st.just("segment"), _WORDS, st.tuples(st.booleans())),
    values=_counter(_CODES, _WORDS, st.tuples(st.integers(0, 3))),
    ranges=_counter(_CODES, _WORDS, _WORDS, _WORDS),
    waiting=_counter(_WORDS),
    answers=_counter(_WORDS, _WORDS),
)


def _bounded(counts: Counts) -> Counts:
    return within_bounds(counts, _MOST)


@given(COUNTS, COUNTS)
def test_order_does_not_matter(one: Counts, other: Counts) -> None:
    """Whichever part comes first, the sum is the same."""
    assert merge(one, other, _MOST) == merge(other, one, _MOST)


@given(COUNTS, COUNTS, COUNTS)
def test_grouping_does_not_matter(one: Counts, two: Counts, three: Counts) -> None:
    """However parts are put together, and wherever they were cut to bounds, the sum is the same."""
    left = merge(merge(one, two, _MOST), three, _MOST)
    right = merge(_bounded(one), merge(_bounded(two), _bounded(three), _MOST), _MOST)

    assert left == right


@given(COUNTS)
def test_nothing_is_the_neutral_part(counts: Counts) -> None:
    """An empty part changes nothing."""
    assert merge(counts, Counts()) == counts


@given(COUNTS, COUNTS)
def test_every_count_is_kept(one: Counts, other: Counts) -> None:
    """Bounds put things together, and lose none."""
    merged = merge(one, other, _MOST)

    for name in Counts.__struct_fields__:
        assert getattr(merged, name).total() == getattr(one, name).total() + getattr(other, name).total()


@given(COUNTS)
def test_fate_is_never_forgotten(counts: Counts) -> None:
    """What is counted together is still counted by its state."""
    states = Counter[str]()
    for (_, _, state, *_), count in counts.entries.items():
        states[state] += count

    kept = Counter[str]()
    for (_, _, state, *_), count in _bounded(counts).entries.items():
        kept[state] += count

    assert kept == states


def test_number_of_things_is_bounded() -> None:
    """However many different things come, a given number is kept one by one, with its exact counts."""
    many = Counter({("hl7v2", f"word {number}"): number for number in range(1, 200)})

    kept = bounded(many, "reports", 10)

    together = ("hl7v2", OTHERS)
    assert len(kept) == 11
    assert all(kept[key] == many[key] for key in kept if key != together)
    assert kept[together] == many.total() - sum(kept[key] for key in kept if key != together)


def test_what_is_together_already_needs_no_room() -> None:
    """The sum of the others is none of the things that are kept one by one."""
    counter = Counter({("hl7v2", OTHERS): 5, ("hl7v2", "F"): 1})

    assert bounded(counter, "reports", 1) == counter


def test_counts_travel_between_processes() -> None:
    """Counts can be pickled, so that several processes can count."""
    counts = Counts(entries=Counter({("hl7v2", Form((Coding("L", "A"),)), "held", "", ""): 1}))

    assert pickle.loads(pickle.dumps(counts)) == counts  # noqa: S301 - our own bytes
