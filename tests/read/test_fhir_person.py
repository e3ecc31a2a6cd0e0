"""All results of a report are of one person."""

from __future__ import annotations

from typing import Any

import pytest

from tests.read.samples import LEXICON, bundle
from translator.read.fhir import read_document
from translator.record.report import Patient, Report

PEOPLE = [
    {"resourceType": "Patient", "id": "p", "fullUrl": "urn:uuid:p", "identifier": [{"value": "A-1"}]},
    {"resourceType": "Patient", "id": "q", "fullUrl": "urn:uuid:q", "identifier": [{"value": "A-2"}]},
]


def only(subject: object, *of_results: object, people: list[dict[str, Any]] = PEOPLE, **elements: Any) -> Report:
    """Read a report of a subject, with a result for each of the other subjects, each with the same other elements."""
    results = [
        {"resourceType": "Observation", "id": str(n), "subject": each, **elements} for n, each in enumerate(of_results)
    ]
    listed = [{"reference": f"Observation/{n}"} for n in range(len(results))]
    report = {"resourceType": "DiagnosticReport", "status": "final", "result": listed, "subject": subject}
    (found,) = read_document(bundle(report, *results, *people), LEXICON).reports
    return found


def reference(target: str) -> dict[str, str]:
    """Refer to a person."""
    return {"reference": target}


def number(value: str) -> dict[str, Any]:
    """Name a person by a number alone."""
    return {"identifier": {"value": value}}


@pytest.mark.parametrize(
    ("subject", "other", "reasons"),
    [
        pytest.param(reference("Patient/p"), reference("Patient/p"), [], id="the-same-words"),
        pytest.param(reference("Patient/p"), reference("urn:uuid:p"), [], id="the-same-resource"),
        pytest.param(reference("Patient/p"), reference("Patient/q"), ["patient-mismatch"], id="another-resource"),
        pytest.param(
            reference("Patient/8"), reference("https://lab.example/Patient/8/_history/1"), [], id="the-same-elsewhere"
        ),
        pytest.param(reference("Patient/8"), reference("Patient/9"), ["patient-mismatch"], id="another-elsewhere"),
        pytest.param(reference("Patient/p"), reference("Patient/9"), ["patient-mismatch"], id="another-not-there"),
        pytest.param(number("A-1"), number("A-2"), ["patient-mismatch"], id="another-number"),
        pytest.param(number("A-1"), reference("Patient/p"), [], id="nothing-to-compare"),
        pytest.param(None, reference("Patient/p"), [], id="only-the-result-says"),
        pytest.param(reference("Patient?identifier=1"), None, ["conditional-reference"], id="named-by-a-search"),
    ],
)
@pytest.mark.parametrize(
    "elements", [pytest.param({"valueInteger": 5}, id="plain-result"), pytest.param({}, id="result-without-a-value")]
)
def test_report_of_two_people_is_held(
    subject: object, other: object, reasons: list[str], elements: dict[str, Any]
) -> None:
    """A result that is plainly of somebody else is never sent for this person."""
    found = only(subject, other, **elements)

    assert [finding.code for finding in found.findings] == reasons


def test_results_are_compared_with_each_other() -> None:
    """Where the report says nothing, the first result that does tells whose it is."""
    found = only(None, None, reference("Patient/p"), reference("Patient/q"))

    assert [finding.code for finding in found.findings] == ["patient-mismatch"]
    assert found.patient == Patient("A-1")


def test_first_problem_is_the_one_that_is_told() -> None:
    """One reason holds the report as well as three."""
    found = only(reference("Patient/p"), reference("Patient/q"), reference("Patient/9"))

    (finding,) = found.findings
    assert finding.at == "Bundle.entry[1].resource.subject"


def test_patient_with_an_unknown_modifier_holds_the_report() -> None:
    """It could say that this is not the person at all."""
    found = only(reference("Patient/p"), people=[{**PEOPLE[0], "modifierExtension": [{"url": "urn:x"}]}])

    assert [finding.code for finding in found.findings] == ["unknown-modifier"]


@pytest.mark.parametrize(
    ("theirs", "reasons"),
    [
        pytest.param({"id": "p", "identifier": [{"value": "A-1"}]}, [], id="the-same-person"),
        pytest.param({"id": "p", "identifier": [{"value": "A-1"}], "birthDate": "1984"}, [], id="born-in-that-year"),
        pytest.param({"id": "p", "identifier": [{"value": "A-2"}]}, ["patient-mismatch"], id="another-number"),
        pytest.param(
            {"id": "p", "identifier": [{"value": "A-1"}], "birthDate": "1990-07-01"},
            ["patient-mismatch"],
            id="born-on-another-day",
        ),
    ],
)
@pytest.mark.parametrize(
    "elements", [pytest.param({"valueInteger": 5}, id="plain-result"), pytest.param({}, id="result-without-a-value")]
)
def test_contained_person_has_its_name_only_there(
    theirs: dict[str, Any], reasons: list[str], elements: dict[str, Any]
) -> None:
    """The same words mean another resource in another container; it may be the same person all the same."""
    ours = {"resourceType": "Patient", "id": "p", "identifier": [{"value": "A-1"}], "birthDate": "1984-03-12"}
    subject = reference("#p")
    report = {"resourceType": "DiagnosticReport", "result": [reference("Observation/1")], "subject": subject}
    result = {"resourceType": "Observation", "id": "1", "subject": subject, **elements}
    contained = [{"resourceType": "Patient", **theirs}]

    (found,) = read_document(
        bundle({**report, "contained": [ours]}, {**result, "contained": contained}), LEXICON
    ).reports

    assert [finding.code for finding in found.findings] == reasons
    assert found.patient == Patient("A-1", "19840312")
