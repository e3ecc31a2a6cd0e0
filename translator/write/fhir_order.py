"""
Write orders as a Bundle of ServiceRequest with the patient, for a laboratory that takes orders in FHIR.

Source: FHIR R4 ServiceRequest, Organization.
"""

from __future__ import annotations

from collections.abc import Sequence

from translator.errors import WriteError
from translator.record.order import Answer, Order, OrderPatient
from translator.write.fhir import Entries, Node, concept, identifier, without_empty
from translator.write.fhir_person import patient
from translator.write.hl7v2 import Letterhead
from translator.write.times import instant

# FHIR says what an order is, not what to do with it: a change has no status of its own.
_STATUSES = {"create": "active", "cancel": "revoked"}


def write_order_bundle(head: Letterhead, orders: Sequence[Order]) -> bytes:
    """
    Write orders as one Bundle.

    Raises:
        WriteError: an order is neither created nor cancelled, or lacks what FHIR requires.
    """
    entries = Entries(head)
    subjects: dict[OrderPatient, Node] = {}
    for order in orders:
        if order.patient not in subjects:
            subjects[order.patient] = entries.add(patient(order.patient))
        entries.add(_request(order, subjects[order.patient], entries))
    return entries.bundle()


def _request(order: Order, subject: Node, entries: Entries) -> Node:
    status = _STATUSES.get(order.control)
    if status is None:
        raise WriteError(f"{order.at}: FHIR has a status for an order that is created or cancelled, and for no other")
    numbers = [identifier(order.placer, "PLAC"), identifier(order.filler, "FILL")]
    answers = [entries.add(_answer(answer, subject)) for answer in order.answers]
    return {
        "resourceType": "ServiceRequest",
        "identifier": [number for number in numbers if number],
        "requisition": identifier(order.group),
        "status": status,
        "intent": "order",
        "code": concept(order.codes),
        "subject": subject,
        "authoredOn": instant(order.times[0]) if order.times else "",
        "requester": _organisation(order, entries),
        "supportingInfo": answers,
    }


def _answer(answer: Answer, subject: Node) -> Node:
    """Write an answer to a question of the order form."""
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": concept(answer.codes),
        "subject": subject,
        "valueString": answer.text,
    }


def _organisation(order: Order, entries: Entries) -> Node:
    organisation = order.organisation
    if not (organisation.name or organisation.reference):
        return {}
    numbers = [{"value": number} for number in (organisation.reference, *organisation.others) if number]
    resource = {"resourceType": "Organization", "name": organisation.name, "identifier": numbers}
    return entries.add(without_empty(resource))
