"""
Write reports as a Bundle of DiagnosticReport, with the order that each answers and its observations.

Source: FHIR R4 DiagnosticReport, ServiceRequest.
"""

from __future__ import annotations

from collections.abc import Sequence

from translator.record.order import OrderPatient
from translator.record.report import Identifier, Report
from translator.write.fhir import Entries, Node, concept, identifier
from translator.write.fhir_observation import observation
from translator.write.fhir_person import patient
from translator.write.hl7v2 import Letterhead
from translator.write.statuses import report_word
from translator.write.times import instant


def write_report_bundle(head: Letterhead, person: OrderPatient, reports: Sequence[Report]) -> bytes:
    """
    Write the reports of one patient as one Bundle.

    Raises:
        WriteError: something in a report has no place in FHIR, or a report says not what it is of.
    """
    entries = Entries(head)
    subject = entries.add(patient(person))
    for report in reports:
        entries.add(_report(report, subject, entries))
    return entries.bundle()


def _report(report: Report, subject: Node, entries: Entries) -> Node:
    request = entries.add(_request(report, subject))
    results = [entries.add(observation(seen, subject)) for seen in report.observations]
    specimens = [
        entries.add({"resourceType": "Specimen", "type": {"coding": [{"code": kind}]}, "subject": subject})
        for kind in report.specimens
    ]
    filler = identifier(report.filler, "FILL")
    return {
        "resourceType": "DiagnosticReport",
        "identifier": [filler] if filler else [],
        "basedOn": [request],
        "status": report_word(report.status),
        "code": concept(report.panel),
        "subject": subject,
        "issued": instant(report.times[0]) if report.times else "",
        "specimen": specimens,
        "result": results,
    }


def _request(report: Report, subject: Node) -> Node:
    """Write the order that the report answers, as far as its numbers say."""
    placer = identifier(_number(report, "placer"), "PLAC")
    return {
        "resourceType": "ServiceRequest",
        "identifier": [placer] if placer else [],
        "requisition": identifier(_number(report, "group")),
        "status": "active",
        "intent": "order",
        "code": concept(report.panel),
        "subject": subject,
    }


def _number(report: Report, kind: str) -> Identifier:
    named = [(kind_, found) for kind_, _, found in report.keys]
    named += [("placer", found) for _, found in report.service_requests]
    return next((found for kind_, found in named if kind_ == kind), Identifier())
