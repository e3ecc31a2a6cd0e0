"""Name the position of each part of an observation or a report, in the way of its format."""

from __future__ import annotations

# The part by its name here, as HL7 v2 has it in OBX, and as a FHIRPath below the observation.
_FIELDS = {
    "value": ("-5", ".value"),
    "number": ("-5", ".value.value"),
    "code": ("-3", ".code"),
    "unit": ("-6", ".value.unit"),
    "status": ("-11", ".status"),
}


def field_at(at: str, part: str) -> str:
    """
    Name the position of one part (`value`, `number`, `code`, `unit`, `status`) of the observation at `at`.

    Shape: `OBX[3]-6`, or a FHIRPath; a component has the status of the observation that it is a part of.
    """
    hl7v2, fhir = _FIELDS[part]
    if at.startswith("OBX["):
        return at + hl7v2
    return (at.partition(".component[")[0] if part == "status" else at) + fhir
