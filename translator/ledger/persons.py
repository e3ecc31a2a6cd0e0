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


def is_about_nobody_else(raw: bytes, identifier: str) -> bool:
    """Tell whether every patient that a message names has this identifier, among others."""
    wanted = identifier.strip()
    document = raw.lstrip(_SPACE)
    if document.startswith((b"{", b"[")):
        return all(wanted in _identifiers(patient) for patient in _patients(_decoded(document)))
    return all(wanted in _in_pid(separator, rest) for separator, rest in _PID.findall(raw))


def _in_hl7(raw: bytes) -> set[str]:
    return {found for separator, rest in _PID.findall(raw) for found in _in_pid(separator, rest)}


def _in_pid(separator: bytes, rest: bytes) -> set[str]:
    fields = rest.split(separator)[_IDENTIFIER_FIELDS]
    return {part.decode("utf-8", "replace").strip() for field in fields for part in _SEPARATORS.split(field)}


def _in_json(document: bytes) -> set[str]:
    tree = _decoded(document)
    return _member(tree) | {found for patient in _patients(tree) for found in _identifiers(patient)}


def _decoded(document: bytes) -> Any:
    try:
        return msgspec.json.decode(document)
    except msgspec.DecodeError:
        return None


def _identifiers(patient: dict[str, Any]) -> set[str]:
    found = patient.get("identifier", ())
    return {str(each.get("value", "")).strip() for each in found if isinstance(each, dict)}


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
