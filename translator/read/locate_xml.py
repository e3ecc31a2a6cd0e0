"""
Find the bytes that a FHIRPath names in FHIR XML: of a primitive value those of its `value`, else the whole element.

The path is that of the same resource in JSON, so that one path serves both.
"""

from __future__ import annotations

import re

from translator.read.fhir_xml import HOLDERS
from translator.read.locate_json import is_named, steps
from translator.read.span import NoSuchPositionError, Span, span_of
from translator.read.xml_tree import Element, MalformedXmlError, parse_xml

_VALUE = re.compile(rb"""\svalue\s*=\s*(?:"([^"]*)"|'([^']*)')""")


def locate(raw: bytes, path: str) -> Span:
    """
    Find a FHIRPath in the bytes of one XML document.

    Shape: as for JSON; the span of a primitive value leaves its quotes out and has its escapes as sent.
    Raises: NoSuchPositionError where the path leads nowhere.
    """
    try:
        found = [parse_xml(raw)]
    except MalformedXmlError:
        raise NoSuchPositionError(f"{path}: the document cannot be read as FHIR XML") from None
    for match in steps(path):
        if match[1]:
            found = [child for child in _inside(found[0]).children if is_named(child.name, match[1])]
        else:
            found = found[int(match[2]) :][:1]
        if not found:
            raise NoSuchPositionError(f"{path}: there is no `{match[0]}` in `{path[: match.start()]}`")
    return span_of(raw, *_bytes(raw, found[0]))


def _inside(element: Element) -> Element:
    """Step over what only holds a resource: JSON has no such level."""
    is_holder = element.name in HOLDERS and len(element.children) == 1
    return element.children[0] if is_holder else element


def _bytes(raw: bytes, element: Element) -> tuple[int, int]:
    value = _VALUE.search(raw, element.start, element.end) if "value" in element.attributes else None
    return (value.span(1) if value[1] is not None else value.span(2)) if value else (element.start, element.end)
