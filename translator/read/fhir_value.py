"""
Read value[x], codes and identifiers of FHIR resources into the canonical record.

Source: FHIR R4 Observation.value[x], Quantity, CodeableConcept, Identifier.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from translator.read.fhir_json import Node, obj, objects, text
from translator.record.flags import OFF_SCALE
from translator.record.quantity import LONGEST, read_limit, read_number
from translator.record.report import Identifier
from translator.record.values import Absent, Coded, Coding, Numeric, Range, Ratio, Text, Unusable, Value

UCUM = "http://unitsofmeasure.org"
_COMPARATORS = frozenset({"<", "<=", ">=", ">"})
# Units of a ratio that is a pure number, such as a titre; `5 mg : 1 mL` is a concentration and no titre.
_PURE = frozenset({"", "1"})
_TINIEST = -17
# In characters: more than any double needs.
_LONGEST_DECIMAL = 32
_NUMBERS = frozenset({Decimal, int})
_ABSENT_REASON = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
ABSENT = Absent()
DATA_ABSENT = Absent("data-absent")
CONTRADICTION = Unusable("value-contradicts-status")
_NOT_NUMERIC = Unusable("value-not-numeric")
_TOO_PRECISE = Unusable("value-too-precise")
_REFUSED = Unusable("value-type-refused", refused=True)
_HELD = Unusable("value-type-held")


def codings(concept: Node, systems: Mapping[str, str]) -> tuple[Coding, ...]:
    """Give every coding of a CodeableConcept; system spellings become the canonical URI."""
    return tuple(
        [
            Coding(
                systems.get(text(coding, "system"), text(coding, "system")),
                text(coding, "code"),
                text(coding, "display"),
            )
            for _, coding in objects(concept, "coding")
            if text(coding, "code")
        ]
    )


def identifier(node: Node) -> Identifier:
    """Read an Identifier: its value and its system."""
    return Identifier(text(node, "value"), text(node, "system"))


def lexical(number: object) -> str:
    """
    Write a JSON number as it was written; anything else, booleans too, is no number.

    Shape: a number with a positive exponent keeps it, since its digits would claim more than was measured.
    """
    if type(number) is Decimal:
        written = str(number)
        if "E" not in written:
            return written
        return f"{number:f}" if _TINIEST < number.as_tuple().exponent <= 0 else str(number)  # type: ignore[operator]
    return str(number) if type(number) is int else ""


def unit_of(node: Node, systems: Mapping[str, str]) -> tuple[str, str]:
    """Give unit and system of a value: a UCUM code, however its system is spelled, counts before the human text."""
    return _unit(obj(node, "valueQuantity") or obj(obj(node, "valueRange"), "low"), systems)


def _unit(quantity: Node, systems: Mapping[str, str]) -> tuple[str, str]:
    system = text(quantity, "system")
    system = systems.get(system, system)
    code = text(quantity, "code") if system == UCUM else ""
    return code or text(quantity, "unit"), system


def refuse(_: Any, __: Mapping[str, str]) -> Value:
    """Refuse a value[x] that is never a laboratory's."""
    return _REFUSED


def _hold(_: Any, __: Mapping[str, str]) -> Value:
    return _HELD


def _quantity(value: Any, _: Mapping[str, str]) -> Value:
    if not isinstance(value, dict):
        return _NOT_NUMERIC
    number = value.get("value")
    if "comparator" in value:
        return limit(text(value, "comparator"), lexical(number))
    if "_comparator" in value or "_value" in value:
        return _beside(value, number)
    if type(number) in _NUMBERS:
        written = str(number)
        if len(written) <= LONGEST and "E" not in written:
            return Numeric(written)
    if number is None and says_why(value):
        return DATA_ABSENT
    written = lexical(number)
    if not written or "E" in written:
        return _NOT_NUMERIC
    # FHIR sets no length; whether a double can carry the digits is decided where they are sent.
    return Numeric(written) if len(written) <= _LONGEST_DECIMAL else _TOO_PRECISE


def _beside(value: Node, number: object) -> Value:
    """Read a quantity with something beside its primitive values: why there is none, or an unsaid comparator."""
    if says_why(obj(value, "_value")):
        return DATA_ABSENT if number is None else CONTRADICTION
    plain = {name: part for name, part in value.items() if name != "_value"}
    return _quantity(plain, {}) if "_comparator" not in plain else _NOT_NUMERIC


def limit(comparator: str, written: str) -> Value:
    """Read one of FHIR's comparators and the number that it bounds; any other makes the number unusable."""
    return (read_limit(comparator, written) if comparator in _COMPARATORS else None) or _NOT_NUMERIC


def says_why(value: Node) -> bool:
    """Tell a value that is only the reason why there is none, written as an extension."""
    return any(text(extension, "url") == _ABSENT_REASON for _, extension in objects(value, "extension"))


def _boolean(value: Any, _: Mapping[str, str]) -> Value:
    """Give yes or no as a coded answer without a system, which means nothing unless a table lists it."""
    return Coded((Coding("", "true" if value else "false"),)) if isinstance(value, bool) else _NOT_NUMERIC


def _integer(value: Any, _: Mapping[str, str]) -> Value:
    return (read_number(str(value)) if type(value) is int else None) or _NOT_NUMERIC


def _string(value: Any, _: Mapping[str, str]) -> Value:
    if not isinstance(value, str):
        return _NOT_NUMERIC
    return Text(value.strip()) if value.strip() else ABSENT


def _concept(value: Any, systems: Mapping[str, str]) -> Value:
    if not isinstance(value, dict):
        return _NOT_NUMERIC
    found = codings(value, systems)
    words = text(value, "text") or next((coding.text for coding in found if coding.text), "")
    if found or words:
        return Coded(found, words)
    return DATA_ABSENT if says_why(value) else ABSENT


def _range(value: Any, systems: Mapping[str, str]) -> Value:
    low, high = (_amount(value, key) for key in ("low", "high"))
    if not (low and high) or _unit(value["low"], systems) != _unit(value["high"], systems):
        return _NOT_NUMERIC
    return Range(low, high)


def _ratio(value: Any, systems: Mapping[str, str]) -> Value:
    left, right = (_amount(value, key) for key in ("numerator", "denominator"))
    if not (left and right) or any(_unit(value[key], systems)[0] not in _PURE for key in ("numerator", "denominator")):
        return _NOT_NUMERIC
    return Ratio(left, ":", right)


def _amount(value: Any, key: str) -> str:
    quantity = obj(value, key) if isinstance(value, dict) else {}
    written = lexical(quantity.get("value"))
    return written if read_number(written) and "comparator" not in quantity else ""


# The readers of values by the name of the element.
READERS: Mapping[str, Callable[[Any, Mapping[str, str]], Value]] = {
    "valueQuantity": _quantity,
    "valueInteger": _integer,
    "valueString": _string,
    "valueCodeableConcept": _concept,
    "valueRange": _range,
    "valueRatio": _ratio,
    "valueBoolean": _boolean,
    **dict.fromkeys(("valuePeriod", "valueDateTime", "valueTime"), _hold),
}


def off_scale_marks(node: Node) -> frozenset[str]:
    """Give what of interpretation, in codes or in words, says that a number is the end of the scale (`<`, `>`)."""
    concepts = [concept for _, concept in objects(node, "interpretation")]
    codes = [text(coding, "code") for concept in concepts for _, coding in objects(concept, "coding")]
    return frozenset([*codes, *(text(concept, "text") for concept in concepts)]) & OFF_SCALE
