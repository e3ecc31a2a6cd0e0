"""
Compare a FHIR document with the definitions of its version, as fhir.resources carries them. (pure)

Theory of operation: fhir.resources fails a whole Bundle for one entry, so every resource is compared alone: without
those that it contains, and a Bundle without those in its entries. What breaks a rule in a resource that translation
does not read is a warning. A finding has a FHIRPath and names the rule, never what was sent. Findings hold nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from translator.read.detect import detect
from translator.read.fhir_bundle import Document
from translator.read.fhir_json import MalformedJsonError, Node, objects, parse, text
from translator.read.fhir_version import find_version
from translator.read.fhir_xml import xml_to_json
from translator.read.xml_tree import MalformedXmlError
from translator.record.outcome import Diagnostic

_HEAD = 64
# What translation reads; R4 is compared as R4B, which is the same for these.
_READ = frozenset({"Bundle", "DiagnosticReport", "Observation", "Patient", "ServiceRequest", "Specimen"})
_RULES: Mapping[str, str] = {
    "bool_parsing": "the value is not true or false",
    "bool_type": "the value is not true or false",
    "extra_forbidden": "this version has no such element",
    "json_invalid": "an object belongs here",
    "list_type": "a list belongs here",
    "missing": "the element is required",
    "model_field_validation.missing": "the element is required",
    "model_type": "an object belongs here",
    "model_validation_format": "an object belongs here",
    "string_type": "text belongs here",
}
_OTHER_RULE = "the value is not in the form of its type"
# An element's name is part of a path; anything else may be what a sender wrote into the wrong place.
_ELEMENT = re.compile(r"_?[A-Za-z][A-Za-z0-9]{0,63}")


def check_fhir(raw: bytes, site_version: str = "") -> tuple[Diagnostic, ...]:
    """
    Compare one FHIR document, JSON or XML, with R4B (for R4, too) or R5.

    Shape: diagnostics `not-conformant`, in order of the document, a warning for resources that translation does not
    read; `conformance-unchecked` where there is no definition to compare with.
    Absent: what cannot be read gives nothing; its outcome says so already.
    Source: FHIR R4B and R5, as in fhir.resources.
    """
    try:
        root = parse(xml_to_json(raw) if detect(raw[:_HEAD]) == "fhir-xml" else raw)
    except (MalformedJsonError, MalformedXmlError):
        return ()
    if not isinstance(root, dict):
        return ()
    document = Document(root)
    version = find_version(document, site_version)
    if version.refusal:
        said = f"there are no definitions of FHIR {version.name}, only of R4B and R5"
        return (Diagnostic("conformance-unchecked", "error", version.at, said),)
    is_r5 = version.name == "R5"
    return tuple(found for at, node in _all(document) for found in _compare(at, node, is_r5=is_r5))


def _all(document: Document) -> Iterator[tuple[str, Node]]:
    """Give every resource with its path and without the resources inside it; the document itself comes first."""
    root = document.root
    if root.get("resourceType") == "Bundle":
        yield "Bundle", _shell(root)
    for resource in document.resources:
        yield resource.at, _shell(resource.node)


def _shell(node: Node) -> Node:
    shell = {key: value for key, value in node.items() if key != "contained"}
    if node.get("resourceType") == "Bundle" and isinstance(node.get("entry"), list):
        entries = (entry for _, entry in objects(node, "entry"))
        shell["entry"] = [{key: value for key, value in entry.items() if key != "resource"} for entry in entries]
    return shell


def _compare(at: str, node: Node, *, is_r5: bool) -> Iterator[Diagnostic]:
    from pydantic import ValidationError  # noqa: PLC0415 - only --strict needs it

    kind = text(node, "resourceType")
    severity = "error" if kind in _READ else "warning"
    model = _model(kind, is_r5=is_r5)
    if model is None:
        said = "this version does not define the resource, so it is not compared"
        yield Diagnostic("conformance-unchecked", "warning", at, said)
        return
    try:
        model.model_validate(node)
    except ValidationError as faults:
        for fault in faults.errors(include_url=False, include_context=False, include_input=False):
            rule = _RULES.get(fault["type"], _OTHER_RULE)
            yield Diagnostic("not-conformant", severity, _path(at, fault["loc"]), rule)


def _model(name: str, *, is_r5: bool) -> Any:
    """
    Look up the model of a resource type.

    Absent: None where the version has none; its name is what a sender wrote, and may be anything.
    """
    from fhir.resources import R4B, get_fhir_model_class  # noqa: PLC0415 - only --strict needs it

    try:
        return (get_fhir_model_class if is_r5 else R4B.get_fhir_model_class)(name)
    except (KeyError, ValueError):
        return None


def _path(at: str, place: tuple[int | str, ...]) -> str:
    path = at
    for step in place:
        if isinstance(step, int):
            path += f"[{step}]"
        elif step != "root":
            path += f".{step}" if _ELEMENT.fullmatch(step) else ".(no name of an element)"
    return path
