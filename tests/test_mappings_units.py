"""The conversions as shipped: proved by formulas and atomic masses, and true in both directions."""

from __future__ import annotations

import csv
import io
import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translator.mapping_files import packaged_files, packaged_tables
from translator.translate.lint_factors import proof_of
from translator.translate.tables import Conversion
from translator.translate.units import convert, unrounded

RULES = packaged_tables().conversions
ROWS = list(csv.DictReader(io.StringIO(packaged_files()["units/conversions.csv"].decode())))

# Source: IUPAC Commission on Isotopic Abundances and Atomic Weights, abridged standard atomic weights.
ATOMS = {
    "H": "1.008", "C": "12.011", "N": "14.007", "O": "15.999", "P": "30.974", "S": "32.06", "Mg": "24.305",
    "Ca": "40.078", "Fe": "55.845", "Co": "58.933", "Cu": "63.546", "Zn": "65.38", "I": "126.90", "Pb": "207.2",
}  # fmt: skip

# What is measured, as its formula; cholesterol stands for its esters, triolein for triglycerides, by convention.
FORMULAS = {
    "TOTAL_CHOLESTEROL": "C27H46O",
    "HDL": "C27H46O",
    "LDL": "C27H46O",
    "VLDL": "C27H46O",
    "NON_HDL_CHOLESTEROL": "C27H46O",
    "TRIGLYCERIDES": "C57H104O6",
    "GLUCOSE": "C6H12O6",
    "FASTING_GLUCOSE": "C6H12O6",
    "ESTIMATED_AVERAGE_GLUCOSE": "C6H12O6",
    "C_PEPTIDE": "C129H211N35O48",
    "BUN": "N2",
    "UREA": "CH4N2O",
    "CREATININE": "C4H7N3O",
    "CALCIUM": "Ca",
    "PHOSPHATE": "P",
    "MAGNESIUM": "Mg",
    "BILIRUBIN_TOTAL": "C33H36N4O6",
    "BILIRUBIN_DIRECT": "C33H36N4O6",
    "URIC_ACID": "C5H4N4O3",
    "FREE_T4": "C15H11I4NO4",
    "TOTAL_T4": "C15H11I4NO4",
    "FREE_T3": "C15H12I3NO4",
    "TOTAL_T3": "C15H12I3NO4",
    "REVERSE_T3": "C15H12I3NO4",
    "TESTOSTERONE_TOTAL": "C19H28O2",
    "TESTOSTERONE_FREE": "C19H28O2",
    "ESTRADIOL": "C18H24O2",
    "PROGESTERONE": "C21H30O2",
    "CORTISOL": "C21H30O5",
    "DHEA_S": "C19H28O5S",
    "VITAMIN_D_25_OH": "C27H44O2",
    "VITAMIN_D3_25_OH": "C27H44O2",
    "VITAMIN_B12": "C63H88CoN14O14P",
    "FOLATE": "C19H19N7O6",
    "HOMOCYSTEINE": "C4H9NO2S",
    "ZINC": "Zn",
    "COPPER": "Cu",
    "IRON": "Fe",
    "TIBC": "Fe",
    "UIBC": "Fe",
    "LEAD": "Pb",
}
CHARGES = {"CALCIUM": 2, "MAGNESIUM": 2}


def mass_of(formula: str) -> Decimal:
    """Weigh a formula, in grams per mole."""
    parts = re.findall(r"([A-Z][a-z]?)([0-9]*)", formula)
    return sum((Decimal(ATOMS[atom]) * int(count or 1) for atom, count in parts), Decimal(0))


@pytest.mark.parametrize(
    "row",
    [pytest.param(row, id=f"{row['whoop_code']}-{row['from']}") for row in ROWS if row["rule"] == "molar"],
)
def test_molar_mass_is_that_of_the_substance(row: dict[str, str]) -> None:
    """A molar mass is the sum of its atoms: urea is not its nitrogen, phosphate is not phosphorus."""
    charges = CHARGES[row["whoop_code"]] if row["from"] == "meq/L" else 1
    expected = mass_of(FORMULAS[row["whoop_code"]]) / charges
    assert abs(Decimal(row["molar_mass"]) / expected - 1) < Decimal("0.0002")


def test_every_conversion_has_a_proof() -> None:
    """Each rule is proved by sizes of units, a molar mass or the master equation; none only by its word."""
    assert {proof_of(rule) for rule in RULES.values()} == {"size", "molar mass", "master equation"}


@pytest.mark.parametrize(
    "row", [pytest.param(row, id=f"{row['whoop_code']}-{row['from']}-{row['to']}") for row in ROWS]
)
def test_every_conversion_says_where_it_comes_from(row: dict[str, str]) -> None:
    """A reader finds in a sentence why the factor is right."""
    assert row["source"]


RULE = st.sampled_from(sorted(RULES.values(), key=str))
NUMBER = st.decimals(min_value="0.001", max_value="99999", places=3).map(lambda value: value.normalize()).filter(bool)


@given(rule=RULE.filter(lambda rule: rule.rule != "affine"), number=NUMBER)
def test_there_and_back_is_the_number_as_it_was_sent(rule: Conversion, number: Decimal) -> None:
    """Converted and converted back, a result is the same in every digit that the laboratory wrote."""
    there = convert(number, rule)
    back = there / rule.factor
    assert back.quantize(Decimal(1).scaleb(int(number.as_tuple().exponent))) == number


@given(st.decimals(min_value="3", max_value="20", places=1))
def test_hba1c_there_and_back_is_the_same_tenth(percent: Decimal) -> None:
    """NGSP to IFCC by the other master equation, rounded as it is reported, and back by ours: within one tenth."""
    ifcc = (Decimal("10.93") * percent - Decimal("23.5")).quantize(Decimal(1))
    assert abs(convert(ifcc, RULES["HBA1C", "mmol/mol", "%"]) - percent) <= Decimal("0.1")


@pytest.mark.parametrize(
    ("ifcc", "ngsp"),
    [
        ("20", "4.0"),
        ("31", "5.0"),
        ("42", "6.0"),
        ("48", "6.5"),
        ("53", "7.0"),
        ("64", "8.0"),
        ("75", "9.0"),
        ("86", "10.0"),
    ],
)
def test_hba1c_goes_by_the_published_table(ifcc: str, ngsp: str) -> None:
    """What every laboratory's leaflet says; a power of ten would make 4.8 of 48."""
    assert convert(Decimal(ifcc), RULES["HBA1C", "mmol/mol", "%"]) == Decimal(ngsp)


@given(rule=RULE, number=NUMBER)
def test_rounding_stays_within_the_digits_as_written(rule: Conversion, number: Decimal) -> None:
    """What is sent differs from the exact product by less than half a unit of one digit more than was sent."""
    exact, sent = unrounded(number, rule), convert(number, rule)
    last = rule.step or Decimal(1).scaleb(exact.adjusted() - len(number.as_tuple().digits))
    assert abs(exact - sent) <= last / 2


def test_arbitrary_units_are_never_converted_into_others() -> None:
    """An international unit is what its assay says; it has no mass and no moles."""
    assert not [key for key in RULES if ("[IU]" in key[1]) != ("[IU]" in key[2])]


def test_equivalents_are_moles_of_single_charges_only() -> None:
    """One to one for ions with one charge, by their mass for calcium and magnesium."""
    to_moles = {code for code, start, end in RULES if (start, end) == ("meq/L", "mmol/L")}
    assert to_moles == {"SODIUM", "POTASSIUM", "CHLORIDE", "CO2", "BICARBONATE", "ANION_GAP"}
