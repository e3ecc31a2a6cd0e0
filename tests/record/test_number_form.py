"""Numbers in the form of one sender."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translator.record.number_form import number_form
from translator.record.quantity import read_number, read_quantity
from translator.record.values import Limit, Range, Ratio, Value


@pytest.mark.parametrize(
    ("marks", "text", "number"),
    [
        pytest.param((",", ""), "5,6", "5.6", id="comma"),
        pytest.param((",", ""), "-5,60", "-5.60", id="sign-and-zero"),
        pytest.param((",", ""), "1234,5", "1234.5", id="no-groups"),
        pytest.param((",", ""), "56", "56", id="whole"),
        pytest.param((",", "."), "1.234", "1234", id="group-point"),
        pytest.param((",", "."), "1.234.567,89", "1234567.89", id="two-groups"),
        pytest.param((",", "."), "1234,5", "1234.5", id="group-left-out"),
        pytest.param(("", ","), "1,234.5", "1234.5", id="group-comma"),
        pytest.param(("", " "), "1 234.5", "1234.5", id="group-space"),
        pytest.param((",", " "), "1\u00a0234\u202f567,5", "1234567.5", id="no-break-spaces"),
        pytest.param((".", "'"), "1'234.5", "1234.5", id="apostrophe"),
    ],
)
def test_number_of_the_declared_form_is_read(marks: tuple[str, str], text: str, number: str) -> None:
    """The number is exact, and its lexical form stays the sender's."""
    found = read_number(text, number_form(*marks))

    assert found is not None
    assert (found.number, found.lexical) == (Decimal(number), text)


@pytest.mark.parametrize(
    ("marks", "text"),
    [
        pytest.param((",", ""), "5.6", id="point-for-comma"),
        pytest.param((",", ""), ".5", id="leading-point"),
        pytest.param((",", ""), ",5", id="leading-comma"),
        pytest.param((",", ""), "5,", id="trailing-comma"),
        pytest.param((",", ""), "1.234,5", id="undeclared-group"),
        pytest.param((",", "."), "1.23", id="group-of-two"),
        pytest.param((",", "."), "1234.567", id="first-group-of-four"),
        pytest.param((",", "."), "1.2345", id="group-of-four"),
        pytest.param((",", "."), "1,234.5", id="marks-swapped"),
        pytest.param((",", "."), "1,2,3", id="two-decimal-marks"),
        pytest.param((",", "."), "1,234.567", id="group-after-decimals"),
        pytest.param(("", ","), "5,6", id="group-of-one"),
        pytest.param(("", " "), "12 34", id="space-not-at-thousands"),
        pytest.param((",", "."), "5,6 H", id="flag"),
        pytest.param((",", "."), "\u0661,5", id="other-digits"),
        pytest.param((",", "."), "", id="empty"),
        pytest.param((",", "."), "123.456.789.012.345.678", id="too-long"),
    ],
)
def test_number_of_another_form_is_not_read(marks: tuple[str, str], text: str) -> None:
    """Nothing is guessed: what the sender does not write so is no number."""
    assert read_quantity(text, number_form(*marks)) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("<0,05", Limit("<", "0.05"), id="limit"),
        pytest.param(">= 1.234,5", Limit(">=", "1234.5"), id="limit-with-group"),
        pytest.param("0,5 - 1,5", Range("0.5", "1.5"), id="range"),
        pytest.param("1:1.280", Ratio("1", ":", "1280"), id="titre"),
        pytest.param("0.5-1,5", None, id="mixed"),
    ],
)
def test_bounds_are_put_into_the_form_that_is_sent(text: str, expected: Value | None) -> None:
    """What goes out as text is written with a point."""
    assert read_quantity(text, number_form(",", ".")) == expected


@pytest.mark.parametrize("marks", [("", ""), (".", "")])
def test_form_of_hl7_needs_none(marks: tuple[str, str]) -> None:
    """Where nothing else is declared, numbers are read as the standard says."""
    assert number_form(*marks) is None


@given(st.integers(0, 10**9), st.integers(0, 999), st.sampled_from([(",", "."), (",", " "), (",", "'"), (".", ",")]))
def test_number_that_is_written_in_a_form_reads_back(whole: int, thousandths: int, marks: tuple[str, str]) -> None:
    """Any number survives being written with its groups."""
    text = f"{whole:_}".replace("_", marks[1]) + f"{marks[0]}{thousandths:03}"
    found = read_number(text, number_form(*marks))
    assert found is not None
    assert found.number == Decimal(f"{whole}.{thousandths:03}")


@given(st.text(alphabet="0123456789.,' <-:", max_size=12))
def test_text_that_the_standard_reads_otherwise_is_never_a_number(text: str) -> None:
    """Under a decimal comma a text with a point is no number, since no group mark is declared."""
    form = number_form(",", "")
    assert "." not in text or read_quantity(text, form) is None
