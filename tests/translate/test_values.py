"""What is sent for a value, and what is held instead."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from translator.record.quantity import read_quantity
from translator.record.values import (
    Absent,
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
from translator.translate.codes import LOINC
from translator.translate.tables import Tables
from translator.translate.units import UnitPlan
from translator.translate.values import Sent, canonical_text, is_no_value, numeric_value, placeholder, text_value

SNOMED = "http://snomed.info/sct"
PASSED = UnitPlan()


def number(lexical: str) -> Numeric:
    """Make a number as a reader does."""
    return Numeric(lexical)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(number("185"), Sent(number=185), id="integer"),
        pytest.param(number("185.50"), Sent(number=185.5), id="trailing-zero"),
        pytest.param(Text("185"), Sent(number=185), id="number-typed-as-text"),
        pytest.param(Text("<5"), Sent(text="<5"), id="limit-typed-as-text"),
        pytest.param(Limit("<=", "05.0"), Sent(text="<=5.0"), id="limit"),
        pytest.param(Ratio("1", ":", "0160"), Sent(text="1:160"), id="titre"),
        pytest.param(Range("2", "5"), Sent(text="2-5"), id="range"),
        pytest.param(number("-1"), Sent(reason="negative-value"), id="negative"),
        pytest.param(Limit("<", "-1"), Sent(reason="negative-value"), id="negative-limit"),
        pytest.param(Range("-5", "5"), Sent(reason="negative-value"), id="range-from-below-nought"),
        pytest.param(Ratio("-1", ":", "160"), Sent(reason="negative-value"), id="negative-titre"),
        pytest.param(number("-0"), Sent(reason="implausible"), id="minus-nought-is-nought"),
        pytest.param(number("4.9"), Sent(reason="implausible"), id="other-unit"),
        pytest.param(number("185.00000000000001"), Sent(reason="value-too-precise"), id="more-than-a-double"),
        pytest.param(Text("1,85"), Sent(reason="value-ambiguous"), id="decimal-comma"),
        pytest.param(Text("18512345678901234567"), Sent(reason="value-too-precise"), id="twenty-digits"),
        pytest.param(Text("185.0000000000000001"), Sent(reason="value-too-precise"), id="sixteen-decimals"),
        pytest.param(
            Text("185.0000000000000001", prose=True), Sent(reason="value-ambiguous"), id="long-number-in-prose"
        ),
        pytest.param(Text("POS"), Sent(reason="value-not-numeric"), id="word"),
        pytest.param(Text("1_85"), Sent(reason="value-not-numeric"), id="underscore"),
        pytest.param(Text("\uff11\uff18\uff15"), Sent(reason="value-not-numeric"), id="full-width-digits"),
        pytest.param(Text("1.85e2"), Sent(reason="value-not-numeric"), id="exponent"),
        pytest.param(Text("NaN"), Sent(reason="value-not-numeric"), id="nan"),
        pytest.param(Coded((), "high"), Sent(reason="value-not-numeric"), id="coded"),
        pytest.param(Unusable("value-repeated"), Sent(reason="value-repeated"), id="repeated"),
        pytest.param(
            Unusable("value-type-refused", refused=True),
            Sent(reason="value-type-refused", refused=True),
            id="refused-type",
        ),
    ],
)
def test_numeric_code_takes_numbers_and_bounds_only(value: Value, expected: Sent, tables: Tables) -> None:
    """Nothing else becomes a number, and no bound ever does."""
    assert numeric_value(value, tables.observations[LOINC, "2093-3"], PASSED) == expected


@given(st.text(max_size=20))
def test_text_is_a_number_only_by_the_strict_grammar(text: str) -> None:
    """Whatever is read as a number equals the Decimal of its ASCII digits."""
    found = read_quantity(text)

    assert not isinstance(found, Numeric) or (text.isascii() and found.number == Decimal(text))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(Coded((Coding(SNOMED, "278149003"),)), "A+", id="snomed"),
        pytest.param(Coded((Coding(SNOMED, "278149003", "A pos"),), "see below"), "A+", id="snomed-with-its-words"),
        pytest.param(Coded((Coding("L", "AP"),), "A Pos"), "A+", id="original-text"),
        pytest.param(Coded((Coding("L", "o neg"),)), "O-", id="bare-code-that-is-a-spelling"),
        pytest.param(Text("  ab   rh positive "), "AB+", id="text-with-spaces"),
    ],
)
def test_listed_answer_is_sent_in_its_own_words(value: Value, expected: str, tables: Tables) -> None:
    """Answers are found by system and code, or by spelling."""
    assert text_value(value, tables.observations[LOINC, "882-1"], tables) == Sent(text=expected)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(Text("A"), id="group-without-rh"),
        pytest.param(Coded((Coding(SNOMED, "112144000"),), "Blood group A"), id="snomed-group-only"),
        pytest.param(Coded((Coding(SNOMED, "278149003"), Coding(SNOMED, "278152006"))), id="two-answers"),
        pytest.param(Coded((Coding(SNOMED, "278149003", "A negative"),), "A negative"), id="code-that-its-words-deny"),
        pytest.param(Coded((Coding(SNOMED, "278149003"),), "A NEG"), id="code-that-the-original-text-denies"),
        pytest.param(number("5"), id="number"),
    ],
)
def test_unlisted_answer_is_held(value: Value, tables: Tables) -> None:
    """A code with listed answers takes no other."""
    assert text_value(value, tables.observations[LOINC, "882-1"], tables) == Sent(reason="unmapped-value")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(Text("all fine"), Sent(text="all fine"), id="text"),
        pytest.param(Coded((), "all fine"), Sent(text="all fine"), id="coded-with-text"),
        pytest.param(Range("2", "5"), Sent(text="2-5"), id="range"),
        pytest.param(Coded((Coding("L", "X"),)), Sent(reason="unmapped-value"), id="bare-code"),
        pytest.param(Unusable("value-type-held"), Sent(reason="value-type-held"), id="date"),
    ],
)
def test_text_code_without_listed_answers_takes_text(value: Value, expected: Sent, site_tables: Tables) -> None:
    """A bare code is never sent as if it were words."""
    assert text_value(value, site_tables.observations["L", "CMT"], site_tables) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(Absent(), True, id="absent"),
        pytest.param(Text("tnp"), True, id="placeholder"),
        pytest.param(Text("See  Note"), True, id="placeholder-of-two-words"),
        pytest.param(Coded((), "TNP"), True, id="coded-placeholder"),
        pytest.param(Coded((Coding(SNOMED, "1"),), "TNP"), False, id="code-of-a-system"),
        pytest.param(Coded((Coding("", "TNP"),)), True, id="bare-code"),
        pytest.param(Coded((Coding("L", "TNP", "Test not performed"),), "Test not performed"), True, id="local-code"),
        pytest.param(Coded((Coding("L", "POS", "Positive"),), "Positive"), False, id="local-answer"),
        pytest.param(Text("5"), False, id="value"),
        pytest.param(Document("embedded"), False, id="document"),
    ],
)
def test_placeholder_is_no_value(value: Value, expected: bool, tables: Tables) -> None:  # noqa: FBT001 - a table's cell
    """A listed placeholder says that there is none."""
    assert is_no_value(value, tables) is expected


def test_listed_answer_is_no_placeholder(tables: Tables) -> None:
    """Where a table says what a local code means, its words say nothing else."""
    answer = Coded((Coding("L", "NONE", "None"),), "None")
    listed = structs.replace(tables, coded_values={**tables.coded_values, ("X", "L", "NONE"): "none seen"})

    assert placeholder(answer, tables) == "placeholder-value"
    assert not placeholder(answer, listed)


def test_plain_number_has_no_canonical_text() -> None:
    """Numbers are sent as numbers."""
    assert canonical_text(number("5")) is None
