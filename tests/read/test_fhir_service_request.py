"""How the orders of a FHIR document are read: which documents order, for whom, and what stands beside an order."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.read.samples import LEXICON
from translator.read.fhir import read_document
from translator.record.order import Address, Order, Organisation, PersonName
from translator.record.report import Identifier, Message

PATIENT: dict[str, Any] = {"resourceType": "Patient", "id": "p"}
REQUEST: dict[str, Any] = {
    "resourceType": "ServiceRequest",
    "id": "r",
    "status": "active",
    "intent": "order",
    "subject": {"reference": "Patient/p"},
}


def read(*resources: dict[str, Any]) -> Message:
    """Read a bundle of resources."""
    entries = [{"resource": resource} for resource in resources]
    return read_document(
        json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode(), LEXICON
    )


def order(patient: dict[str, Any] | None = None, *more: dict[str, Any], **request: Any) -> Order:
    """Read one order."""
    (found,) = read(REQUEST | request, PATIENT | (patient or {}), *more).orders
    return found


def observation(**parts: Any) -> dict[str, Any]:
    """Write an observation beside an order."""
    return {"resourceType": "Observation", "id": "o", "status": "final", "code": {"text": "asked"}, **parts}


def test_document_with_a_report_orders_nothing() -> None:
    """The request of a report is what it answers."""
    assert read(REQUEST, PATIENT, {"resourceType": "DiagnosticReport", "status": "final"}).orders == ()


def test_document_with_an_observation_that_no_order_names_orders_nothing() -> None:
    """Results without a report stay results."""
    message = read(REQUEST, PATIENT, observation())

    assert message.orders == ()
    assert [finding.code for finding in message.held] == ["no-results"]


def test_contained_request_is_no_order_of_its_own() -> None:
    """What a resource contains belongs to it."""
    assert [found.at for found in read(REQUEST | {"contained": [REQUEST]}).orders] == ["Bundle.entry[0].resource"]


@pytest.mark.parametrize(
    ("identifiers", "numbers"),
    [
        pytest.param([{"value": "A"}], ("A", ""), id="of-no-type"),
        pytest.param(
            [{"value": "F", "type": {"coding": [{"code": "FILL"}]}}, {"value": "A"}], ("A", "F"), id="fillers-first"
        ),
        pytest.param(
            [{"value": "X"}, {"value": "A", "type": {"coding": [{"code": "PLAC"}]}}], ("A", ""), id="placers-by-type"
        ),
        pytest.param([{"value": "X", "use": "old"}], ("", ""), id="old"),
    ],
)
def test_numbers_are_told_apart(identifiers: list[dict[str, Any]], numbers: tuple[str, str]) -> None:
    """A number of no type is the placer's."""
    found = order(identifier=identifiers)

    assert (found.placer.value, found.filler.value) == numbers


@pytest.mark.parametrize(
    ("requester", "more", "organisation"),
    [
        pytest.param({"display": "Dr Example"}, (), Organisation(), id="somebody"),
        pytest.param(
            {"reference": "Organization/o"},
            ({"resourceType": "Organization", "id": "o", "name": "Clinic", "identifier": [{"value": "C-1"}]},),
            Organisation("Clinic", "C-1"),
            id="organisation",
        ),
        pytest.param(
            {"reference": "PractitionerRole/x"},
            (
                {"resourceType": "PractitionerRole", "id": "x", "organization": {"reference": "Organization/o"}},
                {"resourceType": "Organization", "id": "o", "name": "Clinic"},
            ),
            Organisation("Clinic"),
            id="role",
        ),
        pytest.param(
            {"reference": "Practitioner/x"},
            ({"resourceType": "Practitioner", "id": "x"},),
            Organisation(),
            id="person",
        ),
        pytest.param(
            {"type": "Organization", "display": "Clinic", "identifier": {"value": "C-1"}},
            (),
            Organisation("Clinic", "C-1"),
            id="by-identifier",
        ),
    ],
)
def test_ordering_organisation_is_read(
    requester: dict[str, Any], more: tuple[dict[str, Any], ...], organisation: Organisation
) -> None:
    """The requester is the organisation, or acts for it."""
    assert order(None, *more, requester=requester).organisation == organisation


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param({"valueBoolean": True}, "true", id="yes"),
        pytest.param({"valueString": "Y"}, "Y", id="text"),
        pytest.param({"valueCodeableConcept": {"coding": [{"code": "Y"}]}}, "Y", id="code"),
        pytest.param({"valueCodeableConcept": {"text": "Yes"}}, "Yes", id="words"),
        pytest.param({}, "", id="nothing"),
    ],
)
def test_supporting_observation_is_an_answer(value: dict[str, Any], text: str) -> None:
    """What an order names as supporting information answers its form."""
    found = order(
        None, observation(**value), supportingInfo=[{"reference": "Observation/o"}, {"reference": "Patient/p"}]
    )

    assert [answer.text for answer in found.answers] == [text]


