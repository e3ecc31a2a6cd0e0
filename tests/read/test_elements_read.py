"""What is said to be read of FHIR is read, and what is said to be unread changes nothing: over every fixture."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

import msgspec
import pytest

from tests.fates import Case, cases, fate
from tests.lab_messages import service_request
from translator.read.elements_read import Elements, elements_read, is_element_read
from translator.read.fhir import SERVICE_REQUEST_SYSTEM
from translator.read.fhir_xml import xml_to_json

_encode = msgspec.json.Encoder(decimal_format="number").encode
_WORDS = (
    "Q7",
    "1999-01-01",
    "1999-01-01T10:00:00Z",
    "UR",
    "entered-in-error",
    "cancelled",
    "HTEST",
    "next",
    "DELETE",
    "MB",
    "3fa85f64-5717-4562-b3fc-2c963f66afa6",
)


class Leaf(NamedTuple):
    """A place in a document: the object that holds it, its key there, and which element of which resource it is."""

    holder: dict[str, Any]
    key: str
    name: str
    path: str


def _leaves(root: Any) -> Iterator[Leaf]:
    """Give every element of a document, resource by resource."""
    resources = [root] if isinstance(root, dict) else []
    while resources:
        resource = resources.pop()
        waiting = [("", resource)]
        while waiting:
            path, node = waiting.pop()
            for key, value in node.items():
                below = f"{path}.{key}" if path else key
                inner = value if isinstance(value, list) else [value]
                objects = [each for each in inner if isinstance(each, dict)]
                yield Leaf(node, key, str(resource.get("resourceType")), below)
                if key == "contained" or below == "entry.resource":
                    resources += objects
                else:
                    waiting += [(below, each) for each in objects]


@cache
def _documents() -> tuple[tuple[Case, bytes], ...]:
    """Give every fixture that is one document, written down anew."""
    found = []
    for case in cases("fhir"):
        try:
            raw = xml_to_json(case.raw) if case.raw.lstrip().startswith(b"<") else case.raw
            root = json.loads(raw.decode("utf-8-sig"), parse_float=Decimal)
        except ValueError:
            continue
        found.append((case, _encode(root)))
    reports, orders = (next(each for each, _ in found if each.name == name) for name in _USUAL)
    more = [
        (reports, _report(specimen="UR")),
        (reports, _report(issued="")),
        (reports, _report(issued="", effective="")),
        (orders, _order()),
    ]
    return (*found, *((case._replace(name="written-here"), _encode(root)) for case, root in more))


_USUAL = ("a-final-bundle-is-sent-as-final/message.json", "a-new-order-is-sent/twin.json")
_LAB = "https://lab.example.org"


def _entry(kind: str, identity: str, **elements: Any) -> dict[str, Any]:
    return {"fullUrl": f"{_LAB}/{kind}/{identity}", "resource": {"resourceType": kind, "id": identity, **elements}}


def _coded(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def _report(specimen: str = "SER", **times: str) -> dict[str, Any]:
    """Write a report that names its specimen by its observation, and its times as they are given."""
    told = {"issued": "2026-01-05T10:00:00Z", "effective": "2026-01-05T09:00:00Z"} | times
    number = {"system": SERVICE_REQUEST_SYSTEM, "value": service_request(1)}
    entries = [
        _entry("DiagnosticReport", "d1", status="final", code=_coded("http://loinc.org", "24331-1"),
               issued=told["issued"], effectiveDateTime=told["effective"], basedOn=[{"reference": "ServiceRequest/s1"}],
               subject={"reference": "Patient/p1"}, result=[{"reference": "Observation/o1"}]),
        _entry("Observation", "o1", status="final", code=_coded("http://loinc.org", "2093-3"),
               valueQuantity={"value": 185, "unit": "mg/dL"}, specimen={"reference": "Specimen/u1"}),
        _entry("ServiceRequest", "s1", identifier=[number]),
        _entry("Patient", "p1", identifier=[{"system": _LAB, "value": "EX-1"}], birthDate="1980-01-01"),
        _entry("Specimen", "u1", type=_coded("http://terminology.hl7.org/CodeSystem/v2-0487", specimen)),
    ]  # fmt: skip
    return {"resourceType": "Bundle", "type": "collection", "timestamp": "2026-01-05T11:00:00Z", "entry": entries}


def _order() -> dict[str, Any]:
    """Write an order of an organisation by one of its people, with answers, in a message."""
    answer = [{"linkId": "PHONE", "answer": [{"valueBoolean": True}]}]
    entries = [
        _entry("MessageHeader", "m1"),
        _entry("Composition", "c1", status="final"),
        _entry("ServiceRequest", "s1", identifier=[{"system": _LAB, "value": "ORD-1"}], status="active", intent="order",
               code=_coded("L", "HSAT"), subject={"reference": "Patient/p1"}, requisition={"value": "GRP-1"},
               requester={"reference": "PractitionerRole/r1"}, authoredOn="2026-01-05T10:20:00Z",
               supportingInfo=[{"reference": "QuestionnaireResponse/q1"}]),
        _entry("PractitionerRole", "r1", organization={"reference": "Organization/g1"}),
        _entry("Organization", "g1", name="Example clinic", identifier=[{"value": "ORG-1"}]),
        _entry("QuestionnaireResponse", "q1", status="completed", item=answer),
        _entry("Patient", "p1", identifier=[{"system": _LAB, "value": "EX-1"}], birthDate="1980-01-01",
               name=[{"family": "Example", "given": ["Test"]}]),
    ]  # fmt: skip
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def _parsed(raw: bytes) -> Any:
    return json.loads(raw, parse_float=Decimal)


def _table(case: Case) -> Elements:
    return elements_read(orders=case.orders)


def _other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | Decimal):
        return 77
    return "Q7" if isinstance(value, str) else value


def _replaced(leaf: Leaf) -> None:
    leaf.holder[leaf.key] = _other(leaf.holder[leaf.key])


def _removed(leaf: Leaf) -> None:
    leaf.holder.pop(leaf.key, None)


@pytest.mark.parametrize("change", [pytest.param(_replaced, id="replaced"), pytest.param(_removed, id="removed")])
def test_unread_element_changes_nothing(change: Callable[[Leaf], None]) -> None:
    """Whatever stands in the elements that nobody reads, in every fixture, the fate stays the same."""
    changed = set()
    for case, raw in _documents():
        root = _parsed(raw)
        for leaf in list(_leaves(root)):
            if not is_element_read(_table(case), leaf.name, leaf.path):
                change(leaf)
        if fate(case, _encode(root)) != fate(case, raw):
            changed.add(case.name)

    assert not changed


def test_unknown_element_changes_nothing() -> None:
    """An element that FHIR does not know, in every object of every fixture, changes nothing."""
    changed = set()
    for case, raw in _documents():
        root = _parsed(raw)
        for holder in {id(leaf.holder): leaf.holder for leaf in list(_leaves(root))}.values():
            holder["q7"] = "Q7"
        if fate(case, _encode(root)) != fate(case, raw):
            changed.add(case.name)

    assert not changed


def _changes(leaf: Leaf) -> Iterator[Any]:
    """Give other contents for an element: other words, or nothing at all."""
    value = leaf.holder[leaf.key]
    yield from _WORDS if isinstance(value, str) else (_other(value),)
    yield None


def _with(root: Any, at: int, content: Any) -> bytes:
    leaf = list(_leaves(root))[at]
    if content is None:
        _removed(leaf)
    else:
        leaf.holder[leaf.key] = content
    return _encode(root)


def _witnesses(names: tuple[str, ...], element: str, *, orders: bool) -> Iterator[bool]:
    """Change what an element holds, take it away, or put it where it was not, in every fixture of the kind."""
    table = {name: frozenset({element}) for name in names}
    for case, raw in _documents():
        if case.orders is not orders:
            continue
        usual = fate(case, raw)
        for at, leaf in enumerate(_leaves(_parsed(raw))):
            if is_element_read(table, leaf.name, leaf.path):
                yield from (fate(case, _with(_parsed(raw), at, content)) != usual for content in _changes(leaf))
        if "." not in element:
            yield from (fate(case, other) != usual for other in _inserted(raw, names, element))


_INSERTED = (
    [{"url": "https://example.org/not", "relation": "next"}], "Q7", "1999-01-01T10:00:00Z", [{"code": "Q7"}],
    {"code": "Q7", "end": "1999-01-01T10:00:00Z"},
)  # fmt: skip


def _inserted(raw: bytes, names: tuple[str, ...], element: str) -> Iterator[bytes]:
    """Put an element into every resource of a type that lacks it."""
    for content in _INSERTED:
        root = _parsed(raw)
        holders = [leaf.holder for leaf in _leaves(root) if leaf.path == "resourceType" and leaf.name in names]
        lacking = [holder for holder in holders if element not in holder]
        for holder in lacking:
            holder[element] = content
        if lacking:
            yield _encode(root)


def _named(*, orders: bool) -> Iterator[tuple[tuple[str, ...], str]]:
    """Give every element that is named; what is read of every resource need change something in one of them."""
    table = elements_read(orders=orders)
    common = frozenset.intersection(*table.values())
    yield from ((tuple(table), element) for element in sorted(common))
    yield from (((name,), element) for name, elements in table.items() for element in sorted(elements - common))


_READ = [
    pytest.param(names, element, orders, id="-".join(["order" * orders or "result", *names[:1], element]))
    for orders in (False, True)
    for names, element in _named(orders=orders)
]


@pytest.mark.parametrize(("names", "element", "orders"), _READ)
def test_read_element_changes_the_fate(names: tuple[str, ...], element: str, orders: bool) -> None:  # noqa: FBT001 - a case
    """Each element that is named as read can change what becomes of some document."""
    assert any(_witnesses(names, element, orders=orders))
