"""Find wrong units: what UCUM reads otherwise, what no table knows, what is never used (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from translator.errors import Fault
from translator.translate.lint_factors import lint_factors
from translator.translate.lint_proofs import CONVERSIONS, SPELLINGS, UNIT_COLUMNS
from translator.translate.lint_targets import Where
from translator.translate.load_columns import OBSERVATIONS
from translator.translate.load_rows import Row, suggestion
from translator.translate.tables import Tables
from translator.translate.unit_sizes import ARBITRARY, size_of

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


def lint_units(rows: Mapping[str, list[Row]], tables: Tables, where: Where) -> Iterator[Fault]:
    """Every finding about units, from the rows as text and the tables made of them."""
    yield from _traps(rows)
    yield from lint_factors(rows[CONVERSIONS])
    yield from _unknown_units(rows, tables)
    yield from _rows_without_a_way(tables, where)
    yield from _respelled(rows[SPELLINGS])
    yield from _unused_codes(rows, tables)
    yield from _dead_conversions(rows[CONVERSIONS], tables)
    yield from _dead_spellings(rows[SPELLINGS], tables)


def _traps(rows: Mapping[str, list[Row]]) -> Iterator[Fault]:
    for table, columns in UNIT_COLUMNS.items():
        for row in rows[table]:
            for column in columns:
                if row.get(column) in TRAPS:
                    yield Fault(row.where(column), "table-ucum-trap", f"{column}: {TRAPS[row.get(column)]}")


def _unknown_units(rows: Mapping[str, list[Row]], tables: Tables) -> Iterator[Fault]:
    for table in (OBSERVATIONS, CONVERSIONS, SPELLINGS):
        for row in rows[table]:
            for column in UNIT_COLUMNS[table]:
                unit = row.get(column)
                if unit and tables.spellings.get(("", unit)) != unit:
                    text = f"{column}: {SPELLINGS} does not list this unit as its own spelling"
                    yield Fault(row.where(column), "table-unit-unknown", text)


def _rows_without_a_way(tables: Tables, where: Where) -> Iterator[Fault]:
    for row in tables.observations.values():
        if not row.wire_unit or row.wire_unit == row.unit:
            continue
        if not {(row.whoop_code, row.wire_unit, row.unit), ("", row.wire_unit, row.unit)} & tables.conversions.keys():
            text = f"no conversion leads from {row.wire_unit} to {row.unit}"
            yield Fault(where(row.at, "wire_unit"), "table-unit-unreachable", text)


def _respelled(rows: list[Row]) -> Iterator[Fault]:
    """What is a unit by its own parts cannot be a name for one of another size: no note makes that right."""
    for row in rows:
        spelling, unit = size_of(row.get("spelling")), size_of(row.get("ucum"))
        if spelling is None or unit is None or spelling == unit:
            continue
        # The unit of an enzyme is written as international units, and the other way round.
        if not (spelling.power == unit.power and ARBITRARY in (spelling.of, unit.of)):
            text = f"spelling: {row.get('spelling')} is a unit of its own, and never means {row.get('ucum')}"
            yield Fault(row.where("spelling"), "table-spelling", text)


def _unused_codes(rows: Mapping[str, list[Row]], tables: Tables) -> Iterator[Fault]:
    known = {row.whoop_code for row in tables.observations.values()}
    for row in (row for table in (SPELLINGS, CONVERSIONS) for row in rows[table]):
        code = row.get("whoop_code")
        if code and code not in known:
            text = f"whoop_code: no row of {OBSERVATIONS} gives it, so this is never used{suggestion(code, known)}"
            yield Fault(row.where("whoop_code"), "table-unit-unreachable", text)


def _dead_conversions(rows: list[Row], tables: Tables) -> Iterator[Fault]:
    known = {row.whoop_code for row in tables.observations.values()} | {""}
    targets = {(code, row.unit) for row in tables.observations.values() for code in ("", row.whoop_code)}
    for row in rows:
        if row.get("whoop_code") in known and (row.get("whoop_code"), row.get("to")) not in targets:
            text = "to: no row has this target unit, so the conversion is never used"
            yield Fault(row.where("to"), "table-unit-unreachable", text)


def _dead_spellings(rows: list[Row], tables: Tables) -> Iterator[Fault]:
    used = {row.unit for row in tables.observations.values()}
    used |= {unit_from for _, unit_from, _ in tables.conversions}
    for row in rows:
        if row.get("ucum") not in used and not row.get("note").startswith(HELD):
            text = f"ucum: no row has this unit, no conversion takes it; if so meant, begin the note with {HELD}"
            yield Fault(row.where("ucum"), "table-unit-unreachable", text)
