"""
Write observations as FHIR Observation, so that reading gives the same value, digit by digit.

Source: FHIR R4 Observation.value[x], Quantity.
"""

from __future__ import annotations

import re
from decimal import Decimal

import msgspec

from translator.errors import WriteError
from translator.record.report import Observation
from translator.record.values import Absent, Coded, Coding, Limit, Numeric, Range, Ratio, Text
from translator.write.fhir import Node, concept, without_empty
from translator.write.statuses import observation_word

_UCUM = "http://unitsofmeasure.org"
_JSON_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_UNKNOWN = concept([Coding("http://terminology.hl7.org/CodeSystem/data-absent-reason", "unknown")])


def observation(seen: Observation, subject: Node) -> Node:
    """
    Write one observation.

    Shape: what part of the study it is of (`sub_id`) goes into a note, since FHIR has no such number.

    Raises:
        WriteError: the value, or the status, has no form in FHIR that says the same.
    """
    return without_empty(
        {
            "resourceType": "Observation",
            "status": observation_word(seen.status),
            "code": concept(seen.codes),
            "subject": subject,
            **_value(seen),
            "note": [{"text": seen.sub_id}] if seen.sub_id else [],
        }
    )


def _value(seen: Observation) -> Node:
    match seen.value:
        case Numeric(lexical, plain):
            return {"valueQuantity": {"value": _number(plain or lexical), **_unit(seen)}}
        case Limit(comparator, lexical):
            return {"valueQuantity": {"value": _number(lexical), "comparator": comparator, **_unit(seen)}}
        case Range(low, high):
            ends = {"low": low, "high": high}
            return {"valueRange": {end: {"value": _number(each), **_unit(seen)} for end, each in ends.items()}}
        case Ratio(left, ":", right, ""):
            return {"valueRatio": {"numerator": {"value": _number(left)}, "denominator": {"value": _number(right)}}}
        case Text(text):
            return {"valueString": text}
        case Coded(codings, text):
            return {"valueCodeableConcept": concept(codings, text)}
        case Absent(reason):
            return {"dataAbsentReason": _UNKNOWN} if reason else {}
    raise WriteError(f"{seen.at}: a value of this kind has no form in FHIR that says the same")


def _number(lexical: str) -> msgspec.Raw:
    """Write a JSON number with the digits as they stand; HL7 lets signs and zeros through that JSON does not."""
    return msgspec.Raw((lexical if _JSON_NUMBER.fullmatch(lexical) else f"{Decimal(lexical):f}").encode())


def _unit(seen: Observation) -> Node:
    system = seen.form.unit_system
    code = seen.unit if system == _UCUM else ""
    return without_empty({"unit": seen.unit, "system": system if code else "", "code": code})
