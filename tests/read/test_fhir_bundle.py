"""A reference leads to the one resource that it means, or to none."""

from __future__ import annotations

from typing import Any

import pytest

from tests.read.samples import entries
from translator.read.fhir_bundle import Document, Resource

BASE = "https://lab.example/fhir/"
OTHER = "https://other.example/fhir/"
RANDOM = "urn:uuid:0b5e4f6c-0000-4000-8000-000000000001"


def resource(kind: str, name: str, url: str = "", **elements: Any) -> dict[str, Any]:
    """Write a resource, with the fullUrl of its entry where there is one."""
    return {"resourceType": kind, "id": name, **elements, **({"fullUrl": url} if url else {})}


def document(*resources: dict[str, Any]) -> Document:
    """Index a Bundle of resources."""
    return Document({"resourceType": "Bundle", "entry": list(entries(resources))})


def at(found: Resource | None) -> str | None:
    """Give the place of what was found."""
    return None if found is None else found.at


def test_resources_stand_in_order_with_their_paths() -> None:
    """Contained resources come after the one that holds them."""
    inner = {"resourceType": "Specimen", "id": "s"}
    index = document(resource("Observation", "1", contained=[inner]), resource("Patient", "2"))

    assert [(found.at, found.type, found.container) for found in index.resources] == [
        ("Bundle.entry[0].resource", "Observation", ""),
        ("Bundle.entry[0].resource.contained[0]", "Specimen", "Bundle.entry[0].resource"),
        ("Bundle.entry[1].resource", "Patient", ""),
    ]


def test_document_may_be_one_resource() -> None:
    """A resource without a Bundle has the path of its own type."""
    index = Document({"resourceType": "DiagnosticReport", "contained": [{"resourceType": "Observation"}]})

    assert [found.at for found in index.resources] == ["DiagnosticReport", "DiagnosticReport.contained[0]"]


def test_bundle_in_a_bundle_is_opened() -> None:
    """What a nested Bundle holds is there too, under its own path."""
    inner = {"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Observation"}}]}
    index = Document(
        {"resourceType": "Bundle", "entry": [{"resource": inner}, {"resource": {"resourceType": "Patient"}}]}
    )

    assert [found.at for found in index.resources] == [
        "Bundle.entry[0].resource",
        "Bundle.entry[1].resource",
        "Bundle.entry[0].resource.entry[0].resource",
    ]


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param({}, id="empty"),
        pytest.param({"resource": {}}, id="empty-resource"),
        pytest.param({"resource": None}, id="null"),
        pytest.param({"resource": "Patient/1"}, id="text"),
        pytest.param({"request": {"method": "DELETE", "url": "Patient/1"}}, id="request-only"),
    ],
)
def test_entry_without_resource_is_none(entry: dict[str, Any]) -> None:
    """Such an entry keeps its number and nothing else."""
    index = Document({"resourceType": "Bundle", "entry": [entry, {"resource": {"resourceType": "Patient"}}]})

    assert [found.at for found in index.resources] == ["Bundle.entry[1].resource"]


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        pytest.param(f"{BASE}Observation/1", 1, id="full-url"),
        pytest.param("Observation/1", 1, id="relative-to-the-server-of-the-origin"),
        pytest.param("Observation/1/_history/3", 1, id="version-of-a-relative-one"),
        pytest.param(f"{OTHER}Observation/1/_history/3", 2, id="version-of-a-full-url"),
        pytest.param(RANDOM, 3, id="local-to-the-bundle"),
        pytest.param("Observation/9", 3, id="unique-name-behind-a-local-url"),
        pytest.param(f"{BASE}Observation/9", 3, id="unique-name-of-a-server"),
        pytest.param(f"{BASE}Observation/5", None, id="same-name-on-another-server"),
        pytest.param("Observation/5", 4, id="unique-name-elsewhere"),
        pytest.param("Observation/6", None, id="same-name-twice"),
        pytest.param("urn:uuid:twice", None, id="same-url-twice"),
        pytest.param("Observation/404", None, id="not-there"),
        pytest.param("Observation", None, id="no-id"),
        pytest.param("Observation?code=718-7", None, id="search"),
        pytest.param("", None, id="nothing"),
        pytest.param("#", None, id="the-container-itself"),
        pytest.param("#1", None, id="not-contained"),
    ],
)
def test_reference_means_one_resource(target: str, expected: int | None) -> None:
    """Exact URL first, then the origin's server, then a name that only one resource has."""
    index = document(
        resource("DiagnosticReport", "r", f"{BASE}DiagnosticReport/r", contained=[{"resourceType": "Specimen"}]),
        resource("Observation", "1", f"{BASE}Observation/1"),
        resource("Observation", "1", f"{OTHER}Observation/1"),
        resource("Observation", "9", RANDOM),
        resource("Observation", "5", f"{OTHER}Observation/5"),
        resource("Observation", "6", "urn:uuid:twice"),
        resource("Observation", "6", "urn:uuid:twice"),
    )

    found = index.resolve({"reference": target}, index.resources[0])

    assert at(found) == (None if expected is None else f"Bundle.entry[{expected}].resource")


def test_fragment_is_contained_in_its_own_resource() -> None:
    """The same fragment means another resource in another container; siblings see each other."""
    inner = [{"resourceType": "Observation", "id": "a"}, {"resourceType": "Observation", "id": "b"}]
    index = document(
        resource("DiagnosticReport", "1", contained=inner), resource("DiagnosticReport", "2", contained=inner)
    )
    first, first_a, _, second, *_ = index.resources

    assert at(index.resolve({"reference": "#b"}, first)) == "Bundle.entry[0].resource.contained[1]"
    assert at(index.resolve({"reference": "#b"}, first_a)) == "Bundle.entry[0].resource.contained[1]"
    assert at(index.resolve({"reference": "#b"}, second)) == "Bundle.entry[1].resource.contained[1]"


def test_contained_resource_shares_the_server_of_its_container() -> None:
    """A relative reference inside a contained resource is relative to the container's server."""
    index = document(
        resource("DiagnosticReport", "r", f"{BASE}DiagnosticReport/r", contained=[{"resourceType": "Observation"}]),
        resource("Observation", "1", f"{BASE}Observation/1"),
        resource("Observation", "1", f"{OTHER}Observation/1"),
    )

    assert at(index.resolve({"reference": "Observation/1"}, index.resources[1])) == "Bundle.entry[1].resource"


def test_contained_id_that_stands_twice_means_none() -> None:
    """Two contained resources of one id cannot be told apart."""
    inner = {"resourceType": "Observation", "id": "a"}
    index = document(resource("DiagnosticReport", "1", contained=[inner, inner]))

    assert index.resolve({"reference": "#a"}, index.resources[0]) is None


def test_resources_of_a_type_come_in_order() -> None:
    """Contained ones too."""
    index = document(
        resource("Observation", "1"), resource("Patient", "2", contained=[{"resourceType": "Observation"}])
    )

    assert [found.at for found in index.of_type("Observation")] == [
        "Bundle.entry[0].resource",
        "Bundle.entry[1].resource.contained[0]",
    ]
