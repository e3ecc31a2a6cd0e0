"""
Turn FHIR XML into the FHIR JSON that says the same, so that one reader reads both.

What repeats and what is a number is looked up in the models of fhir.resources; its own parser is not used, because it
refuses a whole Bundle for one element that it does not know, and rounds decimals.

Source: FHIR R4 2.6.1 XML representation, 2.6.2 JSON representation.
"""

from __future__ import annotations

import re
import typing
from decimal import Decimal
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct

from translator.read.xml_tree import Element, MalformedXmlError, parse_xml

FHIR = "http://hl7.org/fhir"
_XHTML = "http://www.w3.org/1999/xhtml"
# What a person reads is kept by nobody downstream.
_NARRATIVE = f'<div xmlns="{_XHTML}">(not kept)</div>'
# In these stands a resource, whose type is the name of the one element inside.
HOLDERS = frozenset({"contained", "resource"})
_NUMBERS = {
    "decimal": re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"),
    "integer": re.compile(r"-?(?:0|[1-9][0-9]*)"),
}
_FORMS = {Decimal: "decimal", int: "integer", bool: "boolean"}
_BOOLEANS = {"true": True, "false": False}

Json: TypeAlias = Any


class Slot(Struct, frozen=True, gc=False):
    """
    What an element of a FHIR type holds.

    Shape: `form` is `decimal`, `integer`, `boolean` or `text` for a primitive value, `type` the model of an object;
    both are empty where nothing is known.
    """

    form: str = ""
    type: str = ""
    repeats: bool = False


_UNKNOWN = Slot()


def xml_to_json(raw: bytes) -> bytes:
    """
    Turn one FHIR XML document into FHIR JSON.

    Units: decimals keep their digits as written; what is no number where one belongs becomes text.
    Raises: MalformedXmlError for what is no XML, no FHIR, or has a document type.
    """
    root = parse_xml(raw)
    if root.namespace != FHIR:
        raise MalformedXmlError("malformed", f"the first element is no FHIR: it is not in the namespace {FHIR}")
    return msgspec.json.encode(_resource(root))


def _resource(element: Element) -> Json:
    return {"resourceType": element.name} | _object(element, element.name)


def _object(element: Element, model: str) -> dict[str, Json]:
    slots = slots_of(model)
    node: dict[str, Json] = {name: value for name, value in element.attributes.items() if name in {"id", "url"}}
    for child in element.children:
        if child.namespace == _XHTML:
            node["div"] = _NARRATIVE
        elif child.namespace == FHIR:
            _put(node, child, slots.get(child.name, _UNKNOWN))
    return node


def _put(node: dict[str, Json], child: Element, slot: Slot) -> None:
    value, beside = _value(child, slot)
    if not slot.repeats and child.name not in node and f"_{child.name}" not in node:
        node.update(
            {name: part for name, part in ((child.name, value), (f"_{child.name}", beside)) if part is not None}
        )
        return
    values = _listed(node, child.name)
    besides = _listed(node, f"_{child.name}")
    # Values and what stands beside them are told together by their place.
    size = max(len(values), len(besides))
    node[child.name] = [*values, *[None] * (size - len(values)), value]
    if besides or beside is not None:
        node[f"_{child.name}"] = [*besides, *[None] * (size - len(besides)), beside]


def _listed(node: dict[str, Json], name: str) -> list[Json]:
    """Give what stands under a name as a list; an element that repeats against its definition is not lost."""
    found = node.get(name, [])
    return found if isinstance(found, list) else [found]


def _value(element: Element, slot: Slot) -> tuple[Json, Json]:
    """Give the value of an element, and what is said of a primitive value besides: its id and extensions."""
    if element.name in HOLDERS and len(element.children) == 1 and element.children[0].name[:1].isupper():
        return _resource(element.children[0]), None
    if slot.type or (not slot.form and "value" not in element.attributes):
        return _object(element, slot.type), None
    sent = element.attributes.get("value")
    return None if sent is None else _primitive(sent, slot.form), _object(element, "Element") or None


def _primitive(sent: str, form: str) -> Json:
    if form == "boolean":
        return _BOOLEANS.get(sent, sent)
    pattern = _NUMBERS.get(form)
    return msgspec.Raw(sent.encode()) if pattern is not None and pattern.fullmatch(sent) else sent


@lru_cache(maxsize=1024)
def slots_of(model: str) -> dict[str, Slot]:
    """
    Say what the elements of a FHIR type hold, by name.

    Absent: empty for a type that R4B does not have; then nothing is known to repeat or to be a number.
    """
    from fhir.resources.R4B import get_fhir_model_class  # noqa: PLC0415 - only XML needs it

    try:
        found = get_fhir_model_class(model)
    except (ValueError, KeyError):
        return {}
    return {field.alias or name: _slot(field.annotation) for name, field in found.model_fields.items()}


def _slot(annotation: Any) -> Slot:
    """Read an annotation such as `Optional[List[ObservationComponentType]]` or `Optional[Annotated[Decimal, ...]]`."""
    found = annotation
    if typing.get_origin(found) in {typing.Union, UnionType}:
        found = next(part for part in typing.get_args(found) if part is not NoneType)
    repeats = typing.get_origin(found) is list
    if repeats:
        found = typing.get_args(found)[0]
    if hasattr(found, "get_model_klass"):
        return Slot("", found.get_model_klass().get_resource_type(), repeats)
    base = typing.get_args(found)[0] if typing.get_origin(found) is typing.Annotated else found
    return Slot(_FORMS.get(base, "text"), "", repeats)
