"""A number that is the end of the scale is a bound, however it is written."""

from __future__ import annotations

import pytest

from translator.record.flags import off_scale
from translator.record.number_form import number_form
from translator.record.values import Absent, Coded, Limit, Numeric, Range, Ratio, Text, Unusable, Value

AMBIGUOUS = Unusable("value-ambiguous")


@pytest.mark.parametrize(
    ("value", "marks", "expected"),
    [
        pytest.param(Numeric("185"), ">", Limit(">", "185"), id="number"),
        pytest.param(Numeric("1,5", "1.5"), "<", Limit("<", "1.5"), id="number-of-a-sender-s-own-form"),
        pytest.param(Text("185"), "<", Limit("<", "185"), id="number-as-text"),
        pytest.param(Text("<185"), "<", Limit("<", "185"), id="limit-as-text"),
        pytest.param(Limit(">=", "5"), ">", Limit(">=", "5"), id="limit-already"),
        pytest.param(Limit("<", "5"), ">", AMBIGUOUS, id="limit-of-the-other-end"),
        pytest.param(Text("<185"), ">", AMBIGUOUS, id="limit-of-the-other-end-as-text"),
        pytest.param(Text("1:160"), ">", Ratio("1", ":", "160", ">"), id="titre"),
        pytest.param(Ratio("1", ":", "160", ">"), ">", Ratio("1", ":", "160", ">"), id="bounded-titre"),
        pytest.param(Ratio("1", ":", "160", ">"), "<", AMBIGUOUS, id="titre-of-the-other-end"),
        pytest.param(Range("2", "5"), ">", AMBIGUOUS, id="range"),
        pytest.param(Numeric("185"), "<>", Unusable("value-not-numeric"), id="both-ends"),
        pytest.param(Text("1,5"), "<", AMBIGUOUS, id="number-that-can-be-read-in-two-ways"),
        pytest.param(Text("POS"), "<", Text("POS"), id="word"),
        pytest.param(Text("0.01", prose=True), "<", Text("0.01", prose=True), id="prose"),
        pytest.param(Coded((), "high"), ">", Coded((), "high"), id="answer"),
        pytest.param(Absent(), ">", Absent(), id="nothing"),
    ],
)
def test_off_the_scale_never_stays_a_number(value: Value, marks: str, expected: Value) -> None:
    """What the flag says is never lost: it makes a limit, agrees with one, or leaves the value to a person."""
    assert off_scale(value, set(marks)) == expected


def test_number_of_a_sender_s_own_form_is_read_in_it() -> None:
    """A decimal comma that the site declares is no ambiguity."""
    form = number_form(",", "")

    assert off_scale(Text("1,5"), {"<"}, form) == Limit("<", "1.5")
    assert off_scale(Text("1.5"), {"<"}, form) == AMBIGUOUS
