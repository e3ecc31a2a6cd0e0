"""Read of a FHIR resource only what finds it and what it refers to, without a look at the rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

import msgspec
from msgspec import Struct

from translator.read.fhir_json import MalformedJsonError, Node, objects, parse, text

_VERSION = "/_history/"


class _Reference(Struct, frozen=True, gc=False):
    reference: str = ""


_References: TypeAlias = list[_Reference] | _Reference | None


class ResourceHead(Struct, frozen=True):
    """
    The name of a resource, and its references by the element that holds them.

    Shape: an element that may hold one reference or several, whichever FHIR version it is.
    """

    type: str = msgspec.field(name="resourceType", default="")
    id: str = ""
    result: _References = None
    has_member: _References = msgspec.field(name="hasMember", default=None)
    based_on: _References = msgspec.field(name="basedOn", default=None)
    subject: _References = None
    specimen: _References = None
    contained: list[ResourceHead] = []

    @property
    def name(self) -> str:
        """`Type/id`, or nothing where the resource has no id."""
        return f"{self.type}/{self.id}" if self.id else ""

    @property
    def holds_results(self) -> bool:
        """Tell a resource that is an Observation, or contains one."""
        return self.type == "Observation" or any(inner.type.strip() == "Observation" for inner in self.contained)

    @property
    def leads_on(self) -> bool:
        """Tell an Observation that has members, or contains what may have some."""
        return bool(self.has_member or self.contained)

    def references(self) -> Iterator[str]:
        """Name as `Type/id` every resource that the translation of this one reads, its contained ones included."""
        for element in (self.result, self.has_member, self.based_on, self.subject, self.specimen):
            if element is not None:
                for reference in element if isinstance(element, list) else (element,):
                    if found := _name(reference.reference):
                        yield found
        for inner in self.contained:
            yield from inner.references()


_DECODER = msgspec.json.Decoder(ResourceHead)
_ELEMENTS: Mapping[str, str] = {
    "result": "result",
    "hasMember": "has_member",
    "basedOn": "based_on",
    "subject": "subject",
    "specimen": "specimen",
}


def read_head(raw: bytes) -> ResourceHead | None:
    """
    Read the head of one resource.

    Absent: None where the bytes are no JSON object, or do not name a resource type.
    """
    try:
        if not raw.isascii():
            raw.decode()
        head = _DECODER.decode(raw)
    except msgspec.ValidationError:
        head = _read_slowly(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if head.type != head.type.strip():
        head = _read_slowly(raw)
    return head if head.type else None


def _read_slowly(raw: bytes) -> ResourceHead:
    """Read a resource with elements of a wrong shape, as the reader of documents does: what is wrong is not there."""
    try:
        node = parse(raw)
    except MalformedJsonError:
        return ResourceHead()
    return _head(node) if isinstance(node, dict) else ResourceHead()


def _head(node: Node) -> ResourceHead:
    elements = {
        field: [_Reference(text(reference, "reference")) for _, reference in objects(node, name)]
        for name, field in _ELEMENTS.items()
    }
    inner = [_head(contained) for _, contained in objects(node, "contained")]
    return ResourceHead(text(node, "resourceType"), text(node, "id"), contained=inner, **elements)


def _name(reference: str) -> str:
    """Name what a reference means; one to something contained, or of another form, names nothing."""
    parts = reference.strip().split(_VERSION)[0].rsplit("/", 2)[-2:]
    return "/".join(parts) if len(parts) == 2 and all(parts) else ""
