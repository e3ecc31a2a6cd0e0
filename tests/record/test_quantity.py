"""A number is what HL7 calls one, character by character, and keeps its value to the last digit."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.read.samples import cpu_seconds
from translator.record.quantity import (
    COMPARATORS,
    bound,
    canonical,
    is_ambiguous,
    json_number,
    number_between,
    read_limit,
    read_number,
    read_quantity,
)
from translator.record.values import Limit, Numeric, Range, Ratio


def is_number(text: str) -> bool:
    """Tell a number of type NM by counting characters: a definition of our own, without a pattern."""
    body = text[1:] if text[:1] in {"+", "-"} else text
    digits = [character for character in body if character in "0123456789"]
    points = [character for character in body if character == "."]
    return len(text) <= 16 and len(digits) >= 1 and len(points) <= 1 and len(digits) + len(points) == len(body)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("5", id="digit"),
        pytest.param("5.40", id="trailing-zero"),
        pytest.param("+5", id="plus"),
        pytest.param("-5.4", id="minus"),
        pytest.param("-0", id="minus-zero"),
        pytest.param("007", id="leading-zeros"),
        pytest.param("5.", id="point-at-the-end"),
        pytest.param(".5", id="point-at-the-start"),
        pytest.param("1234567890123456", id="sixteen-characters"),
    ],
)
def test_number_is_read_with_its_digits(text: str) -> None:
    """The value is exact and the form as sent is kept."""
    assert read_number(text) == Numeric(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("1_000", id="underscore"),
        pytest.param("1e3", id="exponent"),
        pytest.param("nan", id="not-a-number"),
        pytest.param("Infinity", id="infinity"),
        pytest.param("\uff11\uff12", id="full-width-digits"),
        pytest.param("\u0661\u0662", id="arabic-digits"),
        pytest.param("\u00b2", id="superscript"),
        pytest.param("\u22125", id="minus-sign-of-unicode"),
        pytest.param("5,4", id="comma"),
        pytest.param("1 000", id="space"),
        pytest.param(" 5", id="space-before"),
        pytest.param("5\n", id="line-end"),
        pytest.param("5\0", id="null-byte"),
        pytest.param("--5", id="two-signs"),
        pytest.param("-", id="sign-only"),
        pytest.param(".", id="point-only"),
        pytest.param("1.2.3", id="two-points"),
        pytest.param("0x1F", id="hexadecimal"),
        pytest.param("5 H", id="flag"),
        pytest.param("5%", id="percent"),
        pytest.param("12345678901234567", id="seventeen-characters"),
    ],
)
def test_what_python_takes_and_hl7_does_not_is_no_number(text: str) -> None:
    """No other script, no grouping, no exponent, no word."""
    assert read_number(text) is None


@given(text=st.text(alphabet="+-.0159eE_, naif\uff15\u0665", max_size=18) | st.text(max_size=6))
@example(text="+.")
@settings(max_examples=500, deadline=None)
def test_number_is_exactly_what_the_grammar_says(text: str) -> None:
    """The pattern agrees with a definition that counts characters."""
    assert (read_number(text) is not None) == is_number(text)


@pytest.mark.parametrize(
    ("written", "meant"),
    [*((spelling, sign) for spelling, sign in COMPARATORS.items()), ("lt", "<"), ("Greater Than", ">")],
)
def test_comparator_has_several_spellings(written: str, meant: str) -> None:
    """Each spelling is one of four signs."""
    assert read_limit(written, "0.10") == Limit(meant, "0.10")
    assert read_quantity(f"{written} 0.10") == read_quantity(f"{written}0.10") == Limit(meant, "0.10")


@pytest.mark.parametrize(
    ("comparator", "number"),
    [
        ("", "5"),
        ("=", "5"),
        ("<>", "5"),
        ("~", "5"),
        ("<", ""),
        ("<", "1e3"),
        ("<", "five"),
        ("<", "12345678901234567"),
    ],
)
def test_limit_needs_comparator_and_number(comparator: str, number: str) -> None:
    """Where one of the two is none, there is no limit."""
    assert read_limit(comparator, number) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("5.40", Numeric("5.40"), id="number"),
        pytest.param("< 5", Limit("<", "5"), id="limit"),
        pytest.param("<.5", Limit("<", ".5"), id="limit-with-leading-point"),
        pytest.param("1:160", Ratio("1", ":", "160"), id="titre"),
        pytest.param("1 : 160", Ratio("1", ":", "160"), id="titre-with-spaces"),
        pytest.param("2-5", Range("2", "5"), id="range"),
        pytest.param("2.0 - 5.0", Range("2.0", "5.0"), id="range-with-spaces"),
        pytest.param("-5", Numeric("-5"), id="minus-is-no-range"),
    ],
)
def test_quantity_fills_the_whole_text(text: str, expected: object) -> None:
    """A number, a limit, a titre and a range are told apart."""
    assert read_quantity(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "<",
            "5 H",
            "*5",
            "5*",
            "<5 H",
            "<<5",
            "<-5",
            "1:160:2",
            "1:",
            ":160",
            "1/160",
            "2--5",
            "2-5-7",
            "2-",
            "-2-5",
        ),
        *("2024-05-01", "2+", "1:12345678901234567", "12345678901234567-5", "<1e3", "\u00b15", "about 5"),
        *("<12345678901234567", ">1:12345678901234567"),
    ],
)
def test_other_text_is_no_quantity(text: str) -> None:
    """Nothing is cut off to make a number of the rest."""
    assert read_quantity(text) is None


@given(text=st.text(alphabet="<>=\u2264\u2265LTGlt019.:-+ ,", max_size=12) | st.text(max_size=6))
@settings(max_examples=400, deadline=None)
def test_text_with_a_comparator_never_becomes_a_number(text: str) -> None:
    """Any text has a reading, and a number has no sign of a limit, ratio or range in it."""
    found = read_quantity(text)

    assert not isinstance(found, Numeric) or is_number(text)
    assert not isinstance(found, Limit) or found.comparator in {"<", ">", "<=", ">="}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("1,234", True, id="comma"),
        pytest.param("5,6", True, id="decimal-comma"),
        pytest.param("1 234", True, id="space"),
        pytest.param("1\u00a0234", True, id="no-break-space"),
        pytest.param("1.234,5", True, id="both-marks"),
        pytest.param("1'234", True, id="apostrophe"),
        pytest.param("-1,2", True, id="sign"),
        pytest.param("12345678901234567", False, id="digits-only"),
        pytest.param("5", False, id="one-digit"),
        pytest.param("5,", False, id="comma-at-the-end"),
        pytest.param("5 H", False, id="flag"),
        pytest.param("1_000", False, id="underscore"),
        pytest.param("", False, id="nothing"),
    ],
)
def test_ambiguous_are_digits_with_marks_between(text: str, *, expected: bool) -> None:
    """Whether a mark groups or divides cannot be known."""
    assert is_ambiguous(text) is expected


@pytest.mark.parametrize(
    ("lexical", "expected"),
    [
        ("5", "5"),
        ("+5.40", "5.40"),
        ("007", "7"),
        ("000", "0"),
        ("00.50", "0.50"),
        (".5", "0.5"),
        ("5.", "5"),
        ("-.5", "-0.5"),
        ("-01", "-1"),
        ("+0", "0"),
    ],
)
def test_canonical_form_has_no_plus_and_no_spare_zero(lexical: str, expected: str) -> None:
    """Trailing zeros stay: they were measured."""
    assert canonical(lexical) == expected


NUMBERS = st.from_regex(r"[+-]?(?:[0-9]{1,10}(?:\.[0-9]{0,4})?|\.[0-9]{1,4})", fullmatch=True)


@given(lexical=NUMBERS)
def test_canonical_form_is_the_same_number(lexical: str) -> None:
    """Value and decimals are as sent, and the canonical form of it is itself."""
    written = canonical(lexical)

    assert Decimal(written) == Decimal(lexical)
    assert Decimal(written).as_tuple().exponent == Decimal(lexical).as_tuple().exponent
    assert canonical(written) == written


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        pytest.param("5.40", "5.4", id="trailing-zero"),
        pytest.param("55", "55", id="whole"),
        pytest.param("55.0", "55", id="whole-with-decimals"),
        pytest.param("-0.0", "0", id="minus-zero"),
        pytest.param("0.1", "0.1", id="tenth"),
        pytest.param("9007199254740992", "9007199254740992", id="largest-integer-of-a-double"),
        pytest.param("1152921504606847000", "1.152921504606847e+18", id="whole-with-an-exponent"),
        pytest.param("1e300", "1e+300", id="large-with-an-exponent"),
        pytest.param("0.1234567890123456789", None, id="more-digits-than-a-double-has"),
        pytest.param("9007199254740993", None, id="whole-beyond-a-double"),
        pytest.param("1e400", None, id="larger-than-a-double"),
        pytest.param("1e-400", None, id="smaller-than-a-double"),
        pytest.param("NaN", None, id="not-a-number"),
    ],
)
def test_json_number_is_exact_or_none(number: str, expected: str | None) -> None:
    """What a double cannot hold is not sent as one."""
    found = json_number(Decimal(number))

    assert (None if found is None else str(found)) == expected


@given(number=st.decimals(allow_nan=False, allow_infinity=False) | NUMBERS.map(Decimal))
@settings(max_examples=400, deadline=None)
def test_json_number_equals_the_decimal(number: Decimal) -> None:
    """Written out and read again by a receiver it is the same number."""
    found = json_number(number)

    assert found is None or Decimal(repr(found)) == number


@given(lexical=st.from_regex(r"-?[0-9]{1,9}(\.[0-9]{1,6})?", fullmatch=True))
def test_fifteen_digits_are_always_sent(lexical: str) -> None:
    """A double carries every number of at most fifteen digits."""
    assert json_number(Decimal(lexical)) is not None


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("1" * 1_000_000, id="digits"),
        pytest.param("1" + " " * 1_000_000, id="spaces"),
        pytest.param("1," * 500_000, id="groups"),
        pytest.param("<" + " " * 1_000_000 + "x", id="spaces-behind-a-comparator"),
        pytest.param("1" + " " * 500_000 + ":" + " " * 500_000, id="spaces-around-a-colon"),
        pytest.param("LESS THAN" * 100_000, id="words"),
    ],
)
def test_a_megabyte_costs_little(text: str) -> None:
    """No text makes a pattern go over it again and again."""
    with cpu_seconds(5):
        assert read_quantity(text) is None
        is_ambiguous(text)


@given(
    st.from_regex(r"[+-]?(?:[0-9]{1,16}(?:\.[0-9]{0,15})?|\.[0-9]{1,15})", fullmatch=True),
    st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)).map(sorted),
)
@example("1234567890123456", [0, 10**6])
@example("0.00000000000001", [0, 10])
@example("999999.99999999", [0, 10**6])
@example("1000000.0000001", [0, 10**6])
def test_short_way_of_a_plain_number_gives_what_the_long_one_gives(text: str, bounds: list[int]) -> None:
    """It alters no digit and lets nothing through that lies outside the bounds; the rest is looked at closely."""
    found = read_number(text)
    if found is None:
        return
    low, high = bounds

    short = number_between(found, float(low), float(high))

    inside = low <= found.number <= high
    assert short in ({None, json_number(found.number)} if inside else {None})
    assert (short is not None) == (inside and len(text) <= 15 and text[0] in "0123456789")


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        pytest.param("0.5", 0.5, id="short"),
        pytest.param("-30", -30.0, id="below-nought"),
        pytest.param("0.99999999999999999", None, id="more-digits-than-a-double-keeps"),
    ],
)
def test_bound_is_one_that_a_double_keeps_in_order(written: str, kept: float | None) -> None:
    """A bound that a double would move is left to Decimals."""
    assert bound(Decimal(written)) == kept


def test_bound_that_is_not_there_is_none() -> None:
    """A row without a bound has no short way."""
    assert bound(None) is None
