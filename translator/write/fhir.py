"""
Put resources together to one Bundle, and have fhir.resources hold it against the definitions of FHIR R4.

Theory of operation: the JSON is ours, since fhir.resources writes 5.40 as 5.4 and cuts long decimals. What is written
goes out only where its models take it. Resources refer to each other by `urn:uuid:` addresses that follow from the
control id, so that the same record gives the same bytes.

Source: FHIR R4 Bundle, Identifier, CodeableConcept; R4B is the same for these resources.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any, TypeAlias

import msgspec

from translator.errors import WriteError
from translator.record.report import Identifier
from translator.record.values import Coding
from translator.write.hl7v2 import Letterhead
from translator.write.times import instant

Node: TypeAlias = dict[str, Any]

_SPACE = uuid.UUID("6a1f7c0e-3c1e-5d0a-9a53-0c6d1f0e7b11")


class Entries:
    """Collect the resources of one Bundle, each under its own address."""

    def __init__(self, head: Letterhead) -> None:
        self._head = head
        self._entries: list[Node] = []

    def add(self, resource: Node) -> Node:
        """Take a resource in, and give the reference to it."""
        name = f"{self._head.control_id}/{len(self._entries)}"
        address = uuid.uuid5(_SPACE, name).urn
        self._entries.append({"fullUrl": address, "resource": without_empty(resource)})
        return {"reference": address}

    def bundle(self) -> bytes:
        """
        Write the Bundle.

        Raises:
            WriteError: a resource would not be one of its type.
        """
        root = {"resourceType": "Bundle", "id": self._head.control_id, "type": "collection"}
        raw = msgspec.json.encode(root | without_empty({"timestamp": instant(self._head.time), "entry": self._entries}))
        _check(raw)
        return raw


def _check(raw: bytes) -> None:
    from fhir.resources.R4B.bundle import Bundle  # noqa: PLC0415 - only writing needs it
    from pydantic import ValidationError  # noqa: PLC0415 - as above

    try:
        Bundle.model_validate_json(raw)
    except ValidationError as error:
        # Its own text holds the values.
        places = sorted({".".join(map(str, each["loc"])) for each in error.errors(include_input=False)})
        raise WriteError(f"this is no Bundle of FHIR R4: see {', '.join(places)}") from None


def without_empty(node: Node) -> Node:
    """Leave out what says nothing; FHIR has no empty elements."""
    return {key: value for key, value in node.items() if value not in ("", [], {}, None)}


def identifier(found: Identifier, kind: str = "") -> Node:
    """Write an identifier; `kind` is its type in table 0203, such as PLAC."""
    if not found.value:
        return {}
    type_ = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": kind}]} if kind else {}
    return without_empty({"type": type_, "system": found.namespace or found.universal_id, "value": found.value})


def concept(codings: Sequence[Coding], text: str = "") -> Node:
    """Write a CodeableConcept with every coding."""
    written = [without_empty({"system": each.system, "code": each.code, "display": each.text}) for each in codings]
    return without_empty({"coding": written, "text": text})
