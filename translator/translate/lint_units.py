"""
Find wrong units and factors: what UCUM reads otherwise, what disagrees with the molar mass, what is never used (pure).

Sizes are powers of ten of a base unit (gram, mole, ... per litre); units of one dimension differ only by them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from translator.errors import Fault
from translator.translate.load_build import conversion
from translator.translate.load_columns import OBSERVATIONS
from translator.translate.load_rows import Row
from translator.translate.tables import Conversion, Tables

SPELLINGS = "units/spellings.csv"
CONVERSIONS = "units/conversions.csv"

# A spelling whose unit nothing is converted from says so, so that it is told from one that was forgotten.
HELD = "held:"

# Valid UCUM with another meaning, or no UCUM at all where a canonical unit must stand.
TRAPS: Mapping[str, str] = {
    "K/uL": "K is kelvin; write 10*3/uL",
    "k/uL": "k is a bare prefix; write 10*3/uL",
    "M/uL": "M is a bare prefix; write 10*6/uL",
    "G/L": "G is gauss; write 10*9/L",
    "T/L": "T is tesla; write 10*12/L",
    "u/L": "u is the atomic mass unit; write U/L",
    "mU/L": "an international unit is [IU]; write m[IU]/L",
    "IU/L": "an international unit is [IU]; write [IU]/L",
    "IU/mL": "an international unit is [IU]; write [IU]/mL",
    "mIU/L": "an international unit is [IU]; write m[IU]/L",
    "mIU/mL": "an international unit is [IU]; write m[IU]/mL",
    "uIU/mL": "an international unit is [IU]; write u[IU]/mL",
    "mEq/L": "an equivalent is eq; write meq/L",
    "mm/hr": "an hour is h; write mm/h",
    "mcg/dL": "micro is u; write ug/dL",
    "mL/min/1.73": "this is divided by 1 and times 73; write mL/min/{1.73_m2}",
    "mL/min/1.73m2": "the body surface is an annotation; write mL/min/{1.73_m2}",
}

_SIZES: Mapping[str, tuple[str, int]] = {
    "g/L": ("mass", 0),
    "mg/mL": ("mass", 0),
    "g/dL": ("mass", 1),
    "mg/dL": ("mass", -2),
    "mg/L": ("mass", -3),
    "ug/mL": ("mass", -3),
    "ug/dL": ("mass", -5),
    "ug/L": ("mass", -6),
    "ng/mL": ("mass", -6),
    "ng/dL": ("mass", -8),
    "ng/L": ("mass", -9),
    "pg/mL": ("mass", -9),
    "pg/dL": ("mass", -11),
    "mmol/L": ("moles", -3),
    "meq/L": ("moles", -3),
    "umol/L": ("moles", -6),
    "nmol/L": ("moles", -9),
    "pmol/L": ("moles", -12),
    "/uL": ("count", 6),
    "/nL": ("count", 9),
    "/pL": ("count", 12),
    "10*3/uL": ("count", 9),
    "10*6/uL": ("count", 12),
    "10*9/L": ("count", 9),
    "10*12/L": ("count", 12),
    "[IU]/L": ("units", 0),
    "[IU]/mL": ("units", 3),
    "k[IU]/L": ("units", 3),
    "m[IU]/L": ("units", -3),
    "m[IU]/mL": ("units", 0),
    "u[IU]/mL": ("units", -3),
    "L/L": ("fraction", 0),
    "%": ("fraction", -2),
}
_TOLERANCE = Decimal("0.001")


def lint_units(rows: Mapping[str, list[Row]], tables: Tables) -> Iterator[Fault]:
    """Every finding about units, from the rows as text and the tables made of them."""
    yield from _traps(rows)
    yield from _factors(rows[CONVERSIONS])
    yield from _unknown_units(rows, tables)
    yield from _rows_without_a_way(tables)
    yield from _dead_conversions(rows[CONVERSIONS], tables)
    yield from _dead_spellings(rows[SPELLINGS], tables)


_UNIT_COLUMNS: Mapping[str, tuple[str, ...]] = {
    OBSERVATIONS: ("wire_unit", "unit"),
    SPELLINGS: ("ucum",),
    CONVERSIONS: ("from", "to"),
}


def _traps(rows: Mapping[str, list[Row]]) -> Iterator[Fault]:
    for table, columns in _UNIT_COLUMNS.items():
        for row in rows[table]:
            for column in columns:
                if row.get(column) in TRAPS:
                    yield Fault(row.where(column), "table-ucum-trap", f"{column}: {TRAPS[row.get(column)]}")


def _factors(rows: list[Row]) -> Iterator[Fault]:
    for row in rows:
        complaint = _factor_complaint(conversion(row), row.get("molar_mass"))
        if complaint:
            yield Fault(row.where("factor"), "table-factor", f"factor: {complaint}")


def _factor_complaint(rule: Conversion, molar_mass: str) -> str:
    if rule.rule == "affine":
        return "" if rule.step is not None else "an affine rule needs a step to round to"
    if rule.offset or rule.step is not None:
        return "only an affine rule has an offset or a step"
    if rule.rule == "equal" and rule.factor != 1:
        return "the rule is equal, so the factor is 1"
    start, end = _SIZES.get(rule.unit_from), _SIZES.get(rule.unit_to)
    if start is None or end is None:
        return "the size of one of the units is not known, so nothing can be checked"
    if rule.rule == "molar":
        return _molar_complaint(rule, start, end, molar_mass)
    if start[0] != end[0]:
        return f"{start[0]} and {end[0]} are different quantities; the rule is molar"
    return _compared(rule.factor, Decimal(1).scaleb(start[1] - end[1]), Decimal(0))


def _molar_complaint(rule: Conversion, start: tuple[str, int], end: tuple[str, int], molar_mass: str) -> str:
    if not molar_mass:
        return "a molar rule needs its molar_mass"
    per_mole = Decimal(molar_mass)
    weights = {("moles", "mass"): per_mole, ("mass", "moles"): 1 / per_mole}
    weight = weights.get((start[0], end[0]))
    if weight is None:
        return "a molar rule leads from moles to mass or back"
    return _compared(rule.factor, weight.scaleb(start[1] - end[1]), _TOLERANCE)


def _compared(factor: Decimal, expected: Decimal, tolerance: Decimal) -> str:
    if abs(factor - expected) <= tolerance * expected:
        return ""
    return f"the units{' and the molar mass' if tolerance else ''} give {expected.normalize():f}"


def _unknown_units(rows: Mapping[str, list[Row]], tables: Tables) -> Iterator[Fault]:
    for table in (OBSERVATIONS, CONVERSIONS, SPELLINGS):
        for row in rows[table]:
            for column in _UNIT_COLUMNS[table]:
                unit = row.get(column)
                if unit and tables.spellings.get(("", unit)) != unit:
                    text = f"{column}: {SPELLINGS} does not list this unit as its own spelling"
                    yield Fault(row.where(column), "table-unit-unknown", text)


def _rows_without_a_way(tables: Tables) -> Iterator[Fault]:
    for row in tables.observations.values():
        if not row.wire_unit or row.wire_unit == row.unit:
            continue
        if not {(row.whoop_code, row.wire_unit, row.unit), ("", row.wire_unit, row.unit)} & tables.conversions.keys():
            text = f"no conversion leads from {row.wire_unit} to {row.unit}"
            yield Fault(f"{row.at}:1", "table-unit-unreachable", text)


def _dead_conversions(rows: list[Row], tables: Tables) -> Iterator[Fault]:
    targets = {(code, row.unit) for row in tables.observations.values() for code in ("", row.whoop_code)}
    for row in rows:
        if (row.get("whoop_code"), row.get("to")) not in targets:
            text = "to: no row has this target unit, so the conversion is never used"
            yield Fault(row.where("to"), "table-unit-unreachable", text)


def _dead_spellings(rows: list[Row], tables: Tables) -> Iterator[Fault]:
    used = {row.unit for row in tables.observations.values()}
    used |= {unit_from for _, unit_from, _ in tables.conversions}
    for row in rows:
        if row.get("ucum") not in used and not row.get("note").startswith(HELD):
            text = f"ucum: no row has this unit, no conversion takes it; if so meant, begin the note with {HELD}"
            yield Fault(row.where("ucum"), "table-unit-unreachable", text)
