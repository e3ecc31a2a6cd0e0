"""A report is of the orders that it, or its results, refer to; what cannot be told apart is held."""

from __future__ import annotations

from typing import Any

import pytest

from tests.read.samples import LEXICON, LOINC, bundle
from translator.read.fhir import SERVICE_REQUEST_SYSTEM, read_document
from translator.record.report import Report

LIPIDS, METABOLIC = "24331-1", "24323-8"


def concept(code: str) -> dict[str, Any]:
    """Write a code of LOINC."""
    return {"coding": [{"system": LOINC, "code": code}]}


def order(name: str, panel: str = "", **elements: Any) -> dict[str, Any]:
    """Write a ServiceRequest with a number of WHOOP's and what it asks for."""
    numbers = [{"system": SERVICE_REQUEST_SYSTEM, "value": f"W-{name}"}]
    asked = {"code": concept(panel)} if panel else {}
    return {"resourceType": "ServiceRequest", "id": name, "identifier": numbers, **asked, **elements}


def based_on(*names: str) -> list[dict[str, str]]:
    """Refer to orders of the bundle."""
    return [{"reference": f"ServiceRequest/{name}"} for name in names]


def result(name: str, code: str = "718-7", **elements: Any) -> dict[str, Any]:
    """Write an Observation."""
    return {"resourceType": "Observation", "id": name, "code": concept(code), "valueInteger": 5, **elements}


def gathering(*results: str, **elements: Any) -> dict[str, Any]:
    """Write a report of results."""
    references = [{"reference": f"Observation/{name}"} for name in results]
    return {"resourceType": "DiagnosticReport", "id": "r", "status": "final", "result": references, **elements}


def reports(*resources: dict[str, Any]) -> tuple[Report, ...]:
    """Read a bundle."""
    return read_document(bundle(*resources), LEXICON).reports


def numbers(found: Report) -> list[str]:
    """Give the numbers of WHOOP's that a report offers."""
    return [identifier.value for _, identifier in found.service_requests]


def reasons(found: Report) -> list[str]:
    """Give what holds a report."""
    return [finding.code for finding in found.findings]


@pytest.mark.parametrize(
    "code",
    [
        pytest.param({"code": concept(LIPIDS)}, id="concept"),
        pytest.param({"code": {"concept": concept(LIPIDS)}}, id="codeable-reference-of-r5"),
    ],
)
def test_results_go_with_the_panel_that_asked_for_them(code: dict[str, Any]) -> None:
    """A result that is the panel of one order is of that order, and so are its members."""
    found = reports(
        gathering("1", "2", basedOn=based_on("a", "b")),
        result("1", LIPIDS, hasMember=[{"reference": "Observation/3"}]),
        result("2", METABOLIC),
        result("3"),
        {**order("a"), **code},
        order("b", METABOLIC),
    )

    assert [(numbers(each), [seen.at[13:14] for seen in each.observations]) for each in found] == [
        (["W-a"], ["1", "3"]),
        (["W-b"], ["2"]),
    ]
    assert [reasons(each) for each in found] == [[], []]


def test_results_go_with_the_order_that_they_name() -> None:
    """What an observation says of itself counts before its code."""
    found = reports(
        gathering("1", "2", basedOn=based_on("a", "b")),
        result("1", METABOLIC, basedOn=based_on("a")),
        result("2", LIPIDS, basedOn=based_on("b")),
        order("a", LIPIDS),
        order("b", METABOLIC),
    )

    assert [(numbers(each), [seen.at for seen in each.observations]) for each in found] == [
        (["W-a"], ["Bundle.entry[1].resource"]),
        (["W-b"], ["Bundle.entry[2].resource"]),
    ]


def test_order_that_the_report_leaves_out_is_named_by_its_results() -> None:
    """An observation may say what the report does not."""
    (found,) = reports(gathering("1"), result("1", basedOn=based_on("a")), order("a"))

    assert numbers(found) == ["W-a"]


def test_report_of_one_of_its_panels_goes_with_it() -> None:
    """The report's own code tells which of the orders it answers, where no result says anything else."""
    (found,) = reports(
        gathering("1", basedOn=based_on("a", "b"), code=concept(METABOLIC)),
        result("1"),
        order("a", LIPIDS),
        order("b", METABOLIC),
    )

    assert (numbers(found), reasons(found)) == (["W-b"], [])


@pytest.mark.parametrize(
    ("results", "orders"),
    [
        pytest.param([result("1")], [order("a", LIPIDS), order("b", METABOLIC)], id="nothing-tells"),
        pytest.param([result("1", LIPIDS)], [order("a", LIPIDS), order("b")], id="an-order-without-a-panel"),
        pytest.param([result("1", LIPIDS)], [order("a", LIPIDS), order("b", LIPIDS)], id="one-panel-twice"),
        pytest.param(
            [result("1", basedOn=based_on("a", "b"), method={})],
            [order("a", LIPIDS), order("b", METABOLIC)],
            id="a-result-of-both",
        ),
    ],
)
def test_report_of_several_orders_that_cannot_be_parted_is_held(
    results: list[dict[str, Any]], orders: list[dict[str, Any]]
) -> None:
    """Nobody guesses which order a result answers."""
    listed = [each["id"] for each in results]

    (found,) = reports(gathering(*listed, basedOn=based_on("b", "a")), *results, *orders)

    assert reasons(found) == ["several-service-requests"]


