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


def test_document_with_an_observation_that_answers_an_order_orders_nothing() -> None:
    """Results without a report stay results."""
    message = read(REQUEST, PATIENT, observation(basedOn=[{"reference": "ServiceRequest/r"}]))

    assert message.orders == ()
    assert [finding.code for finding in message.held] == ["no-results"]


def test_observation_beside_an_order_does_not_hide_it() -> None:
    """A weight that the sender adds and no order names is neither a result nor an answer."""
    message = read(REQUEST, PATIENT, observation())

    assert [(each.at, each.answers) for each in message.orders] == [("Bundle.entry[0].resource", ())]
    assert message.held == ()


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


def test_supporting_information_of_r5_is_within_its_reference() -> None:
    """A CodeableReference holds the reference that R4 has by itself."""
    answered = observation(valueBoolean=True)
    found = order(None, answered, supportingInfo=[{"reference": {"reference": "Observation/o"}}])

    assert [answer.text for answer in found.answers] == ["true"]


@pytest.mark.parametrize(
    "resource",
    [
        pytest.param(observation(status="entered-in-error", valueString="Y"), id="observation-in-error"),
        pytest.param(observation(status="cancelled", valueString="Y"), id="observation-not-to-be-had"),
        pytest.param(
            {"resourceType": "QuestionnaireResponse", "id": "o", "status": "in-progress",
             "item": [{"linkId": "PHONE", "answer": [{"valueString": "Y"}]}]},
            id="form-not-finished",
        ),
        pytest.param({"resourceType": "Condition", "id": "o"}, id="no-answer-at-all"),
    ],
)  # fmt: skip
def test_what_was_never_answered_is_no_answer(resource: dict[str, Any]) -> None:
    """It may not make the vendor send a phone."""
    reference = {"reference": f"{resource['resourceType']}/o"}

    assert order(None, resource, supportingInfo=[reference]).answers == ()


def test_answers_of_a_questionnaire_are_read_at_any_depth() -> None:
    """A question is known by its linkId; one without is nobody's."""
    response = {
        "resourceType": "QuestionnaireResponse", "id": "q", "status": "completed",
        "item": [
            {"item": [{"linkId": "PHONE", "text": "Phone?", "answer": [{"valueCoding": {"code": "Y"}}]}]},
            {"linkId": "KIND", "answer": [
                {"valueCoding": {"display": "Own"}, "item": [{"linkId": "BRAND", "answer": [{"valueString": "X"}]}]}
            ]},
            {"answer": [{"valueBoolean": False}]},
        ],
    }  # fmt: skip
    found = order(None, response, supportingInfo=[{"reference": "QuestionnaireResponse/q"}])

    assert [(answer.codes[0].code, answer.text, answer.at) for answer in found.answers] == [
        ("KIND", "Own", "Bundle.entry[2].resource.item[1].answer[0]"),
        ("PHONE", "Y", "Bundle.entry[2].resource.item[0].item[0].answer[0]"),
        ("BRAND", "X", "Bundle.entry[2].resource.item[1].answer[0].item[0].answer[0]"),
    ]


def test_older_version_of_an_order_has_a_place() -> None:
    """A history bundle holds every version, of other resources, too; only the newest asks for anything."""
    versions = [
        resource | {"meta": {"lastUpdated": f"2026-03-0{day}T09:00:00Z"}}
        for day, resource in (
            (2, REQUEST | {"status": "revoked"}),
            (1, REQUEST),
            (2, PATIENT),
            (1, PATIENT),
        )
    ]
    bundle = {"resourceType": "Bundle", "type": "history", "entry": [{"resource": each} for each in versions]}
    orders = read_document(json.dumps(bundle).encode(), LEXICON).orders

    assert [(each.at, each.sent_control, each.is_replaced) for each in orders] == [
        ("Bundle.entry[0].resource", "revoked", False),
        ("Bundle.entry[1].resource", "", True),
    ]


def test_order_instead_of_another_one_is_doubtful_and_so_is_the_other() -> None:
    """A kit may be under way for either."""
    newer = REQUEST | {"id": "n", "replaces": [{"reference": "ServiceRequest/r"}, {"reference": "ServiceRequest/x"}]}
    orders = read(REQUEST, PATIENT, newer).orders

    assert [[found.code for found in each.findings] for each in orders] == [["order-control-undecided"]] * 2


@pytest.mark.parametrize(
    ("authored", "line"),
    [
        pytest.param("2026-03-01", "New", id="before-the-order"),
        pytest.param("2015-01-01", "Old", id="on-the-day"),
        pytest.param("", "Old", id="nobody-says-when"),
    ],
)
def test_address_that_is_over_is_not_posted_to(authored: str, line: str) -> None:
    """Senders leave the address before the last one in the record, with its end."""
    old = {"line": ["Old"], "period": {"end": "2015-01-01"}}

    assert order({"address": [old, {"line": ["New"]}]}, authoredOn=authored).patient.address.lines == (line,)


@pytest.mark.parametrize(
    ("telecom", "numbers"),
    [
        pytest.param([{"system": "phone", "value": "1"}], ("", "1", ""), id="of-no-use"),
        pytest.param([{"system": "phone", "use": "home", "value": "1"}], ("", "", "1"), id="at-home"),
        pytest.param([{"system": "sms", "value": "1"}], ("1", "", ""), id="short-messages"),
        pytest.param([{"system": "fax", "value": "1"}], ("", "", ""), id="fax"),
        pytest.param(
            [{"system": "phone", "use": "mobile", "value": "1", "rank": 2},
             {"system": "phone", "use": "mobile", "value": "2", "rank": 1}],
            ("2", "", ""),
            id="preferred-first",
        ),
        pytest.param(
            [{"system": "phone", "use": "mobile", "value": "1", "period": {"end": "2019"}},
             {"system": "phone", "use": "mobile", "value": "2"}],
            ("2", "", ""),
            id="given-up",
        ),
    ],
)  # fmt: skip
def test_telephones_are_told_apart(telecom: list[dict[str, Any]], numbers: tuple[str, str, str]) -> None:
    """What is marked as mobile, what is not marked, what is marked as something else."""
    found = order({"telecom": telecom}, authoredOn="2026-03-01").patient

    assert (found.mobile, found.unmarked, found.telephone) == numbers


def test_organisation_keeps_all_its_references() -> None:
    """A clinic has a number with each of those that pay it."""
    clinic = {
        "resourceType": "Organization",
        "id": "c",
        "identifier": [{"value": "A"}, {"system": "x"}, {"value": "B"}],
    }
    found = order(None, clinic, requester={"reference": "Organization/c"})

    assert found.organisation == Organisation("", "A", ("B",))


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
    assert (found.mobile, found.unmarked) == ("2", "1")
    assert found.address == Address(("1",), "Y", "", "S")


def test_name_in_one_piece_is_kept() -> None:
    """A name that is only written out has no parts."""
    assert order({"name": [{"text": "Test Example"}]}).patient.name == PersonName("Test Example")
