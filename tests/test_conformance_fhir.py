"""FHIR documents are compared with R4B or R5, resource by resource; findings name rules and paths, never values."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.exported import PATIENT, hdl, order, report
from translator import Translator
from translator.conformance import with_conformance
from translator.conformance_fhir import check_fhir

ENGINE = Translator.load()
RIGHT = [
    report(1, "a"),
    hdl("a"),
    PATIENT,
    order(1) | {"status": "active", "intent": "order", "subject": {"reference": "Patient/p"}},
]


def bundle(*resources: Any, **elements: Any) -> bytes:
    """Put resources into a Bundle."""
    entries = [{"resource": resource} for resource in resources]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries} | elements).encode()


def found(raw: bytes) -> list[tuple[str, str, str]]:
    """Give every finding in short."""
    return [(each.code, each.severity, each.at) for each in check_fhir(raw)]


def test_right_document_has_no_finding() -> None:
    """What follows the rules is not spoken of."""
    assert found(bundle(*RIGHT)) == []


@pytest.mark.parametrize(
    ("resource", "severity", "at", "text"),
    [
        pytest.param(
            hdl("a", valueQuantity={"value": ""}),
            "error",
            "valueQuantity.value",
            "the value is not in the form of its type",
            id="value",
        ),
        pytest.param(
            hdl("a") | {"shoeSize": 44}, "error", "shoeSize", "this version has no such element", id="element"
        ),
        pytest.param(
            hdl("a") | {"Jane Sample": 1},
            "error",
            "(no name of an element)",
            "this version has no such element",
            id="name-where-an-element-belongs",
        ),
        pytest.param(hdl("a") | {"category": {}}, "error", "category", "a list belongs here", id="list"),
        pytest.param(
            {"resourceType": "Observation", "status": "final"}, "error", "code", "the element is required", id="missing"
        ),
        pytest.param(hdl("a") | {"code": "x"}, "error", "code", "an object belongs here", id="object"),
        pytest.param(hdl("a") | {"note": [{"text": 5}]}, "error", "note[0].text", "text belongs here", id="text"),
        pytest.param(hdl("a") | {"id": "a_1"}, "error", "id", "the value is not in the form of its type", id="id"),
        pytest.param({"resourceType": "Basic"}, "warning", "code", "the element is required", id="not-read"),
    ],
)
def test_broken_rule_is_named_with_its_path(resource: dict[str, Any], severity: str, at: str, text: str) -> None:
    """What translation does not read only warns."""
    (finding,) = check_fhir(bundle(*RIGHT, resource))

    assert (finding.code, finding.severity) == ("not-conformant", severity)
    assert (finding.at, finding.text) == (f"Bundle.entry[4].resource.{at}", text)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param(
            bundle({"resourceType": "Moon"}, {"resourceType": "Jane Sample"}, {}, "x"),
            [("conformance-unchecked", "warning", f"Bundle.entry[{n}].resource") for n in (0, 1)],
            id="resources-that-nobody-defines",
        ),
        pytest.param(
            bundle({"resourceType": "DiagnosticReport", "status": "final", "code": {"text": "x"}, "performer": {}}),
            [("conformance-unchecked", "error", "Bundle.entry[0].resource.performer")],
            id="old-version",
        ),
        pytest.param(bundle(type=5), [("not-conformant", "error", "Bundle.type")], id="the-bundle-itself"),
        pytest.param(
            bundle(
                hdl("a")
                | {"contained": [{"resourceType": "Patient", "birthDate": "yesterday"}, {"resourceType": "Moon"}]}
            ),
            [
                ("not-conformant", "error", "Bundle.entry[0].resource.contained[0].birthDate"),
                ("conformance-unchecked", "warning", "Bundle.entry[0].resource.contained[1]"),
            ],
            id="contained",
        ),
        pytest.param(
            bundle(json.loads(bundle(hdl("a") | {"code": 5}))),
            [("not-conformant", "error", "Bundle.entry[0].resource.entry[0].resource.code")],
            id="bundle-in-a-bundle",
        ),
        pytest.param(b"{broken", [], id="no-json"),
        pytest.param(b"[]", [], id="no-object"),
        pytest.param(b"<broken", [], id="no-xml"),
        pytest.param(
            b'<Observation xmlns="http://hl7.org/fhir"><status value="final"/></Observation>',
            [("not-conformant", "error", "Observation.code")],
            id="xml",
        ),
    ],
)
def test_document_is_compared_resource_by_resource(raw: bytes, expected: list[tuple[str, str, str]]) -> None:
    """One resource that cannot be compared leaves the others alone; what cannot be read is told elsewhere."""
    assert found(raw) == expected


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        pytest.param("", [], id="r4-by-default"),
        pytest.param("R4B", [], id="r4b"),
        pytest.param("R5", [("not-conformant", "error", "Bundle.entry[0].resource.imagingStudy")], id="r5"),
    ],
)
def test_version_decides_which_definitions_count(version: str, expected: list[tuple[str, str, str]]) -> None:
    """R4 is compared as R4B; R5 has another name for the studies of a report."""
    raw = bundle(report(1) | {"imagingStudy": []})

    assert [(each.code, each.severity, each.at) for each in check_fhir(raw, version)] == expected


def test_findings_hold_nothing() -> None:
    """State, submissions and entries stay; the remarks come after those of the translation."""
    raw = bundle(*RIGHT, {"resourceType": "Basic"})
    outcome = ENGINE.translate(raw)

    compared = with_conformance(raw, outcome, ENGINE.tables)

    assert (compared.state, compared.submissions, compared.entries) == (
        "translated",
        outcome.submissions,
        outcome.entries,
    )
    assert [each.code for each in compared.diagnostics] == ["not-conformant"]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["resourceType", "id", "status", "code", "contained", "entry", "resource", "meta", "value"]
                ),
                inner | st.sampled_from(["Observation", "Bundle", "Patient"]),
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_any_document_is_compared(node: object) -> None:
    """Whatever stands where, there are findings and no exception, and none has a value in it."""
    for finding in check_fhir(bundle({"resourceType": "Observation", "note": node}, node)):
        assert finding.code in {"not-conformant", "conformance-unchecked"}
