"""
Name the flags of a result that change what is done with it; both formats write them alike.

Source: HL7 table 0078 (OBX-8), FHIR v3-ObservationInterpretation.
"""

from __future__ import annotations

# The number is the end of the instrument's scale, and not a measurement.
OFF_SCALE = frozenset({"<", ">"})
CRITICAL = frozenset({"HH", "LL", "AA"})