@pytest.mark.parametrize(
    ("references", "expected"),
    [
        pytest.param(
            [{"reference": "ServiceRequest/a"}, {"identifier": {"system": SERVICE_REQUEST_SYSTEM, "value": "w-A"}}],
            [],
            id="by-reference-and-by-number",
        ),
        pytest.param(based_on("a", "a"), [], id="twice"),
        pytest.param([*based_on("a"), {"reference": "CarePlan/c"}], [], id="beside-a-care-plan"),
        pytest.param([*based_on("a"), {"reference": "CarePlan/404"}], [], id="beside-a-care-plan-elsewhere"),
        pytest.param([*based_on("a"), {"display": "x", "type": "CarePlan"}], [], id="beside-a-typed-reference"),
        pytest.param(based_on("a", "404"), ["several-service-requests"], id="beside-one-that-is-not-there"),
        pytest.param([{"reference": "ServiceRequest?identifier=1"}], ["conditional-reference"], id="named-by-a-search"),
        pytest.param(based_on("turned"), ["unknown-modifier"], id="with-an-unknown-modifier"),
    ],
)
def test_order_may_be_named_in_several_ways(references: list[dict[str, Any]], expected: list[str]) -> None:
    """One order is one order; other kinds of orders are none; what cannot be known holds the report."""
    found = reports(
        gathering("1", basedOn=references),
        result("1"),
        order("a"),
        {"resourceType": "CarePlan", "id": "c"},
        order("turned", modifierExtension=[{"url": "urn:x"}]),
    )

    assert reasons(found[0]) == expected


def test_url_of_a_named_system_ends_in_the_number() -> None:
    """A reference to WHOOP's own server names the service request; the resource itself need not be there."""
    (found,) = reports(gathering(basedOn=[{"reference": f"{SERVICE_REQUEST_SYSTEM}/W-1/_history/2"}]))

    assert [(at, each.value) for at, each in found.service_requests] == [
        ("Bundle.entry[0].resource.basedOn[0].reference", "W-1")
    ]


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        pytest.param("a", [], id="of-the-same-order"),
        pytest.param("b", ["shared-observation"], id="of-another-order"),
    ],
)
def test_result_of_two_reports_goes_with_the_first(other: str, expected: list[str]) -> None:
    """A report of another order is not sent without it."""
    first, second = reports(
        gathering("1", basedOn=based_on("a")),
        gathering("2", "1", id="s", basedOn=based_on(other)),
        result("1"),
        result("2"),
        order("a"),
        order("b"),
    )

    assert (reasons(first), reasons(second)) == ([], expected)
    assert [len(each.observations) for each in (first, second)] == [1, 1]


@pytest.mark.parametrize("elsewhere", ["b", "404"])
def test_result_of_an_order_that_its_report_does_not_name_is_said(elsewhere: str) -> None:
    """A report that names its orders names all of them."""
    (found,) = reports(
        gathering("1", basedOn=based_on("a")), result("1", basedOn=based_on(elsewhere)), order("a"), order("b")
    )

    assert found.findings[0].code == "service-request-mismatch"
    assert found.findings[0].at == "Bundle.entry[1].resource"


def test_requisition_names_no_service_request_itself() -> None:
    """One requisition has several service requests, so its number only leads to one by the correlation."""
    requisition = {"system": SERVICE_REQUEST_SYSTEM, "value": "Q-1"}
    (found,) = reports(gathering(basedOn=based_on("a")), order("a", identifier=[], requisition=requisition))

    assert found.service_requests == ()
    assert [(kind, each.value) for kind, _, each in found.keys] == [("group", "Q-1")]


PERSON = {"resourceType": "Patient", "id": "p", "identifier": [{"value": "EX-1"}], "birthDate": "1984-03-12"}


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        pytest.param({"identifier": [{"value": "EX-2"}]}, ["patient-mismatch"], id="another-number"),
        pytest.param({"identifier": [{"value": "EX-1"}], "birthDate": "1984"}, [], id="the-same-number"),
        pytest.param({"identifier": [], "birthDate": "1984-03-12"}, [], id="born-on-the-same-day"),
        pytest.param({"identifier": [], "birthDate": "1990-01-01"}, ["patient-mismatch"], id="born-on-another-day"),
        pytest.param({"identifier": []}, ["patient-mismatch"], id="nothing-to-be-known-by"),
    ],
)
def test_order_of_another_person_is_said(other: dict[str, Any], expected: list[str]) -> None:
    """The right number of an order and the wrong person: WHOOP could not tell."""
    (found,) = reports(
        gathering(basedOn=based_on("a"), subject={"reference": "Patient/p"}),
        order("a", subject={"reference": "Patient/q"}),
        PERSON,
        {"resourceType": "Patient", "id": "q", **other},
    )

    assert reasons(found) == expected


@pytest.mark.parametrize("reference", ["Patient/404", "Patient/p"])
def test_order_of_the_same_or_an_absent_person_holds_nothing(reference: str) -> None:
    """Who is not in the document cannot be compared."""
    (found,) = reports(
        gathering(basedOn=based_on("a"), subject={"reference": "Patient/p", "display": "x"}),
        order("a", subject={"reference": reference}),
        PERSON,
    )

    assert reasons(found) == []
