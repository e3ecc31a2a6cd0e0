"""Parts of a comparison are put together in any grouping, and nothing is lost or counted twice."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from translator.plan.comparison import CauseTally, Comparison, Example, Tally, merged
from translator.plan.results import MESSAGE, REPORT, VALUE, Difference, Shown

KEPT = 2

_counts = st.integers(0, 5)
_words = st.dictionaries(st.sampled_from(["delivered", "queued"]), st.integers(1, 3), max_size=2)
_examples = st.lists(st.builds(Example, st.sampled_from("ab"), st.integers(0, 3)), max_size=KEPT).map(tuple)
_tallies = st.builds(Tally, st.integers(1, 5), st.integers(1, 5), _words, _examples)
_shown = st.sampled_from([None, Shown("held", "unmapped-code"), Shown("translated", code="HDL")])
_differences = st.builds(Difference, st.sampled_from([VALUE, REPORT, MESSAGE]), _shown, _shown, st.just(("state",)))
_causes = st.dictionaries(
    st.sampled_from([("a",), ("b",), ("a", "b")]),
    st.builds(CauseTally, _counts, st.dictionaries(_differences, _tallies, max_size=3)),
    max_size=3,
)
_findings = st.dictionaries(st.sampled_from(["malformed", "empty-input"]), st.integers(1, 3), max_size=2)
_together = st.frozensets(st.sampled_from("ab"))
comparisons = st.builds(Comparison, _counts, _counts, _counts, _counts, _causes, _findings, _together)


@given(comparisons, comparisons, comparisons)
def test_merging_is_associative(first: Comparison, second: Comparison, third: Comparison) -> None:
    """It does not matter which parts are put together first."""
    left = merged([merged([first, second], KEPT), third], KEPT)
    right = merged([first, merged([second, third], KEPT)], KEPT)

    assert left == right == merged([first, second, third], KEPT)


@given(comparisons)
def test_nothing_is_the_neutral_part(part: Comparison) -> None:
    """A part without a message changes nothing, and no part at all is one."""
    assert merged([Comparison(), part], KEPT) == merged([part, Comparison()], KEPT) == merged([part], KEPT) == part
    assert merged([], KEPT) == Comparison()


@given(st.lists(comparisons, max_size=4))
def test_counts_add_up(parts: list[Comparison]) -> None:
    """Every count is the sum of those of the parts."""
    whole = merged(parts, KEPT)

    assert (whole.messages, whole.values, whole.changed, whole.changed_values) == tuple(
        sum(getattr(part, name) for part in parts) for name in ("messages", "values", "changed", "changed_values")
    )
    assert whole.together == frozenset().union(*(part.together for part in parts))
    for cause, tally in whole.causes.items():
        theirs = [part.causes[cause] for part in parts if cause in part.causes]
        assert tally.messages == sum(each.messages for each in theirs)
        assert (tally.values, tally.reports) == (sum(e.values for e in theirs), sum(e.reports for e in theirs))
        for word, count in tally.ledger.items():
            assert count == sum(each.ledger.get(word, 0) for each in theirs)


@given(st.lists(comparisons, max_size=4))
def test_first_examples_are_kept(parts: list[Comparison]) -> None:
    """Of each difference the examples of the earliest parts stay, and never more than wanted."""
    whole = merged(parts, KEPT)

    for cause, tally in whole.causes.items():
        for how, one in tally.differences.items():
            theirs = [
                part.causes[cause].differences.get(how, Tally()).examples for part in parts if cause in part.causes
            ]
            assert one.examples == tuple(example for examples in theirs for example in examples)[:KEPT]