@pytest.mark.parametrize(
    ("request_", "patient", "code"),
    [
        pytest.param({"intent": "proposal"}, {}, "order-intent", id="proposal"),
        pytest.param({"doNotPerform": True}, {}, "order-forbids", id="not-to-be-done"),
        pytest.param({"modifierExtension": [{"url": "x"}]}, {}, "unknown-modifier", id="modified-order"),
        pytest.param({}, {"modifierExtension": [{"url": "x"}]}, "unknown-modifier", id="modified-patient"),
        pytest.param({"subject": {"reference": "Patient/q"}}, {}, "unresolved-reference", id="patient-elsewhere"),
        pytest.param({"subject": {"reference": "Patient?x=1"}}, {}, "conditional-reference", id="patient-by-search"),
    ],
)
def test_what_is_in_doubt_is_found(request_: dict[str, Any], patient: dict[str, Any], code: str) -> None:
    """Each doubt keeps the order from being sent."""
    assert [finding.code for finding in order(patient, **request_).findings] == [code]


@pytest.mark.parametrize(
    "subject", [pytest.param({}, id="none"), pytest.param({"reference": "ServiceRequest/r"}, id="no-patient")]
)
def test_order_without_a_patient_is_for_nobody(subject: dict[str, str]) -> None:
    """What no Patient says is not there."""
    assert order(subject=subject).patient.references == ()


def test_code_of_r5_is_within_its_concept() -> None:
    """R5 wraps the code."""
    assert [coding.code for coding in order(code={"concept": {"coding": [{"code": "HSAT"}]}}).codes] == ["HSAT"]


def test_patient_is_read_by_use() -> None:
    """What is old or only for bills is passed over; the official name and a mobile telephone are taken."""
    found = order(
        {
            "identifier": [{"value": "0", "use": "old"}, {"value": "1", "system": "s"}],
            "name": [
                {"use": "old", "family": "Maiden"},
                {"family": "Nick"},
                {"use": "official", "family": "Example", "given": "T", "suffix": ["Jr"]},
            ],
            "birthDate": "1980-01-01",
            "gender": "female",
            "telecom": [
                {"system": "phone", "value": "1"},
                {"system": "phone", "use": "old", "value": "0"},
                {"system": "phone", "use": "mobile", "value": "2"},
                {"system": "email", "value": "a@b.example"},
            ],
            "address": [{"use": "billing", "city": "X"}, {"city": "Y", "line": ["1", " ", 2], "state": "S"}],
        }
    ).patient  # fmt: skip

    assert found.references == (Identifier("1", "s"),)
    assert found.name == PersonName("Example", ("T",), "", "Jr")
    assert (found.birth_date, found.sex, found.email) == ("1980-01-01", "female", "a@b.example")
    assert (found.mobile, found.telephone) == ("2", "1")
    assert found.address == Address(("1",), "Y", "", "S")


def test_name_in_one_piece_is_kept() -> None:
    """A name that is only written out has no parts."""
    assert order({"name": [{"text": "Test Example"}]}).patient.name == PersonName("Test Example")
