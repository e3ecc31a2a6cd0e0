"""A person reads what a value was taken for."""

from __future__ import annotations

from typing import get_args

import pytest

from translator.record.value_words import in_words
from translator.record.values import (
    Absent,
    Cleared,
    Coded,
    Coding,
    Document,
    Limit,
    Numeric,
    Range,
    Ratio,
    Text,
    Unusable,
    Value,
)

CASES = [
    pytest.param(Numeric("5.40"), "number 5.40", id="number"),
    pytest.param(Limit("<", "0.1"), "limit <0.1", id="limit"),
    pytest.param(Ratio("1", ":", "160"), "ratio 1:160", id="ratio"),
    pytest.param(Range("2", "5"), "range 2-5", id="range"),
    pytest.param(Text("clear"), 'text "clear"', id="text"),
    pytest.param(Coded((Coding("L", "P"), Coding("", "Q")), "pos"), 'coded L P | Q "pos"', id="coded"),
    pytest.param(Coded((Coding("L", "P"),)), "coded L P", id="coded-without-text"),
    pytest.param(Document("embedded"), "embedded document", id="document"),
    pytest.param(Absent(), "nothing", id="nothing"),
    pytest.param(Absent("data-absent"), "nothing (data-absent)", id="nothing-with-a-reason"),
    pytest.param(Cleared(), 'a request to delete ("")', id="cleared"),
    pytest.param(Unusable("value-repeated"), "not readable (value-repeated)", id="unusable"),
]


@pytest.mark.parametrize(("value", "words"), CASES)
def test_value_is_written_with_its_kind(value: Value, words: str) -> None:
    """The kind comes first, then the value as sent."""
    assert in_words(value) == words


def test_every_kind_of_value_has_words() -> None:
    """No kind of the closed union is left out above."""
    assert {type(case.values[0]) for case in CASES} == set(get_args(Value))
