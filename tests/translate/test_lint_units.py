"""The lints of units: UCUM's traps, factors against molar masses, and what is never used."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translator.mapping_files import packaged_files
from translator.translate.lint import lint_tables
from translator.translate.lint_units import TRAPS
from translator.translate.load import load_tables

FILES = packaged_files()
CONVERSIONS = "whoop_code,from,to,factor,offset,rule,step,molar_mass,source\n"


def lint(name: str, text: str) -> list[tuple[str, str, str]]:
    """Lint one table of a site; give place, code and text of what is found."""
    site = {name: text.encode()}
    tables = load_tables(FILES, site, "acme")
    return [
        (fault.at.removeprefix(f"sites/acme/{name}:"), fault.code, fault.text)
        for fault in lint_tables(FILES, site, tables, site_name="acme")
    ]


def _filled(row: str) -> str:
    return row + "," * (CONVERSIONS.count(",") - row.count(","))


@pytest.mark.parametrize(
    ("row", "words"),
    [
        pytest.param("GLUCOSE,mmol/L,mg/dL,18.0156,0,molar,,180.156", "", id="glucose"),
        pytest.param("GLUCOSE,mmol/L,mg/dL,18,0,molar,,180.156", "", id="within-a-thousandth"),
        pytest.param("GLUCOSE,mmol/L,mg/dL,17.9,0,molar,,180.156", "molar mass give 18.0156", id="outside"),
        pytest.param("GLUCOSE,mmol/L,mg/dL,0.0555,0,molar,,180.156", "give 18.0156", id="upside-down"),
        pytest.param("GLUCOSE,mmol/L,mg/dL,180.156,0,molar,,180.156", "give 18.0156", id="ten-times"),
        pytest.param("GLUCOSE,mmol/L,mg/dL,18.0156,0,molar,,", "needs its molar_mass", id="no-molar-mass"),
        pytest.param("UREA,mg/dL,mmol/L,0.16651,0,molar,,60.056", "", id="mass-to-moles"),
        pytest.param("GLUCOSE,g/L,mg/dL,100,0,molar,,180.156", "from moles to mass or back", id="molar-without-moles"),
        pytest.param("GLUCOSE,g/L,mg/dL,100,0,scale,,", "", id="scale"),
        pytest.param("GLUCOSE,g/L,mg/dL,10,0,scale,,", "the units give 100", id="wrong-power"),
        pytest.param("GLUCOSE,g/L,mg/dL,100.01,0,scale,,", "the units give 100", id="scale-is-exact"),
        pytest.param("GLUCOSE,mmol/L,mg/dL,18,0,scale,,", "different quantities", id="scale-across-dimensions"),
        pytest.param("GLUCOSE,g/L,mg/dL,100,0,equal,,", "the factor is 1", id="equal-with-a-factor"),
        pytest.param("GLUCOSE,g/L,mg/dL,1,0,equal,,", "the units give 100", id="equal-but-not"),
        pytest.param("GLUCOSE,g/L,mg/dL,100,5,scale,,", "only an affine rule", id="scale-with-an-offset"),
        pytest.param("GLUCOSE,g/L,mg/dL,100,0,scale,0.1,", "only an affine rule", id="scale-with-a-step"),
        pytest.param("HBA1C,mmol/mol,%,0.0915,2.15,affine,0.1,", "", id="affine"),
        pytest.param("HBA1C,mmol/mol,%,0.0915,2.15,affine,,", "needs a step", id="affine-without-a-step"),
        pytest.param("HBA1C,mmol/mol,%,0.09148,2.152,affine,0.1,", "", id="master-equation-with-more-digits"),
        pytest.param("HBA1C,mmol/mol,%,0.1,0,scale,,", "master equation only", id="hba1c-by-a-power-of-ten"),
        pytest.param("HBA1C,mmol/mol,%,0.0915,2.51,affine,0.1,", "master equation only", id="hba1c-other-offset"),
        pytest.param("HBA1C,mmol/mol,%,0.0951,2.15,affine,0.1,", "master equation only", id="hba1c-other-factor"),
        pytest.param("HBA1C_IFCC,%,mmol/mol,10.93,-23.5,affine,1,", "", id="master-equation-back"),
        pytest.param("ALT,ukat/L,U/L,60,,affine,0.1,,by definition", "", id="affine-by-its-source"),
        pytest.param("ALT,ukat/L,U/L,60,,affine,0.1,,", "but its source", id="affine-without-a-source"),
        pytest.param("ALT,ukat/L,U/L,60,,affine,,,by definition", "needs a step", id="affine-with-a-source-only"),
        pytest.param("LDL,mmol/mol,%,0.0915,2.15,affine,0.1,", "holds for HbA1c only", id="master-equation-of-another"),
        pytest.param(
            "GLUCOSE,g/L,mg/dL,10,,affine,0.1,,our lab", "rule is scale, and the factor 100", id="stated-size"
        ),
        pytest.param("GLUCOSE,mmol/L,mg/dL,18,,affine,0.1,,our lab", "the rule is molar", id="stated-molar-mass"),
        pytest.param("GLUCOSE,nmol/mL,mg/dL,0.0180156,,molar,,180.156", "", id="size-from-its-parts"),
        pytest.param("INSULIN,ng/mL,u[IU]/mL,28.8,,scale,,", "arbitrary units", id="arbitrary-units"),
        pytest.param("INSULIN,pmol/L,u[IU]/mL,0.1667,,molar,,5808", "from moles to mass or back", id="units-by-mass"),
        pytest.param(",meq/L,mmol/L,1,0,equal,,", "say in whoop_code for which", id="equivalents-of-any-ion"),
        pytest.param("CO2,meq/L,mmol/L,1,0,equal,,", "", id="equivalents-of-one-ion"),
        pytest.param("MCV,pg,fL,1,0,equal,,", "size of one of the units is not known", id="unknown-size"),
        pytest.param("HBA1C,%,fL,1,0,equal,,", "not known", id="unknown-size-of-the-target"),
    ],
)
def test_factor_is_held_against_units_and_molar_mass(row: str, words: str) -> None:
    """A factor that cannot be right is named with the one that is expected."""
    found = [
        fault for fault in lint("units/conversions.csv", f"{CONVERSIONS}{_filled(row)}\n") if fault[1] == "table-factor"
    ]
    assert [(at, words in text) for at, _, text in found] == ([("2:4", True)] if words else [])


@given(st.decimals(min_value="0.0001", max_value="1000", places=4))
def test_factor_off_by_more_than_a_thousandth_is_always_found(factor: Decimal) -> None:
    """The tolerance is one in a thousand on either side."""
    row = f"{CONVERSIONS}GLUCOSE,mmol/L,mg/dL,{factor},0,molar,,180.156,\n"
    found = [code for _, code, _ in lint("units/conversions.csv", row) if code == "table-factor"]
    wrong = abs(factor - Decimal("18.0156")) > Decimal("0.0180156")
    assert found == (["table-factor"] if wrong else [])


@pytest.mark.parametrize(
    ("mass", "found"),
    [
        pytest.param("94.97", ["table-molar-mass"], id="phosphate-for-phosphorus"),
        pytest.param("30.97", [], id="within-a-thousandth"),
    ],
)
def test_one_analyte_has_one_molar_mass(mass: str, found: list[str]) -> None:
    """Phosphate is reported as phosphorus: with the mass of PO4 every result would be three times too high."""
    factor = Decimal(mass) / 10
    faults = lint("units/conversions.csv", f"{CONVERSIONS}PHOSPHATE,mmol/L,mg/dL,{factor},0,molar,,{mass},\n")
    assert [code for _, code, _ in faults if code != "table-range"] == found


def test_molar_mass_per_charge_is_told_from_that_of_a_mole() -> None:
    """Calcium has two charges, so an equivalent weighs half a mole."""
    assert lint("units/conversions.csv", f"{CONVERSIONS}CALCIUM,meq/L,mg/dL,2.0039,0,molar,,20.039,\n") == []


def test_conversion_to_a_unit_that_is_no_target_is_found() -> None:
    """Nothing would ever use it."""
    found = lint("units/conversions.csv", f"{CONVERSIONS}GLUCOSE,mg/dL,g/L,0.01,0,scale,,,\n")
    assert [(at, code) for at, code, _ in found] == [("2:3", "table-unit-unreachable")]


def test_conversion_that_leads_to_no_target_is_found() -> None:
    """The code is known, and has another target unit."""
    found = lint("units/conversions.csv", f"{CONVERSIONS}GLUCOSE,mg/dL,g/L,0.01,0,scale,,,\n")
    assert [(at, code) for at, code, _ in found] == [("2:3", "table-unit-unreachable")]


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        pytest.param("MG%,mg/dL,,", [], id="known-unit"),
        pytest.param("mg/wk,mg/wk,,", [("2:2", "table-unit-unreachable")], id="dead-unit"),
        pytest.param("mg/wk,mg/wk,,held: not ours", [], id="dead-unit-that-says-so"),
        pytest.param("mgs,mg/dl,,", [("2:2", "table-unit-unknown"), ("2:2", "table-unit-unreachable")], id="no-ucum"),
    ],
)
def test_spelling_that_leads_nowhere_is_found(rows: str, found: list[tuple[str, str]]) -> None:
    """A spelling leads to a unit that a row has or that is converted, or says that it does not."""
    faults = lint("units/spellings.csv", f"spelling,ucum,whoop_code,note\n{rows}\n")
    assert sorted((at, code) for at, code, _ in faults) == found


@pytest.mark.parametrize("unit", sorted(TRAPS))
def test_trap_is_found_where_a_canonical_unit_must_stand(unit: str) -> None:
    """Units that UCUM reads otherwise are named with what to write."""
    found = lint("units/spellings.csv", f"spelling,ucum,whoop_code,note\nzz,{unit},,held: test\n")
    assert ("2:2", "table-ucum-trap", f"ucum: {TRAPS[unit]}") in found


@pytest.mark.parametrize("unit", sorted(TRAPS))
def test_trap_as_a_spelling_leads_to_what_laboratories_mean(unit: str) -> None:
    """The packaged spellings disarm every trap, for all codes or for those that carry it."""
    meanings = {ucum for (_, spelling), ucum in load_tables(FILES).spellings.items() if spelling == unit}
    assert meanings
    assert any(meaning in TRAPS[unit] for meaning in meanings)


@pytest.mark.parametrize(
    ("row", "is_found"),
    [
        pytest.param("mg/L,mg/dL,,our lab writes it so", True, id="ten-times"),
        pytest.param("mmol/L,mg/dL,,our lab writes it so", True, id="another-quantity"),
        pytest.param("U/L,m[IU]/L,,our lab writes it so", True, id="thousand-times"),
        pytest.param("[IU]/L,U/L,AMYLASE,an enzyme's unit", False, id="enzyme"),
        pytest.param("mg%,mg/dL,,our lab writes it so", False, id="no-unit"),
    ],
)
def test_unit_is_no_name_for_another(row: str, is_found: bool) -> None:  # noqa: FBT001 - a case
    """A note may explain a word that UCUM reads otherwise, but never a wrong size."""
    found = lint("units/spellings.csv", f"spelling,ucum,whoop_code,note\n{row}\n")
    assert (("2:1", "table-spelling") in [fault[:2] for fault in found]) == is_found


@pytest.mark.parametrize(
    ("name", "text", "column"),
    [
        pytest.param("units/spellings.csv", "spelling,ucum,whoop_code\nmg/foo,mg/dL,GLUCOS\n", 3, id="spelling"),
        pytest.param("units/conversions.csv", f"{CONVERSIONS}GLUCOS,g/L,mg/dL,100,,scale,,,\n", 1, id="conversion"),
    ],
)
def test_row_for_a_code_that_there_is_not_is_found(name: str, text: str, column: int) -> None:
    """It is never used; the nearest code is suggested."""
    ((at, code, words),) = [fault for fault in lint(name, text) if fault[0].startswith("2:")]
    assert (at, code) == (f"2:{column}", "table-unit-unreachable")
    assert words.endswith("; did you mean GLUCOSE?")
