"""
Write observations as OBX: the value with its type, so that reading gives the same value.

Source: HL7 v2.5.1 7.4.2 (OBX), 2.A.68 (SN), table 0125.
"""

from __future__ import annotations

from translator.errors import WriteError
from translator.record.report import Observation
from translator.record.values import (
    Absent,
    Cleared,
    Coded,
    Coding,
    Document,
    Limit,
    Numeric,
    Range,
    Ratio,
    Text,
    Unusable,
    Value,
)
from translator.write.er7 import NULL, coded, components, escape, segment, system_name
from translator.write.statuses import observation_letter


def obx(number: int, seen: Observation) -> str:
    """
    Write one observation; `number` is its place under its order.

    Raises:
        WriteError: the value, or the status, has no form in HL7.
    """
    kind, value = _value(seen)
    return segment(
        "OBX",
        {
            1: str(number),
            2: kind,
            3: coded(seen.codes),
            4: escape(seen.sub_id),
            5: value,
            6: _unit(seen),
            11: observation_letter(seen.status),
        },
    )


def _value(seen: Observation) -> tuple[str, str]:
    match seen.value:
        case Numeric(lexical, plain):
            return "NM", escape(plain or lexical)
        case Limit(comparator, lexical):
            return "SN", components(comparator, lexical)
        case Ratio(left, separator, right, comparator):
            return "SN", components(comparator, left, separator, right)
        case Range(low, high):
            return "SN", components("", low, "-", high)
        case Text(text, prose):
            return "TX" if prose else "ST", escape(text)
        case Coded(codings, text):
            return "CWE", _answer(codings, text)
        case Absent():
            return seen.value_type if seen.value_type.isupper() else "", ""
        case Cleared():
            return "ST", NULL
        case Document() | Unusable():
            raise WriteError(f"{seen.at}: {_cannot(seen.value)} has no form in HL7 that says the same")


def _cannot(value: Value) -> str:
    return "a document" if isinstance(value, Document) else "a value that was not read"


def _answer(codings: tuple[Coding, ...], text: str) -> str:
    """Write CWE; the original text stands in its ninth component where the codes do not say it."""
    written = coded(codings)
    if not text or text == next((coding.text for coding in codings if coding.text), ""):
        return written
    return written + "^" * (8 - written.count("^")) + escape(text)


def _unit(seen: Observation) -> str:
    if seen.no_unit:
        return NULL
    return components(seen.unit, "", system_name(seen.form.unit_system)) if seen.unit else ""
