"""
Read the orders of a FHIR document that orders: each ServiceRequest, its patient, and the answers beside it.

A document orders where it has a ServiceRequest and reports nothing: no DiagnosticReport, and no Observation that says
itself which order it answers.

Source: FHIR R4 ServiceRequest, Patient, Organization, PractitionerRole; R5 ServiceRequest.code.concept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from translator.read.fhir_answers import answers, supporting
from translator.read.fhir_bundle import Document, Resource, is_conditional
from translator.read.fhir_json import Node, obj, objects, text
from translator.read.fhir_order_patient import patient_places, read_patient
from translator.read.fhir_value import codings, identifier
from translator.read.fhir_whole import is_modified
from translator.record.order import Order, OrderPatient, Organisation
from translator.record.report import Finding, Identifier

_ORDER = "ServiceRequest"
# A proposal or a plan is no order yet.
_ORDERS = frozenset({"order", "original-order", "reflex-order", "filler-order", "instance-order", "directive"})
_NO_NUMBER = (0, Identifier())
_NUMBER_TYPES = {"PLAC": "placer", "FILL": "filler"}


def requests_of(document: Document) -> list[Resource]:
    """Give the orders of a document that orders; none of one that reports."""
    if any(document.of_type("DiagnosticReport")):
        return []
    if any(each.node.get("basedOn") for each in document.of_type("Observation")):
        return []
    return [resource for resource in document.of_type(_ORDER) if not resource.container]


def replaced_requests(document: Document) -> Iterator[Order]:
    """Give the orders of which the document has a newer version; nothing is asked for by them any more."""
    for resource in document.older:
        if resource.type == _ORDER and not resource.container:
            yield Order(resource.at, is_replaced=True)


class ServiceRequestReader:
    """
    Read the orders of one document.

    Shape: `systems` are the names of coding systems; `controls` gives, by status, what an order asks for.
    """

    def __init__(self, document: Document, systems: Mapping[str, str], controls: Mapping[str, str]) -> None:
        self._document = document
        self._systems = systems
        self._controls = controls
        self._given_up = {
            found.at
            for request in document.of_type(_ORDER)
            for _, reference in objects(request.node, "replaces")
            if (found := document.resolve(reference, request)) is not None
        }

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
            numbers.get("placer", _NO_NUMBER)[1],
            numbers.get("filler", _NO_NUMBER)[1],
            identifier(obj(node, "requisition")),
            codings(obj(code, "concept") or code, self._systems),
            self._patient(patient, text(node, "authoredOn")),
            self._organisation(request),
            tuple(answer for each in supporting(self._document, request) for answer in answers(each, self._systems)),
            tuple(filter(None, (text(node, "authoredOn"), text(node, "occurrenceDateTime")))),
            (*_findings(request, patient), *self._replacement(request)),
            places=_places(request, patient, numbers),
        )

    def _patient(self, found: Resource | None, time: str) -> OrderPatient:
        return read_patient(found.node, time) if found is not None and found.type == "Patient" else OrderPatient()

    def _replacement(self, request: Resource) -> Iterator[Finding]:
        """An order instead of another one: the vendor has a kit under way for one of them, and nobody says which."""
        if request.node.get("replaces"):
            yield Finding("order-control-undecided", f"{request.at}.replaces", "the order replaces another one")
        if request.at in self._given_up:
            yield Finding("order-control-undecided", request.at, "another order of the document replaces this one")

    def _organisation(self, request: Resource) -> Organisation:
        """Give the organisation that orders, itself or by the role of whoever orders for it."""
        reference, origin = obj(request.node, "requester"), request
        found = self._document.resolve(reference, origin)
        if found is not None and found.type == "PractitionerRole":
            reference, origin = obj(found.node, "organization"), found
            found = self._document.resolve(reference, origin)
        if found is not None:
            return _named(found.node) if found.type == "Organization" else Organisation()
        if "Organization" in (text(reference, "type"), text(reference, "reference").split("/")[0]):
            return Organisation(text(reference, "display"), identifier(obj(reference, "identifier")).value)
        return Organisation()


def _named(node: Node) -> Organisation:
    numbers = [text(item, "value") for _, item in objects(node, "identifier") if text(item, "value")]
    return Organisation(text(node, "name"), (numbers or [""])[0], tuple(numbers[1:]))


def _numbers(node: Node) -> dict[str, tuple[int, Identifier]]:
    """Give the placer's and the filler's number; one of no type is the placer's, who wrote the request."""
    found: dict[str, tuple[int, Identifier]] = {}
    unmarked = []
    for place, item in objects(node, "identifier"):
        kinds = [_NUMBER_TYPES[each.code] for each in codings(obj(item, "type"), {}) if each.code in _NUMBER_TYPES]
        if kinds:
            found.setdefault(kinds[0], (place, identifier(item)))
        elif text(item, "use") != "old":
            unmarked.append((place, identifier(item)))
    if unmarked:
        found.setdefault("placer", unmarked[0])
    return found


def _places(
    request: Resource, patient: Resource | None, numbers: Mapping[str, tuple[int, Identifier]]
) -> dict[str, tuple[str, ...]]:
    """Name where each part of the order stands."""
    at = request.at
    found: dict[str, tuple[str, ...]] = {
        "control": (f"{at}.status",),
        "codes": (f"{at}.code",),
        "organisation": (f"{at}.requester",),
    }
    if "placer" in numbers:
        found["placer"] = (f"{at}.identifier[{numbers['placer'][0]}].value",)
    if patient is not None and patient.type == "Patient":
        found |= patient_places(patient.node, text(request.node, "authoredOn"), patient.at)
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
