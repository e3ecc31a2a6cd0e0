"""Which mapping row an observation's codes lead to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translator.record.values import Coding
from translator.translate.codes import LOINC, has_check_digit, match_codes
from translator.translate.tables import Tables


@pytest.mark.parametrize(
    ("code", "valid"),
    [
        pytest.param("2093-3", True, id="cholesterol"),
        pytest.param("98979-8", True, id="egfr"),
        pytest.param("8-6", False, id="short-and-wrong"),
        pytest.param("2093-4", False, id="wrong-check-digit"),
        pytest.param("2093\u20113", False, id="look-alike-hyphen"),
        pytest.param("12345678-9", False, id="too-long"),
        pytest.param("2093", False, id="no-check-digit"),
    ],
)
def test_check_digit_tells_a_loinc_code(code: str, valid: bool) -> None:  # noqa: FBT001 - a table's cell
    """The mod-10 digit of LOINC decides."""
    assert has_check_digit(code) is valid


@given(st.integers(min_value=1, max_value=9_999_999))
def test_check_digit_is_exactly_one_of_ten(number: int) -> None:
    """For every number one check digit fits and nine do not."""
    assert sum(has_check_digit(f"{number}-{digit}") for digit in range(10)) == 1


@pytest.mark.parametrize(
    ("codes", "whoop_code", "assumed"),
    [
        pytest.param((Coding(LOINC, "2093-3"),), "TOTAL_CHOLESTEROL", False, id="first-triplet"),
        pytest.param((Coding("L", "X1"), Coding(LOINC, "2085-9")), "HDL", False, id="second-triplet"),
        pytest.param((Coding("", "2085-9"),), "HDL", True, id="no-system"),
        pytest.param((Coding("L", "2085-9"),), "HDL", True, id="local-system-that-holds-loinc"),
        pytest.param((Coding(LOINC, "18262-6"), Coding(LOINC, "13457-7")), "LDL", False, id="two-that-agree"),
    ],
)
def test_codes_that_agree_lead_to_one_row(
    codes: tuple[Coding, ...],
    whoop_code: str,
    assumed: bool,  # noqa: FBT001 - a table's cell
    tables: Tables,
) -> None:
    """Any of the offered codes may lead to the row."""
    match = match_codes(codes, tables.observations)

    assert match.row is not None
    assert (match.row.whoop_code, match.assumed, match.reason) == (whoop_code, assumed, "")


@pytest.mark.parametrize(
    ("codes", "reason"),
    [
        pytest.param((), "unmapped-code", id="no-code"),
        pytest.param((Coding("L", "CHOL"),), "unmapped-code", id="local-code"),
        pytest.param((Coding("99ABC", "2085-9"),), "unmapped-code", id="loinc-shape-under-another-system"),
        pytest.param((Coding("L", "2085-8"),), "unmapped-code", id="no-check-digit"),
        pytest.param((Coding(LOINC, "2085-8"),), "invalid-loinc", id="loinc-with-a-wrong-check-digit"),
        pytest.param((Coding(LOINC, "2093-3"), Coding(LOINC, "2085-9")), "conflicting-codes", id="two-that-disagree"),
    ],
)
def test_codes_that_decide_nothing_are_held(codes: tuple[Coding, ...], reason: str, tables: Tables) -> None:
    """No row, or two meanings, is a reason and never a guess."""
    match = match_codes(codes, tables.observations)

    assert (match.row, match.reason) == (None, reason)


def test_ignored_code_wins_over_a_mapped_one(site_tables: Tables) -> None:
    """What a site ignores stays ignored although another triplet is mapped."""
    match = match_codes((Coding(LOINC, "2093-3"), Coding("L", "LOT")), site_tables.observations)

    assert match.row is not None
    assert match.row.ignore == "reagent lot"
