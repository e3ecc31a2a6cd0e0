"""
Hold every conversion against what proves it: sizes of units, molar masses, master equations, the sender's word (pure).

What sizes or a molar mass can prove is never left to anybody's word.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from translator.errors import Fault
from translator.translate.load_build import conversion
from translator.translate.load_rows import Row
from translator.translate.tables import Conversion
from translator.translate.unit_sizes import ARBITRARY, Size, size_of

_TOLERANCE = Decimal("0.001")
_GLYCATED = "HBA1C"

# IFCC and NGSP in both directions; published with three and with more digits.
_MASTER = "NGSP = 0.0915 x IFCC + 2.15, IFCC = 10.93 x NGSP - 23.5"
MASTER_EQUATIONS: Mapping[tuple[str, str], tuple[frozenset[Decimal], frozenset[Decimal]]] = {
    ("mmol/mol", "%"): (
        frozenset({Decimal("0.0915"), Decimal("0.09148")}),
        frozenset({Decimal("2.15"), Decimal("2.152")}),
    ),
    ("%", "mmol/mol"): (
        frozenset({Decimal("10.93"), Decimal("10.929")}),
        frozenset({Decimal("-23.5"), Decimal("-23.50")}),
    ),
}


def lint_factors(rows: list[Row]) -> Iterator[Fault]:
    """Every conversion that nothing proves, and every analyte with two molar masses."""
    for row in rows:
        rule = conversion(row)
        complaint = _complaint(rule, row)
        if complaint:
            yield Fault(row.where("factor"), "table-factor", f"factor: {complaint}")
    yield from _molar_masses(rows)


def proof_of(rule: Conversion) -> str:
    """Say in a word what proves a rule that `lint_factors` finds nothing wrong with."""
    if rule.rule == "affine":
        return "master equation" if (rule.unit_from, rule.unit_to) in MASTER_EQUATIONS else "source"
    return "molar mass" if rule.rule == "molar" else "size"


def _complaint(rule: Conversion, row: Row) -> str:
    if (rule.unit_from, rule.unit_to) in MASTER_EQUATIONS:
        return _master_complaint(rule)
    start, end = size_of(rule.unit_from), size_of(rule.unit_to)
    if rule.rule == "affine":
        return _affine_complaint(rule, start, end, row.get("source"))
    if rule.offset or rule.step is not None:
        return "only an affine rule has an offset or a step"
    if rule.rule == "equal" and rule.factor != 1:
        return "the rule is equal, so the factor is 1"
    return _size_complaint(rule, start, end, row.get("molar_mass"))


def _size_complaint(rule: Conversion, start: Size | None, end: Size | None, molar_mass: str) -> str:
    if start is None or end is None:
        return "the size of one of the units is not known, so nothing can be checked"
    if rule.rule == "molar":
        return _molar_complaint(rule, start, end, molar_mass)
    if start.of != end.of:
        return f"{start.of} and {end.of} are different quantities; {_ADVICE[ARBITRARY in (start.of, end.of)]}"
    if _counts_charges(rule) and not rule.whoop_code:
        return "an equivalent is a mole only of an ion with one charge; say in whoop_code for which"
    return _compared(rule.factor, Decimal(1).scaleb(start.power - end.power), Decimal(0))


_ADVICE: Mapping[bool, str] = {
    False: "the rule is molar",
    True: "there is no factor to or from arbitrary units, unless the laboratory states its own in an affine rule",
}


def _counts_charges(rule: Conversion) -> bool:
    return rule.unit_from.endswith("eq/L") != rule.unit_to.endswith("eq/L")


def _master_complaint(rule: Conversion) -> str:
    if not rule.whoop_code.startswith(_GLYCATED):
        return f"the master equation holds for HbA1c only, so whoop_code is {_GLYCATED}"
    factors, offsets = MASTER_EQUATIONS[rule.unit_from, rule.unit_to]
    if rule.rule != "affine" or rule.factor not in factors or rule.offset not in offsets:
        return f"HbA1c between % and mmol/mol goes by the master equation only: {_MASTER}"
    return "" if rule.step is not None else _NO_STEP


_NO_STEP = "an affine rule needs a step to round to"


def _affine_complaint(rule: Conversion, start: Size | None, end: Size | None, source: str) -> str:
    if start is not None and end is not None:
        if start.of == end.of:
            factor = Decimal(1).scaleb(start.power - end.power)
            return f"units of {start.of} differ by their size: the rule is scale, and the factor {factor.normalize():f}"
        if {start.of, end.of} == {"mass", "moles"}:
            return "between mass and moles the rule is molar, with the molar_mass that proves the factor"
    if rule.step is None:
        return _NO_STEP
    return "" if source.strip() else "nothing proves an affine rule but its source: say there who states it"


def _molar_complaint(rule: Conversion, start: Size, end: Size, molar_mass: str) -> str:
    if not molar_mass:
        return "a molar rule needs its molar_mass"
    per_mole = Decimal(molar_mass)
    weights = {("moles", "mass"): per_mole, ("mass", "moles"): 1 / per_mole}
    weight = weights.get((start.of, end.of))
    if weight is None:
        return "a molar rule leads from moles to mass or back"
    return _compared(rule.factor, weight.scaleb(start.power - end.power), _TOLERANCE)


def _compared(factor: Decimal, expected: Decimal, tolerance: Decimal) -> str:
    if abs(factor - expected) <= tolerance * expected:
        return ""
    return f"the units{' and the molar mass' if tolerance else ''} give {expected.normalize():f}"


def _molar_masses(rows: list[Row]) -> Iterator[Fault]:
    """One analyte has one molar mass; per equivalent it may be a half or a third of it."""
    first: dict[tuple[str, bool], Row] = {}
    for row in rows:
        if row.get("rule") != "molar" or not row.get("molar_mass"):
            continue
        per_charge = any(row.get(column).endswith("eq/L") for column in ("from", "to"))
        other = first.setdefault((row.get("whoop_code"), per_charge), row)
        mass, known = Decimal(row.get("molar_mass")), Decimal(other.get("molar_mass"))
        if abs(mass - known) > _TOLERANCE * known:
            text = f"molar_mass: {other.at} says {known} of the same analyte"
            yield Fault(row.where("molar_mass"), "table-molar-mass", text)
