"""
Hold what only some versions of FHIR have: types of resources, and elements by type.

Source: FHIR R4 resource change logs (R3 to R4, R2 to R3).
"""

from __future__ import annotations

from collections.abc import Mapping

# What a document without any mark is read as.
ASSUMED = "R4"
EITHER = "DSTU2 or STU3"
SINCE = "STU3 or later"

# What only one version has, by type of resource, then by element; an empty element is the type itself.
TELLS: Mapping[str, Mapping[str, str]] = {
    "DiagnosticOrder": {"": "DSTU2"},
    "ProcedureRequest": {"": EITHER},
    "ReferralRequest": {"": EITHER},
    "ServiceRequest": {"": ASSUMED},
    "DiagnosticReport": {
        "basedOn": SINCE,
        "request": "DSTU2",
        "context": "STU3",
        "codedDiagnosis": EITHER,
        "image": EITHER,
        "conclusionCode": ASSUMED,
        "media": ASSUMED,
        "resultsInterpreter": ASSUMED,
    },
    "Observation": {
        "basedOn": SINCE,
        "comments": "DSTU2",
        "comment": "STU3",
        "context": "STU3",
        "related": EITHER,
        "hasMember": ASSUMED,
        "derivedFrom": ASSUMED,
        "note": ASSUMED,
        "focus": ASSUMED,
    },
    "Patient": {"animal": EITHER, "careProvider": "DSTU2"},
}
# Elements that are one object in DSTU2 and a list since.
SINGLE_ONCE = {"DiagnosticReport": "performer", "Observation": "category"}
# Types that say a version themselves.
DECLARING = frozenset({"CapabilityStatement", "Conformance"})
_NEW = frozenset({ASSUMED, SINCE})

# What is worth a look: a document without any of these has nothing of an old version.
MARKED_TYPES = DECLARING | {kind for kind, tells in TELLS.items() if tells.get("", ASSUMED) not in _NEW}
MARKED_NAMES = frozenset(name for tells in TELLS.values() for name, told in tells.items() if name and told not in _NEW)
SINGLE_NAMES = frozenset(SINGLE_ONCE.values())
