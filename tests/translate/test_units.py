"""What becomes of a unit, and of a number that is converted."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translator.translate.codes import LOINC
from translator.translate.tables import ObservationRow, Tables
from translator.translate.units import convert, plan_unit


def row_of(tables: Tables, loinc: str) -> ObservationRow:
    """Find a packaged row."""
    return tables.observations[LOINC, loinc]


@pytest.mark.parametrize(
    ("loinc", "unit", "respelled"),
    [
        pytest.param("2093-3", "mg/dL", False, id="as-the-table-writes-it"),
        pytest.param("2093-3", " mg/dL ", True, id="spaces-around"),
        pytest.param("2093-3", "MG/DL", True, id="upper-case"),
        pytest.param("6690-2", "K/uL", True, id="kelvin-trap"),
        pytest.param("6690-2", "10*9/L", True, id="equal-by-definition"),
        pytest.param("3016-3", "mIU/L", False, id="customary-spelling"),
        pytest.param("3016-3", "\u00b5IU/mL", True, id="micro-sign"),
        pytest.param("2498-4", "\u03bcg/dL", True, id="greek-mu"),
        pytest.param("1742-6", "IU/L", True, id="enzyme"),
        pytest.param("9830-1", "", False, id="ratio-without-unit"),
    ],
)
def test_same_unit_is_passed(
    loinc: str,
    unit: str,
    respelled: bool,  # noqa: FBT001 - a table's cell
    tables: Tables,
) -> None:
    """Another spelling of the target unit changes no number, and is said where it is written otherwise."""
    plan = plan_unit(row_of(tables, loinc), unit, tables)

    assert (plan.reason, plan.conversion, plan.respelled) == ("", None, respelled)


@pytest.mark.parametrize(
    ("loinc", "unit", "reason"),
    [
        pytest.param("2093-3", "", "unit-missing", id="blank"),
        pytest.param("2093-3", "furlong", "unit-unknown", id="no-unit-of-ours"),
        pytest.param("2093-3", "\u00c2\u00b5g/dL", "unit-unknown", id="mojibake"),
        pytest.param("2093-3", "\u00b5", "unit-unknown", id="lone-micro-sign"),
        pytest.param("10835-7", "nmol/L", "unit-not-convertible", id="lipoprotein-a"),
        pytest.param("20448-7", "pmol/L", "unit-not-convertible", id="insulin"),
        pytest.param("59261-8", "%", "unit-not-convertible", id="ifcc-percent"),
        pytest.param("2842-3", "mIU/L", "unit-not-convertible", id="prolactin"),
        pytest.param("718-7", "mmol/L", "unit-not-convertible", id="haemoglobin-in-moles"),
        pytest.param("2345-7", "IU/L", "unit-not-convertible", id="glucose-is-no-enzyme"),
    ],
)
def test_unit_that_no_rule_reaches_is_held(loinc: str, unit: str, reason: str, tables: Tables) -> None:
    """A unit is never dropped or guessed."""
    assert plan_unit(row_of(tables, loinc), unit, tables).reason == reason


@pytest.mark.parametrize(
    ("loinc", "value", "unit", "expected"),
    [
        pytest.param("14647-2", "4.78", "mmol/L", "184.8", id="cholesterol"),
        pytest.param("14647-2", "5.0", "mmol/L", "193", id="two-digits-plus-one"),
        pytest.param("718-7", "141", "g/L", "14.1", id="haemoglobin"),
        pytest.param("718-7", "100", "g/L", "10", id="hundred-has-three-digits"),
        pytest.param("1988-5", "0.30", "mg/dL", "3", id="crp"),
        pytest.param("751-8", "3456", "cells/uL", "3.456", id="absolute-count"),
        pytest.param("2160-0", "80", "umol/L", "0.905", id="creatinine"),
        pytest.param("22664-7", "30", "mg/dL", "5.00", id="urea-is-not-urea-nitrogen"),
        pytest.param("3094-0", "5.0", "mmol/L", "14.0", id="urea-nitrogen"),
        pytest.param("4548-4", "48", "mmol/mol", "6.5", id="hba1c-master-equation"),
        pytest.param("4548-4", "20", "mmol/mol", "4.0", id="hba1c-low"),
        pytest.param("3051-0", "5.0", "pmol/L", "3.25", id="free-t3"),
        pytest.param("2143-6", "400", "nmol/L", "14.50", id="cortisol"),
    ],
)
def test_listed_conversion_is_exact_and_rounded_once(
    loinc: str, value: str, unit: str, expected: str, tables: Tables
) -> None:
    """Decimal arithmetic, rounded half-even to the digits as written plus one."""
    plan = plan_unit(row_of(tables, loinc), unit, tables)

    assert plan.conversion is not None
    assert convert(Decimal(value), plan.conversion) == Decimal(expected)


@given(st.decimals(min_value=0, max_value=10_000, places=3))
def test_scaling_by_a_power_of_ten_keeps_the_digits(number: Decimal) -> None:
    """Moving the point neither adds nor loses a digit."""
    from translator.translate.tables import Conversion  # noqa: PLC0415 - the only test that makes one

    tenth = Conversion("t:1", "", "g/L", "g/dL", Decimal("0.1"), Decimal(0), "scale")

    assert convert(number, tenth) == number / 10
