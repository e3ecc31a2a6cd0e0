"""
Write reports as FHIR documents in every way that means the same.

The type of the Bundle, where resources stand, how references are written, the order of entries and keys, what else is
in the Bundle, and how the JSON is spelled: all that is the sender's choice.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterable, Iterator, Sequence
from random import Random
from typing import NamedTuple

from hypothesis import strategies as st

from tests.strategies.reports import PATIENT, Measured, Node, Observed, Reported, request
from translator.record.values import Coding

BASE = "https://lab.example.org/fhir"
_NUMBER = re.compile(r'"#number:([^#"]+)#"')
_KEY = re.compile(r'"([A-Za-z])([A-Za-z]*)":')

# Whether entries have a fullUrl, and how references are written.
REFERENCES = ("relative", "absolute", "versioned", "urn", "urn-but-relative", "without-url")
KINDS = ("collection", "transaction", "batch", "searchset", "message", "document")
_FIRST: dict[str, Node] = {
    "message": {"resourceType": "MessageHeader", "id": "m1", "eventCoding": {"code": "R01"}},
    "document": {"resourceType": "Composition", "id": "c1", "status": "final", "title": "Results"},
}
_EXTRAS: tuple[Node, ...] = (
    {"resourceType": "Organization", "id": "o1", "name": "Example laboratory"},
    {"resourceType": "Practitioner", "id": "r1"},
    {"resourceType": "FooBarType", "id": "o2", "status": "final", "component": [{"valueInteger": 5}]},
    {"resourceType": "Patient", "id": "p2", "birthDate": "1990-01-05"},
    {"resourceType": "Provenance", "target": [{"reference": "Observation/9"}], "note": '{"status": "final"}'},
    {"resourceType": "OperationOutcome", "issue": [{"severity": "information", "code": "informational"}]},
)


class Layout(NamedTuple):
    """
    One way to write.

    Shape: `kind` is the type of the Bundle, empty for a bare DiagnosticReport; where `contained`, a report holds all
    that it refers to; `chance` decides about order and spelling.
    """

    kind: str = "collection"
    references: str = "relative"
    contained: bool = False
    extras: tuple[Node, ...] = ()
    shuffled: bool = False
    indent: int | None = None
    ascii: bool = True
    byte_order_mark: bool = False
    escaped_keys: bool = False
    chance: Random = Random(1)  # noqa: S311 - seeded on purpose


PLAIN = Layout()
BARE = Layout(kind="", contained=True)


@st.composite
def layouts(draw: st.DrawFn, *, bare: bool) -> Layout:
    """Draw a way to write; a bare DiagnosticReport only where there is one report."""
    kind = draw(st.sampled_from([*KINDS, ""] if bare else KINDS))
    flags = [draw(st.booleans()) for _ in range(5)]
    return Layout(
        kind,
        draw(st.sampled_from(REFERENCES)),
        not kind or flags[0],
        tuple(draw(st.lists(st.sampled_from(_EXTRAS), max_size=3, unique_by=id))),
        flags[1],
        draw(st.sampled_from([None, 0, 2])),
        flags[2],
        flags[3],
        flags[4],
        Random(draw(st.integers(0, 2**32))),  # noqa: S311 - seeded on purpose
    )


def write(reports: Sequence[Reported], layout: Layout) -> bytes:
    """Write the reports as one document."""
    groups = [[_strip(node) for node in _resources(report)] for report in reports]
    if layout.contained:
        held = [_held(group, PATIENT) for group in groups]
        document = _bundle(held, layout) if layout.kind else held[0]
    else:
        nodes = [node for group in groups for node in group]
        document = _bundle([*nodes, PATIENT], layout)
    return _spelled(document, layout)


def _resources(report: Reported) -> Iterator[Node]:
    """Give the report, its service request and its observations; a reference is written as `Type/id` for now."""
    found: list[Node] = []
    results = [_observation(observed, report.number, found) for observed in report.results]
    yield {
        "resourceType": "DiagnosticReport",
        "id": f"r{report.number}",
        "status": report.status,
        "code": {"coding": [{"system": "http://loinc.org", "code": "24331-1"}]},
        "subject": {"reference": "Patient/p1"},
        "basedOn": [{"reference": f"ServiceRequest/s{report.number}"}],
        "issued": "2026-03-01T10:10:00Z",
        "result": [{"reference": f"Observation/{name}"} for name in results],
    }
    yield request(report)
    yield from found


def _observation(observed: Observed, group: int, found: list[Node]) -> str:
    name = f"g{group}-{len(found) + 1}"
    node: Node = {"resourceType": "Observation", "id": name, "status": observed.status}
    found.append(node)
    node |= _measured(observed.codes, observed.measured)
    node["component"] = [_measured(*part) for part in observed.parts]
    node["hasMember"] = [{"reference": f"Observation/{_observation(each, group, found)}"} for each in observed.members]
    return name


def _measured(codes: Iterable[Coding], measured: Measured) -> Node:
    listed = [{key: getattr(coding, key) for key in ("system", "code") if getattr(coding, key)} for coding in codes]
    return {"code": {"coding": listed}, **measured.elements}


def _strip(node: Node) -> Node:
    return {key: value for key, value in node.items() if value != []}


def _held(group: list[Node], patient: Node) -> Node:
    """Put a report's resources into it; the references of all of them then lead there."""
    report, *others = (json.loads(_to_contained(json.dumps(node))) for node in group)
    return {**report, "contained": [*others, patient]}


