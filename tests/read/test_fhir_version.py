"""The version of a document is what is declared; older versions are told by what only they have, and refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from translator.read.fhir_bundle import Document
from translator.read.fhir_version import find_version

REPORT = {"resourceType": "DiagnosticReport"}
SERVICE_REQUEST = {"resourceType": "ServiceRequest"}
CORE = "http://hl7.org/fhir/StructureDefinition/Observation"


def document(*resources: dict[str, Any], **elements: Any) -> Document:
    """Put resources into a Bundle."""
    return Document({"resourceType": "Bundle", "entry": [{"resource": resource} for resource in resources]} | elements)


def profiled(*profiles: object) -> dict[str, Any]:
    """Write an Observation with profiles."""
    return {"resourceType": "Observation", "meta": {"profile": list(profiles)}}


@pytest.mark.parametrize(
    ("resources", "name"),
    [
        pytest.param([REPORT], "R4", id="nothing-said"),
        pytest.param([profiled(f"{CORE}|4.0.1")], "R4", id="core-profile-of-r4"),
        pytest.param([profiled(f"{CORE}|4.3.0")], "R4B", id="core-profile-of-r4b"),
        pytest.param([profiled(f"{CORE}|5.0.0")], "R5", id="core-profile-of-r5"),
        pytest.param([profiled("http://hl7.org/fhir/5.0/StructureDefinition/Observation")], "R5", id="url-of-r5"),
        pytest.param([profiled("http://hl7.org/fhir/3.0/StructureDefinition/Observation")], "STU3", id="url-of-stu3"),
        pytest.param([profiled("http://hl7.org/fhir/3.0.2/StructureDefinition/Patient")], "STU3", id="patch-level"),
        pytest.param([profiled("http://hl7.org/fhir/1.0/StructureDefinition/Observation")], "DSTU2", id="url-of-dstu2"),
        pytest.param([profiled(f"{CORE}|6.0.0")], "6.0", id="core-profile-of-r6"),
        pytest.param([profiled("https://lab.example/STU3/StructureDefinition/Result")], "STU3", id="named-in-the-url"),
        pytest.param([profiled("https://lab.example/R5/StructureDefinition/Result|3.0.1")], "R5", id="own-version"),
        pytest.param([profiled("https://lab.example/StructureDefinition/Result|3.0.1")], "R4", id="only-own-version"),
        pytest.param([profiled(CORE, 5, "")], "R4", id="profiles-without-version"),
        pytest.param([{"resourceType": "Observation", "meta": {"profile": f"{CORE}|5.0.0"}}], "R5", id="no-list"),
        pytest.param([{"resourceType": "Observation", "meta": []}], "R4", id="meta-of-wrong-shape"),
        pytest.param([profiled(f"{CORE}|4.0.1"), profiled(f"{CORE}|4.3.0")], "R4B", id="r4-and-r4b-are-one"),
        pytest.param([profiled(f"{CORE}|4.0.1"), profiled(f"{CORE}|5.0.0")], "R4 and R5", id="two-versions"),
        pytest.param([{"resourceType": "CapabilityStatement", "fhirVersion": "5.0.0"}], "R5", id="capability"),
        pytest.param(
            [{"resourceType": "Conformance", "fhirVersion": "DSTU2"}],
            "of a version that has no number",
            id="capability-without-number",
        ),
        pytest.param([profiled(f"{CORE}|5.0.0"), {**REPORT, "codedDiagnosis": []}], "R5", id="declared-wins"),
        pytest.param([{"resourceType": "DiagnosticOrder"}], "DSTU2", id="diagnostic-order"),
        pytest.param([{"resourceType": "Observation", "comments": "x"}], "DSTU2", id="observation-comments"),
        pytest.param([{**REPORT, "performer": {"reference": "x"}}], "DSTU2", id="one-performer"),
        pytest.param([{"resourceType": "Observation", "comment": "x"}], "STU3", id="observation-comment"),
        pytest.param([{**REPORT, "performer": [{"actor": {}}]}], "STU3", id="performer-with-a-role"),
        pytest.param([{**REPORT, "performer": [{"reference": "x"}, 5]}], "R4", id="performers"),
        pytest.param([{**REPORT, "codedDiagnosis": []}], "DSTU2 or STU3", id="coded-diagnosis"),
        pytest.param([{**REPORT, "codedDiagnosis": [], "basedOn": []}], "STU3", id="coded-diagnosis-of-an-order"),
        pytest.param([{**REPORT, "basedOn": []}], "R4", id="order-alone"),
        pytest.param([{**REPORT, "codedDiagnosis": []}, SERVICE_REQUEST], "R4", id="left-over-beside-r4"),
        pytest.param(
            [{**REPORT, "contained": [{"resourceType": "ProcedureRequest"}]}], "DSTU2 or STU3", id="contained"
        ),
        pytest.param([{**SERVICE_REQUEST, "": {}}, {"resourceType": "Patient", "": {}}], "R4", id="nameless-element"),
        pytest.param(
            [{"resourceType": "Patient", "": {}, "animal": {}}], "DSTU2 or STU3", id="nameless-element-beside-a-tell"
        ),
        pytest.param([{"resourceType": "Basic", "comments": "x"}, {"comments": "x"}], "R4", id="other-types"),
    ],
)
def test_version_is_told(resources: list[dict[str, Any]], name: str) -> None:
    """What is declared decides; without it, what only an old version has."""
    assert find_version(document(*resources)).name == name


def test_bundle_may_declare_the_version() -> None:
    """Its own profile counts as those of its resources do."""
    found = find_version(document(REPORT, meta={"profile": ["http://hl7.org/fhir/1.0/StructureDefinition/Bundle"]}))

    assert (found.name, found.at) == ("DSTU2", "Bundle.meta.profile")


def test_site_decides_alone() -> None:
    """The site knows what its sender means, whatever the document says."""
    found = find_version(document(profiled(f"{CORE}|3.0.1")), "R5")

    assert (found.name, found.refusal) == ("R5", None)


@pytest.mark.parametrize(
    ("resource", "code", "at"),
    [
        pytest.param({**REPORT, "request": []}, "fhir-version-dstu2", "Bundle.entry[0].resource.request", id="dstu2"),
        pytest.param({**REPORT, "context": {}}, "fhir-version-stu3", "Bundle.entry[0].resource.context", id="stu3"),
        pytest.param({**REPORT, "image": []}, "version-not-read", "Bundle.entry[0].resource.image", id="either"),
        pytest.param(
            {**REPORT, "image": [], "basedOn": []}, "fhir-version-stu3", "Bundle.entry[0].resource.image", id="later"
        ),
        pytest.param(
            profiled(f"{CORE}|6.0"), "version-not-read", "Bundle.entry[0].resource.meta.profile", id="declared"
        ),
    ],
)
def test_version_that_is_not_read_is_refused_by_name(resource: dict[str, Any], code: str, at: str) -> None:
    """The finding has the version and the place that told it."""
    found = find_version(document(resource)).refusal

    assert found is not None
    assert (found.code, found.at) == (code, at)
    assert json.dumps(resource) not in found.text
