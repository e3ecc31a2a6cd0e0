"""
Decide what becomes of a unit: the same by another name, converted by a listed rule, or held. Nothing is guessed.

Three layers that never mix: spelling (exact look-up), scaling by powers of ten, and factors of one analyte.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import lru_cache

from msgspec import Struct

from translator.translate.tables import Conversion, ObservationRow, Tables

# U+00B5 (micro sign) and U+03BC (Greek mu) mean micro before these; anywhere else the character is left to fail.
_MICRO = re.compile("[\u00b5\u03bc](?=g|mol|L|l|IU|U)")
_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)


class UnitPlan(Struct, frozen=True, gc=False):
    """
    What to do with values in one unit for one row.

    Shape: `reason` is not empty where the observation is held; `conversion` is None where the number stays as it is;
    `respelled` where the unit is written otherwise than it was sent.
    """

    reason: str = ""
    conversion: Conversion | None = None
    respelled: bool = False


def plan_unit(row: ObservationRow, unit: str, tables: Tables) -> UnitPlan:
    """
    Find the way from the unit as sent to the row's target unit.

    Absent: a blank unit is held `unit-missing` unless the row is dimensionless.
    """
    if not unit.strip():
        return UnitPlan() if row.dimensionless else UnitPlan("unit-missing")
    key = spelling_key(row, unit, tables)
    if key is None:
        return UnitPlan("unit-unknown")
    ucum = tables.spellings[key]
    respelled = unit != (row.unit_sent or row.unit)
    if ucum == row.unit:
        return UnitPlan(respelled=respelled)
    conversions = tables.conversions
    conversion = conversions.get((row.whoop_code, ucum, row.unit)) or conversions.get(("", ucum, row.unit))
    if conversion is None:
        return UnitPlan("unit-not-convertible")
    if conversion.rule == "equal":
        return UnitPlan(respelled=respelled)
    return UnitPlan(conversion=conversion)


def spelling_key(row: ObservationRow, unit: str, tables: Tables) -> tuple[str, str] | None:
    """
    Find the spelling that reads a unit: one of the row's own code before one of all codes.

    Absent: None where the unit is not listed.
    """
    text = _MICRO.sub("u", unit.strip())
    return next((key for key in ((row.whoop_code, text), ("", text)) if tables.spellings.get(key)), None)


def convert(number: Decimal, conversion: Conversion) -> Decimal:
    """
    Apply a listed conversion in Decimal.

    Units: rounded half-even to the significant digits as written plus one; an affine rule to its own step.
    """
    if conversion.step is not None:
        return unrounded(number, conversion).quantize(conversion.step, rounding=ROUND_HALF_EVEN, context=_EXACT)
    digits = len(number.as_tuple().digits) + 1
    return _rounding(digits).fma(number, conversion.factor, conversion.offset)


@lru_cache(maxsize=64)
def _rounding(digits: int) -> Context:
    return Context(prec=digits, rounding=ROUND_HALF_EVEN)


def unrounded(number: Decimal, conversion: Conversion) -> Decimal:
    """Apply a listed conversion without rounding it."""
    return _EXACT.fma(number, conversion.factor, conversion.offset)
