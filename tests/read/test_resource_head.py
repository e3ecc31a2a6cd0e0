"""Of a resource only its name and references are read, and what cannot be one is told."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translator.read.resource_head import read_head


@pytest.mark.parametrize(
    ("resource", "names"),
    [
        pytest.param({"result": [{"reference": "Observation/a"}]}, ["Observation/a"], id="relative"),
        pytest.param({"result": [{"reference": "Observation/a/_history/3"}]}, ["Observation/a"], id="version"),
        pytest.param(
            {"subject": {"reference": "https://lab.example/fhir/Patient/p"}}, ["Patient/p"], id="another-server"
        ),
        pytest.param({"result": [{"reference": "#inside"}]}, [], id="contained"),
        pytest.param({"result": [{"reference": "urn:uuid:00000000-0000-4000-8000-000000000001"}]}, [], id="urn"),
        pytest.param({"subject": {"display": "somebody"}}, [], id="no-reference"),
        pytest.param({"result": {"reference": "Observation/a"}}, ["Observation/a"], id="one-where-a-list-belongs"),
        pytest.param({"result": [5, {"reference": "Observation/a"}]}, ["Observation/a"], id="wrong-shape-beside"),
        pytest.param({"id": 5, "result": [{"reference": "Observation/a"}]}, ["Observation/a"], id="id-is-a-number"),
        pytest.param(
            {"contained": [{"resourceType": "Observation", "hasMember": [{"reference": "Observation/b"}]}]},
            ["Observation/b"],
            id="of-a-contained-resource",
        ),
        pytest.param(
            {"contained": {"resourceType": "Observation", "id": 5, "specimen": {"reference": "Specimen/b"}}},
            ["Specimen/b"],
            id="of-a-contained-resource-of-wrong-shape",
        ),
    ],
)
def test_references_name_what_translation_reads(resource: dict[str, object], names: list[str]) -> None:
    """A reference is named by type and id, whatever server and version it speaks of."""
    head = read_head(json.dumps({"resourceType": "DiagnosticReport", **resource}).encode())

    assert head is not None
    assert list(head.references()) == names


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"5", id="number"),
        pytest.param(b"[]", id="list"),
        pytest.param(b"{}", id="no-type"),
        pytest.param(b'{"resourceType": " "}', id="blank-type"),
        pytest.param(b'{"resourceType": 5}', id="type-is-a-number"),
        pytest.param(b'{"resourceType": "Patient", "id": 5,}', id="no-json"),
        pytest.param(b'{"resourceType": "Patient"} {}', id="two-documents"),
        pytest.param(b'{"resourceType": "Patient", "x": "\xff"}', id="no-utf8"),
        pytest.param(b'{"resourceType": 5, "x": NaN}', id="not-a-number-and-wrong-type"),
        pytest.param(b"[" * 100_000, id="deep"),
    ],
)
def test_what_is_no_resource_has_no_head(line: bytes) -> None:
    """No JSON, no object, or no name of a type."""
    assert read_head(line) is None


@pytest.mark.parametrize(
    ("resource", "holds", "leads"),
    [
        pytest.param({"resourceType": "Observation"}, True, False, id="observation"),
        pytest.param({"resourceType": " Observation "}, True, False, id="observation-with-spaces"),
        pytest.param({"resourceType": "Observation", "hasMember": [{}]}, True, True, id="panel"),
        pytest.param({"resourceType": "Patient"}, False, False, id="patient"),
        pytest.param(
            {"resourceType": "Patient", "contained": [{"resourceType": "Observation"}]}, True, True, id="contained"
        ),
    ],
)
def test_observations_are_told(resource: dict[str, object], holds: bool, leads: bool) -> None:  # noqa: FBT001 - a case
    """An Observation is one wherever it stands."""
    head = read_head(json.dumps(resource).encode())

    assert head is not None
    assert (head.holds_results, head.leads_on) == (holds, leads)


@given(st.binary() | st.text().map(lambda text: json.dumps({"resourceType": "Observation", "id": text}).encode()))
def test_any_line_is_read_or_told(line: bytes) -> None:
    """Nothing is raised, whatever the line is."""
    head = read_head(line)

    assert head is None or head.type
