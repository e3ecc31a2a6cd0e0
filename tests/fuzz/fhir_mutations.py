"""
Turn FHIR documents into others that a sender might write, well or badly, and into some that nobody would.

A document is changed as what it is (resources, references, codes, values) and then written in one of many ways; what
is no JSON gets the mutations of bytes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from random import Random
from typing import Any, TypeAlias

from tests.fuzz.fhir_writing import write
from tests.fuzz.mutations import cut, delete, flip_byte, insert_word, repeat, splice

Node: TypeAlias = dict[str, Any]
Change: TypeAlias = Callable[[Random, Node, Sequence[bytes]], None]

# Enough for every seed with a few resources more.
LONGEST_BYTES = 65_536

UCUM = "http://unitsofmeasure.org"
_STATUSES = (
    "final", "final", "preliminary", "amended", "corrected", "appended", "partial", "modified", "registered",
    "cancelled", "entered-in-error", "unknown", "banana", "FINAL", "final ", "", None, 5, ["final"],
)  # fmt: skip
_AMOUNTS: tuple[object, ...] = (185, 5.4, 0.01, -3, 1e30, 0, "5.4", None, True, [5], {"value": 5})
_UNITS = ("mg/dL", "mmol/L", "g/L", "furlong", "", " mg/dL ", "K/uL", "m[IU]/L", "%", None, 7)
_VALUES: tuple[tuple[str, object], ...] = (
    ("valueString", "POS"), ("valueString", "5.4"), ("valueString", "<5"), ("valueString", ""), ("valueString", "TNP"),
    ("valueString", 5), ("valueInteger", 5), ("valueInteger", 5.5), ("valueInteger", True), ("valueBoolean", True),
    ("valueBoolean", "true"), ("valueDateTime", "2026-03-01"), ("valueTime", "10:00:00"), ("valuePeriod", {}),
    ("valueCodeableConcept", {"coding": [{"system": "http://snomed.info/sct", "code": "278149003"}]}),
    ("valueCodeableConcept", {"text": "A Rh(D) positive"}), ("valueCodeableConcept", {}),
    ("valueRatio", {"numerator": {"value": 1}, "denominator": {"value": 160}}), ("valueRatio", {"numerator": {}}),
    ("valueRange", {"low": {"value": 2, "unit": "mg/dL"}, "high": {"value": 5, "unit": "mg/dL"}}),
    ("valueSampledData", {"data": "1 2"}), ("valueAttachment", {"url": "x"}), ("valueReference", {"reference": "#o1"}),
    ("valueQuantity", {}), ("valueQuantity", []), ("valueQuantity", "185 mg/dL"), ("value", 5), ("valueBanana", 5),
    ("_valueString", {"extension": [{"url": "x", "valueCode": "unknown"}]}),
)  # fmt: skip
_BESIDE: tuple[tuple[str, object], ...] = (
    ("dataAbsentReason", {"coding": [{"code": "unknown"}]}), ("dataAbsentReason", {}), ("dataAbsentReason", "x"),
    ("interpretation", [{"coding": [{"code": "<"}]}]), ("interpretation", [{"coding": [{"code": ">"}, {"code": "<"}]}]),
    ("interpretation", [{"coding": [{"code": "H"}]}]), ("modifierExtension", [{"url": "x", "valueBoolean": False}]),
    ("modifierExtension", []), ("implicitRules", "http://example.org/rules"), ("implicitRules", ""),
    ("referenceRange", [{"low": {"value": 5}}]), ("hasMember", [{"reference": "Observation/o1"}]),
    ("hasMember", [None]),
    ("component", [{"code": {"coding": [{"system": "http://loinc.org", "code": "2085-9"}]}, "valueInteger": 55}]),
    ("component", {"code": {}}), ("component", [None, {}, 5]), ("contained", []), ("contained", {"id": "x"}),
    ("basedOn", [{"reference": "#nobody"}]), ("basedOn", {"reference": "ServiceRequest/s1"}), ("_status", {"id": "x"}),
    ("meta", {"tag": [{"code": "HTEST"}]}), ("meta", {"versionId": "2"}), ("resourceType", "Basic"), ("id", None),
    ("specimen", [{"reference": "Specimen/1"}]), ("subject", {"reference": "Patient/other"}), ("identifier", {}),
)  # fmt: skip
_CODES: tuple[object, ...] = (
    {"system": "http://loinc.org", "code": "2093-3"}, {"system": "http://loinc.org", "code": "2085-9"},
    {"system": "urn:oid:2.16.840.1.113883.6.1", "code": "2345-7"}, {"system": "https://loinc.org", "code": "2093-3"},
    {"system": "http://loinc.org", "code": "2093-4"}, {"code": "2093-3"}, {"system": "http://loinc.org"}, {}, None, "x",
    {"system": "http://snomed.info/sct", "code": "1"}, {"system": "http://loinc.org ", "code": " 2093-3"},
)  # fmt: skip
_TYPES = (
    "collection", "transaction", "batch", "searchset", "message", "document", "history", "batch-response",
    "transaction-response", "subscription-notification", "banana", "", None,
)  # fmt: skip
_REQUESTS: tuple[object, ...] = (
    {"method": "POST", "url": "Observation"}, {"method": "PUT", "url": "Observation/1"}, {"method": "GET"}, [], None,
    {"method": "DELETE", "url": "Observation/1"}, {"method": "PATCH", "url": "Observation/1"}, {"method": "delete"},
    {"method": "POST", "ifNoneExist": "identifier=x"},
)  # fmt: skip
_URLS = ("urn:uuid:00000000-0000-4000-8000-000000000001", "https://lab.example.org/fhir/Observation/o1", "x", "", None)


def mutate_fhir(random: Random, pool: Sequence[bytes]) -> bytes:
    """Take a document, do one to six things to it, and write it in some way."""
    raw = random.choice(pool)
    try:
        document = json.loads(raw)
    except ValueError:
        return random.choice(_OF_BYTES)(random, raw, pool)
    if isinstance(document, dict):
        for _ in range(1 + min(int(random.expovariate(0.6)), 5)):
            random.choice(_CHANGES)(random, document, pool)
    raw = write(random, document)
    if random.random() < 0.15:
        raw = random.choice(_OF_BYTES)(random, raw, pool)
    return raw[:LONGEST_BYTES]


_OF_BYTES = (flip_byte, insert_word, delete, repeat, splice, cut)


def resources(node: Node) -> Iterator[Node]:
    """Give every resource of a document, those that hold others first; all shapes are looked through."""
    yield node
    held = [*_dicts(node.get("contained")), *(entry.get("resource") for entry in _dicts(node.get("entry")))]
    for inner in held:
        if isinstance(inner, dict):
            yield from resources(inner)


def _dicts(items: object) -> list[Node]:
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _some(random: Random, document: Node, kind: str = "") -> Node:
    """Give a resource, of a kind where there is one."""
    found = [node for node in resources(document) if not kind or node.get("resourceType") == kind]
    return random.choice(found) if found else document


def _observed(random: Random, document: Node) -> Node:
    """Give an Observation, or a component of one."""
    node = _some(random, document, "Observation")
    parts = _dicts(node.get("component"))
    return random.choice(parts) if parts and random.random() < 0.5 else node


def _references(node: object) -> Iterator[Node]:
    waiting = [node]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            if isinstance(each.get("reference"), str):
                yield each
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each


def set_status(random: Random, document: Node, _: Sequence[bytes]) -> None:
    """Give a resource another status."""
    _some(random, document, random.choice(("Observation", "DiagnosticReport", "ServiceRequest", ""))).update(
        status=random.choice(_STATUSES)
    )


def set_value(random: Random, document: Node, _: Sequence[bytes]) -> None:
    """Give an observation another value, instead of its own or beside it."""
    node = _observed(random, document)
    if random.random() < 0.8:
        for key in [key for key in node if key.startswith("value")]:
            del node[key]
    if random.random() < 0.5:
        quantity = {"value": deepcopy(random.choice(_AMOUNTS)), "unit": random.choice(_UNITS)}
        if random.random() < 0.5:
            quantity |= {"system": UCUM, "code": random.choice(_UNITS)}
        if random.random() < 0.3:
            quantity["comparator"] = random.choice(("<", ">", "<=", ">=", "ad", "", None, "~"))
        node["valueQuantity"] = quantity
    else:
        key, value = random.choice(_VALUES)
        node[key] = deepcopy(value)


def set_beside(random: Random, document: Node, _: Sequence[bytes]) -> None:
    """Put an element beside the others, or in the place of one."""
    key, value = random.choice(_BESIDE)
    node = _observed(random, document) if random.random() < 0.7 else _some(random, document)
    node[key] = deepcopy(value)


def change_code(random: Random, document: Node, _: Sequence[bytes]) -> None:
    """Take a coding away, put one beside, or exchange it."""
    node = _observed(random, document)
    code = node.setdefault("code", {})
    if not isinstance(code, dict) or not isinstance(code.setdefault("coding", []), list):
        node["code"] = {"coding": [deepcopy(random.choice(_CODES))]}
        return
    listed = code["coding"]
    if listed and random.random() < 0.5:
        listed.pop(random.randrange(len(listed)))
    listed.insert(random.randint(0, len(listed)), deepcopy(random.choice(_CODES)))


def change_reference(random: Random, document: Node, _: Sequence[bytes]) -> None:
    """Write a reference in another form, or let it lead elsewhere."""
    found = list(_references(document))
    if not found:
        return
    reference = random.choice(found)
    other = random.choice(found)["reference"]
    target: str = reference["reference"]
    name = "/".join(target.split("/")[-2:])
    reference["reference"] = random.choice(
        (
            other, name, f"https://lab.example.org/fhir/{name}", f"https://other.example.org/fhir/{name}",
            f"{target}/_history/2",
            "#" + target.rpartition("/")[2], target.rpartition("/")[2], f"{name}?identifier=x", "Observation?code=1",
            "#",
            "urn:uuid:00000000-0000-4000-8000-000000000001", "", None, 5, f" {target} ", f"{target}#x", target.upper(),
        )
    )  # fmt: skip


def change_url(random: Random, document: Node, _: Sequence[bytes]) -> None:
    """Change where an entry says that it stands."""
    entries = _dicts(document.get("entry"))
    if entries:
        entry = random.choice(entries)
        entry["fullUrl"] = random.choice((*_URLS, random.choice(entries).get("fullUrl")))


def change_id(random: Random, document: Node, _: Sequence[bytes]) -> None:
    """Give a resource the name of another one, or none."""
    node, other = _some(random, document), _some(random, document)
    node["id"] = random.choice((other.get("id"), None, "", 5, "x" * 70, "#o1"))


def contain(random: Random, document: Node, _: Sequence[bytes]) -> None:
    """Move a resource into another one."""
    entries = _dicts(document.get("entry"))
    if len(entries) < 2:
        return
    entry = random.choice(entries)
    node = deepcopy(entry.get("resource"))
    document["entry"].remove(entry)
    home = _some(random, document, "DiagnosticReport")
    if isinstance(node, dict):
        held = home.get("contained")
        home["contained"] = [*_dicts(held), node]


def shuffle(random: Random, document: Node, _: Sequence[bytes]) -> None:
    """Mix, double or drop entries, or put them into a Bundle inside."""
    entries = document.get("entry")
    if not isinstance(entries, list) or not entries:
        return
    at = random.randrange(len(entries))
    match random.randrange(4):
        case 0:
            random.shuffle(entries)
        case 1:
            entries.insert(at, deepcopy(random.choice(entries)))
        case 2:
            entries.pop(at)
        case _:
            entries[at] = {"resource": {"resourceType": "Bundle", "type": "collection", "entry": entries[at:]}}


def link(random: Random, document: Node, _: Sequence[bytes]) -> None:
    """Let one observation or report list another: twice, itself, or in a ring."""
    node = _some(random, document, random.choice(("Observation", "DiagnosticReport")))
    key = "result" if node.get("resourceType") == "DiagnosticReport" else "hasMember"
    target = _some(random, document, "Observation")
    listed = node.get(key)
    node[key] = [*(listed if isinstance(listed, list) else []), {"reference": f"Observation/{target.get('id')}"}]


def change_bundle(random: Random, document: Node, _: Sequence[bytes]) -> None:
    """Change what the Bundle says about itself or about an entry."""
    entries = _dicts(document.get("entry"))
    match random.randrange(5):
        case 0:
            document["type"] = random.choice(_TYPES)
        case 1:
            document["link"] = [{"relation": random.choice(("next", "self", "last")), "url": "https://lab.example.org"}]
        case 2 if entries:
            random.choice(entries)["request"] = deepcopy(random.choice(_REQUESTS))
        case 3 if entries:
            random.choice(entries)["search"] = {"mode": random.choice(("match", "include", "outcome", "x"))}
        case _:
            document["entry"] = random.choice(([], None, {}, [None], [{}], "x")) if random.random() < 0.1 else entries


def graft(random: Random, document: Node, pool: Sequence[bytes]) -> None:
    """Put a resource of another document in."""
    try:
        other = json.loads(random.choice(pool))
    except ValueError:
        return
    if isinstance(other, dict) and isinstance(document.get("entry"), list):
        document["entry"].append({"resource": _some(random, other, "Observation")})


_CHANGES: tuple[Change, ...] = (
    set_status, set_value, set_value, set_beside, set_beside, change_code, change_reference, change_reference,
    change_url, change_id, contain, shuffle, link, change_bundle, graft,
)  # fmt: skip
