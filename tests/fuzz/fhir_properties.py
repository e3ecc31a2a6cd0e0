"""
Count and look at FHIR documents apart from the reader: the standard library parses, and plain walks find the places.

Only JSON documents as a whole are looked at; what the standard library does not take, the engine must refuse.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, TypeAlias

from tests.lab_messages import service_request
from translator import Entry, Outcome

Node: TypeAlias = dict[str, Any]

# Places that stand for a reference which leads nowhere.
_REFERENCE = re.compile(r"\.(?:hasMember|result)\[\d+\]$")
_SENT = {"final", "preliminary", "amended", "corrected"}
# What the lookups of the fuzz runs give.
_KNOWN = b" ".join(service_request(number).encode() for number in (1, 2))
_BEFORE = b"\xef\xbb\xbf \t\r\n"
_LARGEST_DEPTH = 150
_NO_JSON = {"malformed", "duplicate-key"}


class _DoubledError(ValueError):
    """The same key stands twice in one object."""


def parse(raw: bytes) -> tuple[Any, str]:
    """Parse with the standard library; the second part says what is wrong, as a reason code."""
    try:
        return json.loads(raw.decode("utf-8-sig"), object_pairs_hook=_object, parse_constant=_constant), ""
    except _DoubledError:
        return None, "duplicate-key"
    except (ValueError, RecursionError):
        return None, "malformed"


def _object(pairs: list[tuple[str, Any]]) -> Node:
    if len({key for key, _ in pairs}) < len(pairs):
        raise _DoubledError
    return dict(pairs)


def _constant(_: str) -> None:
    raise ValueError


def places(document: Node) -> dict[str, tuple[Node, list[Node]]]:
    """Give each Observation and component by its FHIRPath, with what holds it (its Observation, if it is a part)."""
    return dict(_places(document, _word(document, "resourceType")))


def _places(node: Node, at: str) -> Iterator[tuple[str, tuple[Node, list[Node]]]]:
    if _word(node, "resourceType") == "Observation":
        yield at, (node, [node])
        for index, part in _dicts(node.get("component")):
            yield f"{at}.component[{index}]", (part, [node, part])
    for index, inner in _dicts(node.get("contained")):
        yield from _places(inner, f"{at}.contained[{index}]")
    if _word(node, "resourceType") == "Bundle":
        for index, entry in _dicts(node.get("entry")):
            resource = entry.get("resource")
            if isinstance(resource, dict):
                yield from _places(resource, f"{at}.entry[{index}].resource")


def _orders(node: Node, at: str) -> Iterator[str]:
    """Give the path of each ServiceRequest, wherever it stands."""
    if _word(node, "resourceType") == "ServiceRequest":
        yield at
    for index, inner in _dicts(node.get("contained")):
        yield from _orders(inner, f"{at}.contained[{index}]")
    for index, entry in _dicts(node.get("entry")) if _word(node, "resourceType") == "Bundle" else ():
        resource = entry.get("resource")
        if isinstance(resource, dict):
            yield from _orders(resource, f"{at}.entry[{index}].resource")


def _word(node: Node, key: str) -> str:
    """Give a word; blanks around it are forgiven, as senders write them."""
    found = node.get(key)
    return found.strip() if isinstance(found, str) else ""


def _dicts(items: object) -> Iterator[tuple[int, Node]]:
    if isinstance(items, dict):
        yield 0, items
    elif isinstance(items, list):
        yield from ((index, item) for index, item in enumerate(items) if isinstance(item, dict))


def depth(root: object) -> int:
    """Count how many levels of objects and lists stand in each other."""
    level, count = [root], 0
    while level := [part for node in level for part in _parts(node)]:
        count += 1
    return count


def _parts(node: object) -> list[object]:
    if isinstance(node, dict):
        return list(node.values())
    return node if isinstance(node, list) else []


def broken(raw: bytes, outcome: Outcome) -> Iterator[str]:
    """Name every property of a FHIR document that does not hold."""
    if raw.lstrip(_BEFORE)[:1] not in {b"{", b"["}:
        return
    document, wrong = parse(raw)
    codes = {diagnostic.code for diagnostic in outcome.diagnostics}
    if wrong:
        if not codes & _NO_JSON or outcome.state != "refused" or outcome.entries:
            yield f"JSON that is {wrong} is refused"
        return
    if codes & _NO_JSON:
        if "duplicate-key" in codes:
            yield "only a key that stands twice is a duplicate key"
        elif isinstance(document, dict) and not _is_beyond(raw, document):
            yield "only what is no JSON is malformed"
        return
    if isinstance(document, dict) and _word(document, "resourceType") in {"Bundle", "DiagnosticReport"}:
        yield from _unaccounted(raw, document, outcome)


def _unaccounted(raw: bytes, document: Node, outcome: Outcome) -> Iterator[str]:
    known, orders = places(document), set(_orders(document, _word(document, "resourceType")))
    entered = {entry.at for entry in outcome.entries if not _REFERENCE.search(entry.at)}
    if entered - orders != known.keys():
        yield "one entry per Observation and component"
        return
    for entry in outcome.entries:
        if entry.state == "translated" and entry.at in known:
            yield from _lies(raw, entry, *known[entry.at], outcome)


def _is_beyond(raw: bytes, document: Node) -> bool:
    """Tell what is JSON and still not read: nested too deeply, half characters, numbers that no Decimal takes."""
    return depth(document) > _LARGEST_DEPTH or re.search(rb"\\u[dD][89a-fA-F]|\d{300}|[eE][+-]?\d{3}", raw) is not None


def _lies(raw: bytes, entry: Entry, node: Node, holders: list[Node], outcome: Outcome) -> Iterator[str]:
    """Name what a translated entry must never be."""
    assert entry.submission is not None
    assert entry.observation is not None
    sent = outcome.submissions[entry.submission].body["observations"][entry.observation]
    values = [key for key in node if key.startswith("value") and key != "valueSet"]
    if _word(holders[0], "status") not in _SENT | {"cancelled"}:
        yield "a status that is not sent is not sent"
    if any(holder.get("modifierExtension") or holder.get("implicitRules") for holder in holders):
        yield "what is modified is not sent"
    if len(values) != 1 or (isinstance(node.get("dataAbsentReason"), dict) and node["dataAbsentReason"]):
        yield "what is sent has one value and no reason for none"
    quantity = node.get("valueQuantity")
    if isinstance(quantity, dict) and quantity.get("comparator") and "value_numeric" in sent:
        yield "a limit is no number"
    if "value_numeric" in sent and entry.original is None and sent["value_numeric"] != _number(node):
        yield "a number that was not converted is the number that was measured"
    if outcome.submissions[entry.submission].service_request_id.encode() not in raw.lower() + _KNOWN:
        yield "a service request stands in the document, or in the correlation"


def _number(node: Node) -> object:
    """Give the number of an Observation, however its value is typed."""
    quantity = node.get("valueQuantity")
    found = quantity.get("value") if isinstance(quantity, dict) else node.get("valueInteger", node.get("valueString"))
    return float(found) if isinstance(found, int | float | str) else None
