"""Find targets that contradict themselves: bounds, units as they are sent, rows of one code that differ (pure)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal, InvalidOperation

from translator.errors import Fault
from translator.translate.tables import Conversion, ObservationRow, Tables

Where = Callable[[str, str], str]
"""Gives the place of a cell by the place of its row and the name of its column."""

# Where normal values look the same in another unit, a row of the code says so: no bounds could tell them apart.
_OVERLAP = re.compile(r"values in ([^;(]+?) overlap")

# What all rows of one WHOOP code must agree on: fields of a row and the columns that they come from.
_TARGET: Mapping[str, str] = {
    "kind": "kind",
    "unit": "unit",
    "unit_sent": "unit_sent",
    "dimensionless": "dimensionless",
    "minimum": "min",
    "maximum": "max",
    "negative": "negative",
}
_WITHOUT_DIMENSION = frozenset({"{ratio}", "1"})


def lint_targets(tables: Tables, where: Where) -> Iterator[Fault]:
    """Every finding about what is sent for a code."""
    wires: dict[str, set[str]] = {}
    for row in tables.observations.values():
        wires.setdefault(row.whoop_code, set()).add(row.wire_unit)
    overlapping = {(row.whoop_code, unit) for row in tables.observations.values() for unit in _overlapping(row.note)}
    first: dict[str, ObservationRow] = {}
    for row in tables.observations.values():
        if row.ignore:
            continue
        for column, code, text in (
            *_bounds(row),
            *_kinds(row),
            *_sent(row, tables),
            *_ranges(row, tables, wires[row.whoop_code], overlapping),
            *_differing(row, first.setdefault(row.whoop_code, row)),
        ):
            yield Fault(where(row.at, column), code, text)


_Found = Iterator[tuple[str, str, str]]


def _bounds(row: ObservationRow) -> _Found:
    low, high = row.minimum, row.maximum
    if low is not None and high is not None and low > high:
        yield "min", "table-bounds", f"min {low} is above max {high}"
    if low is not None and low < 0 and not row.negative:
        yield "min", "table-bounds", "min is below zero, but negative is not yes"
    if row.kind == "numeric" and (low is None or high is None):
        yield "min" if low is None else "max", "table-bounds", "a numeric row needs min and max"
    if row.kind == "text" and (low is not None or high is not None):
        yield "max" if low is None else "min", "table-bounds", "a text has no bounds; leave min and max empty"


def _kinds(row: ObservationRow) -> _Found:
    if row.kind == "numeric" and not row.unit:
        yield "unit", "table-unit-sent", "a numeric row needs its target unit; {ratio} where there is none"
    if row.dimensionless and row.unit not in _WITHOUT_DIMENSION:
        text = f"dimensionless: {row.unit} has a dimension, so a number without a unit could be anything"
        yield "dimensionless", "table-unit-sent", text


def _sent(row: ObservationRow, tables: Tables) -> _Found:
    """What the vendor reads must be the unit that the number is in."""
    if not row.unit:
        return
    if not row.unit_sent:
        if not row.dimensionless:
            yield "unit_sent", "table-unit-sent", f"unit_sent is empty, so a number in {row.unit} goes without its unit"
        return
    spellings = tables.spellings
    meaning = spellings.get((row.whoop_code, row.unit_sent)) or spellings.get(("", row.unit_sent))
    if meaning != row.unit:
        text = (
            f"unit_sent {row.unit_sent} means {meaning or 'nothing'} by units/spellings.csv, but the unit is {row.unit}"
        )
        yield "unit_sent", "table-unit-sent", text


def _overlapping(note: str) -> list[str]:
    """The units that a note says cannot be told apart: `values in ng/dL and pmol/L overlap`."""
    return [unit for match in _OVERLAP.finditer(note) for unit in match[1].split(" and ")]


def _ranges(row: ObservationRow, tables: Tables, wires: set[str], overlapping: set[tuple[str, str]]) -> _Found:
    """The example, a usual value, must fall outside the bounds where its number in another customary unit is taken."""
    low, high, usual = row.minimum, row.maximum, _number(row.example_out)
    if low is None or high is None or usual is None:
        return
    for rule in tables.conversions.values():
        if not _is_customary(rule, row, wires) or (row.whoop_code, rule.unit_from) in overlapping:
            continue
        mixed_up = (usual - rule.offset) / rule.factor
        if low <= mixed_up <= high:
            text = (
                f"{row.example_out} is {mixed_up.normalize():.4g} in {rule.unit_from}, and that number is plausible in "
                f"{row.unit} as well: narrow min and max, or write in the note: values in {rule.unit_from} overlap"
            )
            yield "min", "table-range", text


def _is_customary(rule: Conversion, row: ObservationRow, wires: set[str]) -> bool:
    """Whether laboratories report this analyte in the unit that the rule leads from."""
    if rule.unit_to != row.unit or rule.rule == "equal":
        return False
    own = rule.whoop_code == row.whoop_code and rule.rule in {"molar", "affine"}
    return own or (rule.whoop_code in {"", row.whoop_code} and rule.unit_from in wires)


def _number(example: str) -> Decimal | None:
    try:
        number = Decimal(example.partition(" ")[0])
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _differing(row: ObservationRow, other: ObservationRow) -> _Found:
    names = [name for name in _TARGET if getattr(row, name) != getattr(other, name)]
    if row.whoop_code and names:
        text = f"{', '.join(_TARGET[name] for name in names)}: other than in {other.at}, which has the same whoop_code"
        yield _TARGET[names[0]], "table-target", text
