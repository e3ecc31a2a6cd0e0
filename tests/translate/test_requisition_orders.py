"""A requisition becomes the lab's orders."""

from __future__ import annotations

from msgspec import structs

from tests.lab_messages import service_request
from translator.record.order import OrderPatient, PersonName
from translator.record.report import Identifier
from translator.record.requisition import RequestedTest, Requisition
from translator.record.values import Coding
from translator.translate.order_key import order_key
from translator.translate.requisition_orders import requisition_orders

PATIENT = OrderPatient((Identifier(service_request(9), "WHOOP"),), PersonName("Sample", ("Avery",)), "1984-03-12")
LIPIDS = RequestedTest(service_request(1), "LIPID_PANEL", "active")
REQUISITION = Requisition(service_request(8), "2026-03-01T10:00:00Z", "", (LIPIDS,), PATIENT)


def of(*statuses: str) -> Requisition:
    """Give a requisition of tests in some statuses."""
    tests = (RequestedTest(service_request(n), "CBC", status) for n, status in enumerate(statuses, start=1))
    return structs.replace(REQUISITION, tests=tuple(tests))


def test_order_carries_the_service_request_to_the_lab() -> None:
    """What the lab repeats in its result names the service request."""
    (order,) = requisition_orders(REQUISITION)

    assert (order.placer, order.group) == (Identifier(LIPIDS.id, "WHOOP"), Identifier(REQUISITION.id, "WHOOP"))
    assert (order.codes, order.patient, order.times) == (
        (Coding("WHOOP", "LIPID_PANEL"),),
        PATIENT,
        ("2026-03-01T10:00:00Z",),
    )


def test_status_says_what_the_lab_is_to_do() -> None:
    """What is done already is not ordered again, and what nobody knows is not guessed."""
    orders = requisition_orders(of("active", "revoked", "completed", "on-hold"))

    assert [(order.at, order.control) for order in orders] == [
        ("service_requests[0]", "create"),
        ("service_requests[1]", "cancel"),
    ]


def test_short_field_gets_the_key_that_stands_for_the_service_request() -> None:
    """The same key every time."""
    (order,) = requisition_orders(REQUISITION, short_keys=True)

    assert order.placer.value == order_key(LIPIDS.id)


def test_code_of_the_lab_stands_first() -> None:
    """The lab's system reads its own code; WHOOP's stays beside it."""
    own = Coding("L", "LIP", "Lipids")

    (order,) = requisition_orders(REQUISITION, {"LIPID_PANEL": own})

    assert order.codes == (own, Coding("WHOOP", "LIPID_PANEL"))
