"""
Put our record of an OBX and a peer's fields side by side: what both say in one small form, and where they differ.

The peer's text goes through none of our code, and what is compared is what the engine goes on with, not an
intermediate text.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from tests.differential.peers import Obx
from translator.record.report import Observation
from translator.record.values import Absent, Cleared, Coded, Limit, Numeric, Range, Ratio, Text

# None stands for a value that we do not interpret: a document, a type without lab values.
Value: TypeAlias = object


class Reading(NamedTuple):
    """What an OBX says: codes with their texts (OBX-3), value (5), unit (6), status (11)."""

    codes: object
    value: Value
    unit: str
    status: str


_NAMES = {"codes": "3", "value": "5", "unit": "6", "status": "11"}
_NULL = '""'
_TRIPLETS = (0, 3, 9)
# Several answers in one field are joined as the lab worded them.
_CODED = frozenset({"CE", "CWE", "CNE", "CF", "IS", "ID"})


def ours(seen: Observation) -> Reading:
    """Give our record in the common form."""
    codes = [(coding.code, coding.text) for coding in seen.codes]
    return Reading(codes, _our_value(seen), _NULL if seen.no_unit else seen.unit, seen.status)


def _our_value(seen: Observation) -> Value:
    match seen.value:
        case Numeric() | Text() | Limit() | Ratio() | Range():
            return _flat(_written(seen.value))
        case Coded(codings, text):
            return [(coding.code, coding.text) for coding in codings] or text
        case Absent():
            return ""
        case Cleared():
            return _NULL
    return None


def _written(value: Numeric | Text | Limit | Ratio | Range) -> str:
    match value:
        case Numeric():
            return value.lexical
        case Limit():
            return f"{value.comparator}{value.lexical}"
        case Ratio():
            return f"{value.comparator}{value.left}{value.separator}{value.right}"
        case Range():
            return f"{value.low}-{value.high}"
    return value.text


def _flat(text: str) -> str:
    return "".join(text.split())


def theirs(obx: Obx, seen: Observation) -> Reading:
    """Give a peer's fields in the common form; our record only says which kind of value is compared."""
    unit = _first(obx.unit, 0) or _first(obx.unit, 1)
    return Reading(_triplets(_repetition(obx.code)), _their_value(obx.value, seen), unit, _first(obx.status, 0))


def _their_value(field: list[list[str]], seen: Observation) -> Value:
    joined = ["^".join(components) for components in field]
    if isinstance(seen.value, Coded):
        return _triplets(_repetition(field)) or _words(_repetition(field))
    if isinstance(seen.value, Absent | Cleared):
        return "~".join(joined).strip()
    if _our_value(seen) is None:
        return None
    if seen.value_type in {"SN", "NR"}:
        between = "-" if seen.value_type == "NR" else ""
        return _flat(between.join(_repetition(field))).removeprefix("=")
    if seen.value_type in _CODED:
        return _flat("\n".join(_words(components) for components in field if any(components)))
    return _flat("\n".join(joined))


def _words(components: list[str]) -> str:
    """CWE.9, else CWE.2, else CWE.5."""
    return next(filter(None, (_at(components, n) for n in (8, 1, 4))), "")


def _repetition(field: list[list[str]]) -> list[str]:
    return field[0] if field else []


def _at(components: list[str], number: int) -> str:
    return components[number].strip() if number < len(components) else ""


def _first(field: list[list[str]], number: int) -> str:
    return _at(_repetition(field), number)


def _triplets(components: list[str]) -> list[tuple[str, str]]:
    found = ((_at(components, n), _at(components, n + 1)) for n in _TRIPLETS)
    return [(code, text) for code, text in found if code]


def differences(seen: Observation, obx: Obx) -> Iterator[str]:
    """Name the fields of one OBX that we and a peer read differently."""
    mine, other = ours(seen), theirs(obx, seen)
    for name, field in _NAMES.items():
        if getattr(mine, name) != getattr(other, name):
            yield f"{seen.at}-{field}"
