"""
Name the places of an HL7 v2 message where an order number may stand, as HL7 names them, each with its type of key.

Source: HL7 v2.9 4.5.1 (ORC), 4.5.3 (OBR), 3.4.2 (PID), 3.4.3 (PV1), 7.4.3 (SPM), 2.14.10 (NTE).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Place(NamedTuple):
    """
    One place: `segment` and `field` say where, `kind` is the type of key that its numbers are.

    Shape: `form` is the data type: `EI`, `CX`, `ST`, or `EIP` (a pair: `part` 1 is the placer's, 2 the filler's).
    """

    name: str
    segment: str
    field: int
    kind: str
    form: str
    part: int = 1


# Read only where a site lists it: hardly any note is an order number.
NOTES = "NTE-3"

PLACES = (
    Place("OBR-2", "OBR", 2, "placer", "EI"),
    Place("ORC-2", "ORC", 2, "placer", "EI"),
    Place("OBR-3", "OBR", 3, "filler", "EI"),
    Place("ORC-3", "ORC", 3, "filler", "EI"),
    Place("ORC-4", "ORC", 4, "group", "EI or EIP"),
    Place("ORC-33", "ORC", 33, "alt", "CX"),
    Place("OBR-53", "OBR", 53, "alt", "CX"),
    Place("SPM-2.1", "SPM", 2, "accession", "EIP", 1),
    Place("SPM-2.2", "SPM", 2, "accession", "EIP", 2),
    Place("OBR-18", "OBR", 18, "placer", "ST"),
    Place("OBR-19", "OBR", 19, "placer", "ST"),
    Place("PID-2", "PID", 2, "alt", "CX"),
    Place("PID-4", "PID", 4, "alt", "CX"),
    Place("PID-18", "PID", 18, "alt", "CX"),
    Place("PV1-50", "PV1", 50, "alt", "CX"),
    Place(NOTES, "NTE", 3, "alt", "ST"),
)

# The order that a child order comes from: its numbers name the parent, never the child itself.
PARENT_PLACES = tuple(
    Place(f"{segment}-{field}.{part}", segment, field, kind, "EIP", part)
    for segment, field in (("ORC", 8), ("OBR", 54), ("OBR", 29))
    for part, kind in ((1, "placer"), (2, "filler"))
)

KEY_TYPE: Mapping[str, str] = {place.name: place.kind for place in (*PLACES, *PARENT_PLACES)}
