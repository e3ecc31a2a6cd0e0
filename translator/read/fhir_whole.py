"""
Say what refuses or holds a FHIR document as a whole, before any of its reports is looked at.

Source: FHIR R4 Bundle (type, link, entry.request), Composition.status, Resource.implicitRules, v3-ActReason HTEST.
"""

from __future__ import annotations

from collections.abc import Iterator

from translator.read.fhir_bundle import Document, Resource
from translator.read.fhir_json import Node, obj, objects, text
from translator.record.report import Finding

_READ = frozenset({"Bundle", "DiagnosticReport", "ServiceRequest"})
_RESULTS = frozenset({"DiagnosticReport", "Observation"})
# What translation reads: two of one name would make a reference mean either.
_USED = frozenset({"DiagnosticReport", "Observation", "ServiceRequest", "Patient", "Specimen"})

# What says of everything in its document or message how it is meant.
_HEADS = frozenset({"Composition", "MessageHeader"})


def refused_of(document: Document, *, orders: bool = False) -> Finding | None:
    """Give the first thing that refuses the document; `orders` tells that it orders, and reports nothing."""
    root = document.root
    if text(root, "resourceType") not in _READ:
        return Finding("message-type", "", "a FHIR document is a Bundle, a DiagnosticReport or a ServiceRequest")
    if _is_test(root) or any(_is_test(each.node) for each in document.labelled):
        return Finding("not-production", "meta.security", "the document is marked as test data (HTEST)")
    for bundle in document.bundles:
        if found := _unreadable_bundle(bundle.at, bundle.node):
            return found
    for at, entry in document.telling_entries:
        if found := _unreadable_entry(at, entry):
            return found
    # What is gone, or is still to come, is a person's to look at, even where nothing is reported beside it.
    if orders or any(map(_deletes, document.telling_entries)) or any(map(_goes_on, document.bundles)):
        return None
    if _RESULTS.isdisjoint([resource.type for resource in document.resources]):
        return Finding("message-type", "", "the document has neither DiagnosticReport nor ServiceRequest")
    return None


def held_of(document: Document) -> Iterator[Finding]:
    """Give everything that holds the document."""
    for bundle in document.bundles:
        if _goes_on(bundle):
            yield Finding("incomplete-bundle", f"{bundle.at}.link", "the bundle says that a next page follows")
    for told in document.telling_entries:
        if _deletes(told):
            yield Finding("retraction", f"{told[0]}.request", "the bundle deletes a resource")
    for head in document.resources:
        if head.type in _HEADS and is_modified(head.node):
            yield Finding("unknown-modifier", head.at, "an extension changes the meaning of the document")
        if head.type == "Composition" and text(head.node, "status") == "entered-in-error":
            yield Finding("retraction", f"{head.at}.status", "the document takes itself back")
    for twin in document.twins:
        if twin.type in _USED:
            yield Finding("duplicate-resource", twin.at, "another resource has the same fullUrl, or type and id")


def is_modified(node: Node) -> bool:
    """Tell what an extension or rules that we do not know may turn round."""
    return ("modifierExtension" in node or "implicitRules" in node) and bool(
        node.get("modifierExtension") or node.get("implicitRules")
    )


def _is_test(node: Node) -> bool:
    meta = node.get("meta")
    if not isinstance(meta, dict) or not ("security" in meta or "tag" in meta):
        return False
    return any(text(mark, "code") == "HTEST" for key in ("security", "tag") for _, mark in objects(meta, key))


def _unreadable_bundle(at: str, bundle: Node) -> Finding | None:
    """Say why a bundle is no set of resources that are meant as they stand."""
    if is_modified(bundle):
        return Finding("unknown-modifier", f"{at}.implicitRules", "the bundle follows rules that we do not know")
    if text(bundle, "type") == "subscription-notification":
        return Finding("message-type", f"{at}.type", "bundles of this type tell what happened, not what is")
    return None


def _goes_on(bundle: Resource) -> bool:
    return any(text(link, "relation").lower() == "next" for _, link in objects(bundle.node, "link"))


def _deletes(told: tuple[str, Node]) -> bool:
    return _method(told[1]) == "DELETE"


def _method(entry: Node) -> str:
    return text(obj(entry, "request"), "method").upper()


def _unreadable_entry(at: str, entry: Node) -> Finding | None:
    if is_modified(entry):
        return Finding("unknown-modifier", at, "an extension changes the meaning of an entry")
    if _method(entry) == "PATCH":
        return Finding("message-type", f"{at}.request", "the bundle changes a part of a resource")
    return None
