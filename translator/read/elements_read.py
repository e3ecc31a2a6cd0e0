"""
Say which elements of FHIR resources are read, so that what nobody reads can be shown.

An element is read where something in it can change what becomes of a document. What stands below it counts as read
with it, but for its extensions, which nobody reads. The table below is proved by tests, element by element.

Source: FHIR R4.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from translator.read.fhir_marks import EITHER, TELLS

Elements: TypeAlias = Mapping[str, frozenset[str]]

_VALUE_NAME = "value[x]"
_OLD = frozenset({"DSTU2", "STU3", EITHER})
# Of every resource; `contained` resources are resources of their own. The two of meta tell versions of a history apart.
_ALWAYS = frozenset({"resourceType", "id", "contained", "meta.profile", "meta.security", "meta.tag"}) | {
    "meta.lastUpdated",
    "meta.versionId",
}
_TURNS = frozenset({"modifierExtension", "implicitRules"})
_VALUE = frozenset({"code", _VALUE_NAME, "dataAbsentReason", "interpretation"})
_RESULTS: Elements = {
    "Bundle": _TURNS
    | {"type", "timestamp", "link"}
    | {"entry.fullUrl", "entry.resource", "entry.request.method", "entry.modifierExtension", "entry.implicitRules"},
    "DiagnosticReport": _TURNS
    | {"status", "code", "category", "subject", "basedOn", "identifier", "issued", "specimen", "result"}
    | {"effectiveDateTime", "effectiveInstant", "effectivePeriod", "performer.actor"},
    "Observation": _TURNS
    | _VALUE
    | {f"component.{name}" for name in (*_VALUE, "modifierExtension", "implicitRules")}
    | {"status", "subject", "basedOn", "specimen", "hasMember"},
    "ServiceRequest": _TURNS | {"identifier", "requisition", "code", "subject"},
    "Patient": _TURNS | {"identifier", "birthDate"},
    "Specimen": frozenset({"type"}),
    "Composition": _TURNS | {"status"},
    "MessageHeader": _TURNS,
}
_ORDERS: Elements = {
    "Bundle": _RESULTS["Bundle"] - {"timestamp"},
    "ServiceRequest": _TURNS
    | {"identifier", "requisition", "code", "subject", "status", "intent", "doNotPerform", "authoredOn"}
    | {"occurrenceDateTime", "requester", "supportingInfo", "replaces"},
    "Patient": _TURNS | {"identifier", "name", "birthDate", "gender", "telecom", "address"},
    "Organization": frozenset({"name", "identifier"}),
    "PractitionerRole": frozenset({"organization"}),
    "Observation": frozenset({"code", "status", _VALUE_NAME, "basedOn"}),
    "QuestionnaireResponse": frozenset({"status", "item"}),
    "Composition": _RESULTS["Composition"],
    "MessageHeader": _RESULTS["MessageHeader"],
}


def elements_read(*, orders: bool) -> Elements:
    """
    Give the elements that are read, by type of resource; of a type that is missing, none is.

    Shape: dotted names below the resource, without indexes; `value[x]` is the value under whatever name. `orders`
    tells of documents that order, rather than report. What only an old version of FHIR has is read of results: it tells
    the version; an order is of none of them.
    """
    if orders:
        return {name: _ALWAYS | elements for name, elements in _ORDERS.items()}
    return {name: _ALWAYS | elements | _telling(name) for name, elements in _RESULTS.items()}


def is_element_read(table: Elements, name: str, path: str) -> bool:
    """
    Tell that something of an element is read, itself or below it.

    Shape: `name` is the type of the resource, `path` the names below it (`component.code`).
    """
    read = table.get(name)
    if read is None:
        return False
    steps = [_VALUE_NAME if is_value(step) else step for step in path.split(".")]
    whole = [".".join(steps[:count]) for count in range(1, len(steps) + 1)]
    above = next((known for known in whole if known in read), None)
    if above is None:
        return any(known.startswith(f"{whole[-1]}.") for known in read)
    # An extension is read only where it stands in for a value.
    return "extension" not in steps[above.count(".") + 1 :] or _VALUE_NAME in steps


def is_value(step: str) -> bool:
    """Tell the name of a value[x], or of what stands beside it."""
    name = step.removeprefix("_")
    return name.startswith("value") and name[5:6].isupper() and not name.startswith("valueSet")


def _telling(name: str) -> frozenset[str]:
    """Give what tells that a document is older than R4."""
    return frozenset(element for element, told in TELLS.get(name, {}).items() if element and told in _OLD)
