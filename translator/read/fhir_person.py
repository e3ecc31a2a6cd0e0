"""
Tell whose a report is, and whether its observations are of the same person.

Source: FHIR R4 DiagnosticReport.subject, Observation.subject, Patient.
"""

from __future__ import annotations

from translator.read.fhir_bundle import Document, Resource, is_conditional
from translator.read.fhir_json import Node, obj, objects, text
from translator.read.fhir_value import identifier
from translator.read.fhir_whole import is_modified
from translator.record.report import Finding, Patient


class Person:
    """
    The subject of one report; where the report names none, that of its first observation that does.

    Shape: `problem` is what holds the report. `words` are those of the report, by which the same person may be told at
    once; what is contained bears its name only there, so that no words tell it elsewhere.
    """

    def __init__(self, document: Document, report: Resource) -> None:
        self._document = document
        self._at = f"{report.at}.subject"
        self.words: object = _words(report.node)
        self._subject: object = None
        self._reference: Node = {}
        self._patient: Resource | None = None
        self.problem: Finding | None = None
        self.see(report)

    def see(self, resource: Resource) -> None:
        """Compare the subject of an observation; what is plainly the same costs hardly anything."""
        subject = _words(resource.node)
        if subject is None or subject == self._subject:
            return
        reference = obj(resource.node, "subject")
        patient = self._document.resolve(reference, resource)
        if self._subject is None:
            self._subject, self._reference, self._patient = subject, reference, patient
            self.problem = self._first_problem(reference, patient)
        elif self.problem is None and self._is_another(reference, patient):
            self.problem = Finding("patient-mismatch", f"{resource.at}.subject", "the report is of another person")

    def see_order(self, request: Resource | None) -> None:
        """Compare the subject of an order, where both persons are there: an order may tell less of one."""
        if request is None or self._patient is None or _words(request.node) == self._subject:
            return
        patient = self._document.resolve(obj(request.node, "subject"), request)
        if self.problem is None and patient is not None and _are_two(patient, self._patient):
            self.problem = Finding("patient-mismatch", f"{request.at}.subject", "the order is of another person")

    def patient(self) -> Patient:
        """Give what matching needs."""
        node = self._patient.node if self._patient is not None else {}
        known = next((identifier(item) for _, item in objects(node, "identifier")), None)
        known = known or identifier(obj(self._reference, "identifier"))
        return Patient(known.value, text(node, "birthDate").replace("-", ""))

    def _first_problem(self, reference: Node, patient: Resource | None) -> Finding | None:
        if patient is None:
            text_ = "the patient is named by a search"
            return Finding("conditional-reference", self._at, text_) if is_conditional(reference) else None
        if is_modified(patient.node):
            return Finding("unknown-modifier", patient.at, "an extension changes the meaning of the patient")
        return None

    def _is_another(self, reference: Node, patient: Resource | None) -> bool:
        if patient is not None and self._patient is not None:
            return _are_two(patient, self._patient)
        ours, theirs = text(self._reference, "reference"), text(reference, "reference")
        if ours and theirs:
            return _name(ours) != _name(theirs)
        numbers = [identifier(obj(each, "identifier")) for each in (self._reference, reference)]
        return all(number.value for number in numbers) and numbers[0] != numbers[1]


def _are_two(one: Resource, other: Resource) -> bool:
    """Tell two people; one person may stand in a document twice, with a number or the day of birth to be known by."""
    if one.node == other.node:
        return False
    numbers = [{identifier(item) for _, item in objects(each.node, "identifier")} for each in (one, other)]
    days = [text(each.node, "birthDate") for each in (one, other)]
    if all(numbers):
        return numbers[0].isdisjoint(numbers[1]) or (len(days[0]) == len(days[1]) and days[0] != days[1])
    return not days[0] or days[0] != days[1]


def _words(node: Node) -> object:
    """Give how a subject is named; what is contained has a name of its own in each resource."""
    subject = node.get("subject")
    return object() if text(obj(node, "subject"), "reference").startswith("#") else subject


def _name(reference: str) -> str:
    """Give `Type/id` of a reference, whatever server and version it names."""
    return "/".join(reference.partition("/_history/")[0].split("/")[-2:])
