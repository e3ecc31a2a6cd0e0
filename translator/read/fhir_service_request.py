"""
Read the orders of a FHIR document that orders: each ServiceRequest, its patient, and the answers beside it.

A document orders where it has a ServiceRequest and reports nothing: no DiagnosticReport, and no Observation but those
that a ServiceRequest names as supporting information.

Source: FHIR R4 ServiceRequest, Patient, Organization, PractitionerRole; R5 ServiceRequest.code.concept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from translator.read.fhir_bundle import Document, Resource, is_conditional
from translator.read.fhir_json import Node, obj, objects, text
from translator.read.fhir_order_patient import read_patient
from translator.read.fhir_value import codings, identifier
from translator.read.fhir_whole import is_modified
from translator.record.order import Answer, Order, OrderPatient, Organisation
from translator.record.report import Finding, Identifier

_ORDER = "ServiceRequest"
# A proposal or a plan is no order yet.
_ORDERS = frozenset({"order", "original-order", "reflex-order", "filler-order", "instance-order", "directive"})
_NUMBER_TYPES = {"PLAC": "placer", "FILL": "filler"}


def requests_of(document: Document) -> list[Resource]:
    """Give the orders of a document that orders; none of one that reports."""
    if any(document.of_type("DiagnosticReport")):
        return []
    requests = [resource for resource in document.of_type(_ORDER) if not resource.container]
    if not requests:
        return []
    named = {found.at for request in requests for found in _supporting(document, request)}
    return requests if all(each.at in named for each in document.of_type("Observation")) else []


def _supporting(document: Document, request: Resource) -> Iterator[Resource]:
    for _, reference in objects(request.node, "supportingInfo"):
        found = document.resolve(reference, request)
        if found is not None and found.type == "Observation":
            yield found


class ServiceRequestReader:
    """
    Read the orders of one document.

    Shape: `systems` are the names of coding systems; `controls` gives, by status, what an order asks for.
    """

    def __init__(self, document: Document, systems: Mapping[str, str], controls: Mapping[str, str]) -> None:
        self._document = document
        self._systems = systems
        self._controls = controls

    def read(self, request: Resource) -> Order:
        """Read one order."""
        node = request.node
        status = text(node, "status")
        patient = self._document.resolve(obj(node, "subject"), request)
        numbers = _numbers(node)
        code = obj(node, "code")
        return Order(
            request.at,
            self._controls.get(status, ""),
            status,
            numbers.get("placer", Identifier()),
            numbers.get("filler", Identifier()),
            identifier(obj(node, "requisition")),
            codings(obj(code, "concept") or code, self._systems),
            read_patient(patient.node) if patient is not None and patient.type == "Patient" else OrderPatient(),
            self._organisation(request),
            tuple(self._answer(each) for each in _supporting(self._document, request)),
            tuple(filter(None, (text(node, "authoredOn"), text(node, "occurrenceDateTime")))),
            tuple(_findings(request, patient)),
        )

    def _organisation(self, request: Resource) -> Organisation:
        """Give the organisation that orders, itself or by the role of whoever orders for it."""
        reference, origin = obj(request.node, "requester"), request
        found = self._document.resolve(reference, origin)
        if found is not None and found.type == "PractitionerRole":
            reference, origin = obj(found.node, "organization"), found
            found = self._document.resolve(reference, origin)
        if found is not None:
            own = next((identifier(item) for _, item in objects(found.node, "identifier")), Identifier())
            return Organisation(text(found.node, "name"), own.value) if found.type == "Organization" else Organisation()
        if "Organization" in (text(reference, "type"), text(reference, "reference").split("/")[0]):
            return Organisation(text(reference, "display"), identifier(obj(reference, "identifier")).value)
        return Organisation()

    def _answer(self, observation: Resource) -> Answer:
        node = observation.node
        coded = obj(node, "valueCodeableConcept")
        code = next((coding.code for coding in codings(coded, {})), "") or text(coded, "text")
        flag = node.get("valueBoolean")
        said = str(flag).lower() if isinstance(flag, bool) else code or text(node, "valueString")
        return Answer(codings(obj(node, "code"), self._systems), said)


def _numbers(node: Node) -> dict[str, Identifier]:
    """Give the placer's and the filler's number; one of no type is the placer's, who wrote the request."""
    found: dict[str, Identifier] = {}
    unmarked = []
    for _, item in objects(node, "identifier"):
        kinds = [_NUMBER_TYPES[each.code] for each in codings(obj(item, "type"), {}) if each.code in _NUMBER_TYPES]
        if kinds:
            found.setdefault(kinds[0], identifier(item))
        elif text(item, "use") != "old":
            unmarked.append(identifier(item))
    if unmarked:
        found.setdefault("placer", unmarked[0])
    return found


def _findings(request: Resource, patient: Resource | None) -> Iterator[Finding]:
    node, at = request.node, request.at
    if is_modified(node):
        yield Finding("unknown-modifier", at, "an extension changes the meaning of the order")
    if node.get("doNotPerform") is True:
        yield Finding("order-forbids", f"{at}.doNotPerform", "the order says that something is not to be done")
    if text(node, "intent") not in _ORDERS:
        yield Finding("order-intent", f"{at}.intent", "a proposal, a plan or an option is no order yet")
    subject = obj(node, "subject")
    if patient is None and subject:
        reason = "conditional-reference" if is_conditional(subject) else "unresolved-reference"
        yield Finding(reason, f"{at}.subject", "the patient is not in the document")
    if patient is not None and is_modified(patient.node):
        yield Finding("unknown-modifier", patient.at, "an extension changes the meaning of the patient")
