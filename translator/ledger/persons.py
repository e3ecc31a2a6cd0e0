"""
Tell whether a message names a patient by an identifier. (pure)

It looks where identifiers of patients stand and nowhere else, so that a number that is a result by chance is none:
the components of PID-2 to PID-4 in HL7 v2, `identifier.value` of a Patient in FHIR JSON, the ids of the member in a
requisition of WHOOP.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

_PID = re.compile(rb"(?:^|[\r\n\x0b])PID(.)([^\r\n]*)")
_IDENTIFIER_FIELDS = slice(1, 4)
_SEPARATORS = re.compile(rb"[\^~&]")
_MEMBER_FIELDS = ("id", "emirates_id", "passport_no")
_SPACE = b" \t\r\n\xef\xbb\xbf"


def names_patient(raw: bytes, identifier: str) -> bool:
    """Tell whether the identifier stands where a patient's identifiers stand."""
    wanted = identifier.strip()
    if not wanted:
        return False
    document = raw.lstrip(_SPACE)
    return wanted in (_in_json(document) if document.startswith((b"{", b"[")) else _in_hl7(raw))


def _in_hl7(raw: bytes) -> set[str]:
    found = set()
    for separator, rest in _PID.findall(raw):
        for field in rest.split(separator)[_IDENTIFIER_FIELDS]:
            found |= {part.decode("utf-8", "replace").strip() for part in _SEPARATORS.split(field)}
    return found


def _in_json(document: bytes) -> set[str]:
    try:
        tree = msgspec.json.decode(document)
    except msgspec.DecodeError:
        return set()
    return _member(tree) | {
        str(identifier.get("value", "")).strip()
        for patient in _patients(tree)
        for identifier in patient.get("identifier", ())
        if isinstance(identifier, dict)
    }


def _member(tree: Any) -> set[str]:
    if not isinstance(tree, dict) or "service_requests" not in tree or not isinstance(tree.get("patient"), dict):
        return set()
    return {str(tree["patient"].get(name, "")).strip() for name in _MEMBER_FIELDS}


def _patients(tree: Any) -> Iterator[dict[str, Any]]:
    """Give every Patient of a document, however deep; without recursion, since depth is the sender's choice."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if node.get("resourceType") == "Patient" and isinstance(node.get("identifier"), list):
                yield node
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
