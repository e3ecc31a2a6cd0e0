"""
Hold every conversion against what proves it: sizes of units, molar masses, master equations, the sender's word (pure).

Sizes are powers of ten of a base unit (gram, mole, ... per litre); units of one dimension differ only by them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from translator.errors import Fault
from translator.translate.load_build import conversion
from translator.translate.load_rows import Row
from translator.translate.tables import Conversion

SIZES: Mapping[str, tuple[str, int]] = {
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

# IFCC and NGSP in both directions; published with three and with more digits.
_MASTER = "NGSP = 0.0915 x IFCC + 2.15, IFCC = 10.93 x NGSP - 23.5"
_MASTER_EQUATIONS: Mapping[tuple[str, str], tuple[frozenset[Decimal], frozenset[Decimal]]] = {
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
        return "master equation" if (rule.unit_from, rule.unit_to) in _MASTER_EQUATIONS else "source"
    return "molar mass" if rule.rule == "molar" else "size"


def _complaint(rule: Conversion, row: Row) -> str:
    if (rule.unit_from, rule.unit_to) in _MASTER_EQUATIONS:
        return _master_complaint(rule)
    if rule.rule == "affine":
        return _affine_complaint(rule, row.get("source"))
    if rule.offset or rule.step is not None:
        return "only an affine rule has an offset or a step"
    if rule.rule == "equal" and rule.factor != 1:
        return "the rule is equal, so the factor is 1"
    return _size_complaint(rule, row.get("molar_mass"))


def _size_complaint(rule: Conversion, molar_mass: str) -> str:
    start, end = SIZES.get(rule.unit_from), SIZES.get(rule.unit_to)
    if start is None or end is None:
        return "the size of one of the units is not known, so nothing can be checked"
    if rule.rule == "molar":
        return _molar_complaint(rule, start, end, molar_mass)
    if start[0] != end[0]:
        return f"{start[0]} and {end[0]} are different quantities; {_ADVICE['units' in (start[0], end[0])]}"
    if _counts_charges(rule) and not rule.whoop_code:
        return "an equivalent is a mole only of an ion with one charge; say in whoop_code for which"
    return _compared(rule.factor, Decimal(1).scaleb(start[1] - end[1]), Decimal(0))


_ADVICE: Mapping[bool, str] = {
    False: "the rule is molar",
    True: "there is no factor to or from arbitrary units, unless the laboratory states its own in an affine rule",
}


def _counts_charges(rule: Conversion) -> bool:
    return (rule.unit_from == "meq/L") != (rule.unit_to == "meq/L")


def _master_complaint(rule: Conversion) -> str:
    factors, offsets = _MASTER_EQUATIONS[rule.unit_from, rule.unit_to]
    if rule.rule != "affine" or rule.factor not in factors or rule.offset not in offsets:
        return f"HbA1c between % and mmol/mol goes by the master equation only: {_MASTER}"
    return "" if rule.step is not None else _NO_STEP


_NO_STEP = "an affine rule needs a step to round to"


def _affine_complaint(rule: Conversion, source: str) -> str:
    if rule.step is None:
        return _NO_STEP
    return "" if source.strip() else "nothing proves an affine rule but its source: say there who states it"


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


def _molar_masses(rows: list[Row]) -> Iterator[Fault]:
    """One analyte has one molar mass; per equivalent it may be a half or a third of it."""
    first: dict[tuple[str, bool], Row] = {}
    for row in rows:
        if row.get("rule") != "molar" or not row.get("molar_mass"):
            continue
        per_charge = "meq/L" in (row.get("from"), row.get("to"))
        other = first.setdefault((row.get("whoop_code"), per_charge), row)
        mass, known = Decimal(row.get("molar_mass")), Decimal(other.get("molar_mass"))
        if abs(mass - known) > _TOLERANCE * known:
            text = f"molar_mass: {other.at} says {known} of the same analyte"
            yield Fault(row.where("molar_mass"), "table-molar-mass", text)