def _to_contained(written: str) -> str:
    return re.sub(r'"reference": "[A-Za-z]+/', '"reference": "#', written)


def _bundle(nodes: Sequence[Node], layout: Layout) -> Node:
    entries = [_entry(node, layout) for node in (*nodes, *layout.extras)]
    if layout.shuffled:
        layout.chance.shuffle(entries)
    if layout.kind in _FIRST:
        entries.insert(0, _entry(_FIRST[layout.kind], layout))
    return {"resourceType": "Bundle", "id": "b1", "type": layout.kind, "entry": entries}


def _entry(node: Node, layout: Layout) -> Node:
    name = f"{node['resourceType']}/{node.get('id', 'none')}"
    entry: Node = {"resource": json.loads(_referred(json.dumps(node), layout.references))}
    if layout.references != "without-url":
        entry["fullUrl"] = _urn(name) if layout.references.startswith("urn") else f"{BASE}/{name}"
    if layout.kind == "searchset":
        entry["search"] = {"mode": "outcome" if node["resourceType"] == "OperationOutcome" else "match"}
    if layout.kind in {"transaction", "batch"}:
        entry["request"] = {"method": "POST", "url": node["resourceType"]}
    return entry


def _urn(name: str) -> str:
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, name)}"


def _referred(written: str, style: str) -> str:
    """Write `Type/id` as the style has it."""

    def refer(found: re.Match[str]) -> str:
        name = found[1]
        form = {"absolute": f"{BASE}/{name}", "versioned": f"{name}/_history/3", "urn": _urn(name)}.get(style, name)
        return f'"reference": "{form}"'

    return re.sub(r'"reference": "([A-Z][A-Za-z]+/[^"]+)"', refer, written)


def _spelled(document: Node, layout: Layout) -> bytes:
    mixed = _mixed(document, layout.chance) if layout.shuffled else document
    written = json.dumps(mixed, indent=layout.indent, ensure_ascii=layout.ascii)
    if layout.escaped_keys:
        written = _KEY.sub(lambda key: f'"\\u{ord(key[1]):04x}{key[2]}":', written)
    written = _NUMBER.sub(r"\1", written)
    return written.encode("utf-8-sig" if layout.byte_order_mark else "utf-8")


def _mixed(node: object, chance: Random) -> object:
    """Put the keys of every object into another order."""
    if isinstance(node, list):
        return [_mixed(item, chance) for item in node]
    if not isinstance(node, dict):
        return node
    keys = list(node)
    chance.shuffle(keys)
    return {key: _mixed(node[key], chance) for key in keys}
