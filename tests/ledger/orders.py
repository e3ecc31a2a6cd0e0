"""Orders of invented people, as the pipeline would hand them over; for the tests of ledger and delivery."""

from __future__ import annotations

from typing import Any

import msgspec

from translator.ledger import Arrival
from translator.record.outcome import Entry, OrderPayload, Outcome, Payload, Source, Submission

PATIENT = {
    "dob": "1979-04-12",
    "name": "Ina Muster",
    "email": "ina@example.invalid",
    "mobileTelephone": "+440000000000",
    "reference": "P-1",
}
ADDRESS = {"lines": ["1 Example Row"], "city": "London", "county": "London", "postcode": "ZZ1 1ZZ"}
CLINIC = {"name": "Example Sleep Clinic", "reference": "ORG-EXAMPLE"}


def order_body(reference: str = "O-1", **more: Any) -> dict[str, Any]:
    """Write the body of an order that has nothing wrong."""
    attributes = {
        "reference": reference,
        "shippingAddress": ADDRESS,
        "study": {"nights": 1, "sensors": ["neck_sensor"], "requiresPhone": False},
        "patient": PATIENT,
        "organisation": CLINIC,
    }
    return {"data": {"type": "orders", "attributes": {**attributes, **more}}}


def change_body(**attributes: Any) -> dict[str, Any]:
    """Write the body of a change."""
    return {"data": {"type": "orders", "attributes": attributes}}


def order(
    reference: str = "O-1",
    *,
    kind: str = "order",
    body: dict[str, Any] | None = None,
    at: str = "20260101080000.000000",
    unconfirmed: tuple[str, ...] = ("layout",),
    patient: tuple[str, str] = ("P-1", "19790412"),
) -> Submission:
    """Make the submission of an order."""
    sent = order_body(reference) if body is None else body
    return Submission(
        "acurable", reference, OrderPayload(sent), patient=patient, moment=at, unconfirmed=unconfirmed, kind=kind
    )


def order_arrival(*submissions: Submission, raw: bytes = b"") -> Arrival:
    """Make a message of orders, one entry each."""
    bodies = msgspec.json.encode([[one.body_json.decode(), one.kind, one.ordered_at] for one in submissions])
    entries = tuple(
        Entry(f"ORC[{number}]", "translated", submission=number - 1) for number in range(1, len(submissions) + 1)
    )
    outcome = Outcome(
        Source(0, "order.hl7", "hl7v2", "ORM^O01"), "translated", submissions=submissions, entries=entries
    )
    return Arrival(outcome, raw or bodies)


def results_without_entries() -> Submission:
    """Make a submission of results that has none, for an order's entry to point at."""
    return Submission("whoop", "00000000-0000-4000-8000-000000000001", Payload("final"))
