"""The UCUM library, and the proof of every packaged unit and factor by it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from translator.mapping_files import packaged_files, packaged_tables
from translator.translate.lint import lint_tables
from translator.translate.lint_proofs import UcumLibrary
from translator.translate.lint_units import TRAPS
from translator.ucum import installed_library


@pytest.fixture(scope="module")
def library() -> UcumLibrary:
    """Load the library; `make test` installs it."""
    found = installed_library()
    assert found is not None
    return found


def test_every_packaged_unit_factor_and_spelling_is_proved(library: UcumLibrary) -> None:
    """Nothing in units/ or in a row's units is believed: the library reads and reckons all of it."""
    assert lint_tables(packaged_files(), {}, packaged_tables(), library=library) == []


@pytest.mark.parametrize(
    ("start", "end", "mass", "ratio"),
    [
        pytest.param("g/L", "mg/dL", None, "100", id="scale"),
        pytest.param("10*3/uL", "10*9/L", None, "1", id="count"),
        pytest.param("m[IU]/L", "u[IU]/mL", None, "1", id="arbitrary-units"),
        pytest.param("L/L", "%", None, "100", id="fraction"),
        pytest.param("mmol/L", "mg/dL", "180.156", "18.0156", id="moles-to-mass"),
        pytest.param("mg/dL", "mmol/L", "60.056", "0.16651", id="mass-to-moles"),
        pytest.param("{ratio}", "1", None, "1", id="annotation-alone"),
        pytest.param("mL/min/{1.73_m2}", "mL/min", None, "1", id="annotation-below"),
        pytest.param("mg/mg{creat}", "1", None, "1", id="annotation-behind"),
        pytest.param("mL/min/1.73", "mL/min", None, "73", id="trap-of-the-body-surface"),
    ],
)
def test_ratio_of_units(library: UcumLibrary, start: str, end: str, mass: str | None, ratio: str) -> None:
    """As UCUM has it, with the molar mass between mass and moles."""
    found = library.ratio(start, end, Decimal(mass) if mass else None)
    assert found is not None
    assert abs(found / Decimal(ratio) - 1) < Decimal("1e-5")


@pytest.mark.parametrize(
    ("start", "end"),
    [
        pytest.param("mmol/L", "mg/dL", id="moles-and-mass"),
        pytest.param("K/uL", "10*3/uL", id="kelvin"),
        pytest.param("G/L", "g/L", id="gauss"),
        pytest.param("T/L", "10*12/L", id="tesla"),
        pytest.param("u/L", "U/L", id="atomic-mass-unit"),
        pytest.param("Cel", "K", id="scale-with-a-zero-of-its-own"),
    ],
)
def test_other_dimensions_have_no_ratio(library: UcumLibrary, start: str, end: str) -> None:
    """What looks alike and is another quantity is told apart."""
    assert library.ratio(start, end) is None


@pytest.mark.parametrize("text", ["", "mg/", "x10E3/uL", "IU/L", "mEq/L", "mm/hr", "mcg/dL", "[pH", " mg"])
def test_what_is_no_ucum_is_not_read(library: UcumLibrary, text: str) -> None:
    """Customary spellings are the business of units/spellings.csv."""
    assert not library.reads(text)


@pytest.mark.parametrize("unit", sorted(TRAPS))
def test_trap_is_one(library: UcumLibrary, unit: str) -> None:
    """Each unit in our list of traps is no UCUM, or not what a laboratory means by it."""
    meant = {ucum for (_, spelling), ucum in packaged_tables().spellings.items() if spelling == unit}
    assert not library.reads(unit) or all(library.ratio(unit, each) != 1 for each in meant)


def test_library_says_its_version(library: UcumLibrary) -> None:
    """A finding names who said so."""
    assert library.name.startswith("ucumvert ")
