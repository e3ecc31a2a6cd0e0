"""
Hold units and factors against a UCUM library, where one is at hand (pure: the library is handed in).

What our own sizes say of a unit is believed by nobody but us; a library reads the same words by the standard.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Protocol

from translator.errors import Fault
from translator.translate.lint_factors import MASTER_EQUATIONS
from translator.translate.load_build import conversion
from translator.translate.load_columns import OBSERVATIONS
from translator.translate.load_rows import Row
from translator.translate.tables import Conversion

SPELLINGS = "units/spellings.csv"
CONVERSIONS = "units/conversions.csv"
UNIT_COLUMNS: Mapping[str, tuple[str, ...]] = {
    OBSERVATIONS: ("wire_unit", "unit"),
    SPELLINGS: ("ucum",),
    CONVERSIONS: ("from", "to"),
}
_EXACT = Decimal("1e-9")
_MOLAR = Decimal("0.001")


class UcumLibrary(Protocol):
    """What a UCUM library must be able to say."""

    @property
    def name(self) -> str:
        """The library and its version."""

    def reads(self, unit: str) -> bool:
        """Tell whether a text is a UCUM unit."""

    def ratio(self, start: str, end: str, molar_mass: Decimal | None = None) -> Decimal | None:
        """
        Give how many of the second unit one of the first is.

        Shape: with a molar mass in g/mol between mass and moles.
        Absent: None where the units have different dimensions.
        """


def lint_proofs(rows: Mapping[str, list[Row]], library: UcumLibrary) -> Iterator[Fault]:
    """Every unit that is no UCUM, every factor that the library reckons otherwise, every spelling with two meanings."""
    unread = set()
    for table, columns in UNIT_COLUMNS.items():
        for row in rows[table]:
            for column in columns:
                unit = row.get(column)
                if unit and not library.reads(unit):
                    unread.add(unit)
                    text = f"{column}: {library.name} does not read {unit} as UCUM"
                    yield Fault(row.where(column), "table-unit-proof", text)
    yield from _factors([row for row in rows[CONVERSIONS] if not {row.get("from"), row.get("to")} & unread], library)
    yield from _spellings([row for row in rows[SPELLINGS] if row.get("ucum") not in unread], library)


def _factors(rows: list[Row], library: UcumLibrary) -> Iterator[Fault]:
    for row in rows:
        rule = conversion(row)
        if rule.rule == "affine":
            yield from _affine(row, rule, library)
            continue
        is_molar = rule.rule == "molar" and row.get("molar_mass")
        mass = Decimal(row.get("molar_mass")) if is_molar else None
        expected = library.ratio(rule.unit_from, rule.unit_to, mass)
        tolerance = _MOLAR if is_molar else _EXACT
        if expected is None:
            text = f"factor: {library.name} says that {rule.unit_from} and {rule.unit_to} are different quantities"
            yield Fault(row.where("factor"), "table-unit-proof", text)
        elif abs(rule.factor - expected) > tolerance * abs(expected):
            text = f"factor: {library.name} gives {expected:.10g}"
            yield Fault(row.where("factor"), "table-unit-proof", text)


def _affine(row: Row, rule: Conversion, library: UcumLibrary) -> Iterator[Fault]:
    """What the units alone decide is nobody's to state; that a fraction has two scales is the master equation's."""
    expected = library.ratio(rule.unit_from, rule.unit_to)
    if expected is None or (rule.unit_from, rule.unit_to) in MASTER_EQUATIONS:
        return
    if rule.offset or abs(rule.factor - expected) > _EXACT * abs(expected):
        text = f"factor: the units alone give {expected:.10g}, says {library.name}, and no offset"
        yield Fault(row.where("factor"), "table-unit-proof", text)


def _spellings(rows: list[Row], library: UcumLibrary) -> Iterator[Fault]:
    """A spelling that UCUM reads as something else is a decision, and its note says why."""
    for row in rows:
        spelling, unit = row.get("spelling"), row.get("ucum")
        if spelling == unit or row.get("note") or not library.reads(spelling):
            continue
        ratio = library.ratio(spelling, unit)
        if ratio is None or abs(ratio - 1) > _EXACT:
            size = "another quantity" if ratio is None else f"{ratio:.6g} {unit}"
            text = f"spelling: UCUM reads {spelling} as {size}; say in the note why laboratories mean {unit}"
            yield Fault(row.where("spelling"), "table-spelling", text)
