"""
Read a FHIR document (a DiagnosticReport, or a Bundle of them) into the canonical record.

Every Observation and every component of the document gets its place: in the report that refers to it, or outside.

Source: FHIR R4 DiagnosticReport, Observation, ServiceRequest, Bundle.
"""

from __future__ import annotations

from collections.abc import Container

from msgspec import structs

from translator.read.export_bundle import is_beside_reports
from translator.read.fhir_bundle import Document
from translator.read.fhir_elements import ElementMemo
from translator.read.fhir_json import DuplicateKeyError, MalformedJsonError, Node, parse, text
from translator.read.fhir_observation import ObservationReader
from translator.read.fhir_plain import PlainReader
from translator.read.fhir_report import ReportReader
from translator.read.fhir_service_request import ServiceRequestReader, replaced_requests, requests_of
from translator.read.fhir_version import find_version
from translator.read.fhir_whole import held_of, refused_of
from translator.read.lexicon import Lexicon
from translator.record.report import Finding, Form, Message, Observation, Report
from translator.record.values import Absent

# Our own default; a site names the systems under which its orders carry the WHOOP id.
SERVICE_REQUEST_SYSTEM = "https://api.prod.whoop.com/developer/v2/partner/service-request"
_NO_RESULT = "not-a-result-position"
_NO_FORM = Form()
_SUPERSEDED = Absent("superseded")


class FhirReader:
    """
    Read FHIR documents by one lexicon.

    Shape: `systems` are the identifier systems that name a WHOOP service request. It keeps no document: what it
    remembers are codes, units and the names of elements, bounded.
    """

    def __init__(self, lexicon: Lexicon, systems: frozenset[str] = frozenset({SERVICE_REQUEST_SYSTEM})) -> None:
        self._lexicon = lexicon
        self._systems = systems
        self._elements = ElementMemo()
        self._observations = ObservationReader(lexicon.systems, self._elements)
        self._plain = PlainReader(self._observations, lexicon.systems, self._elements)

    def read(self, raw: bytes) -> Message:
        """
        Turn the bytes of one FHIR document into a record.

        Absent: bytes that are no JSON object give a refused message.
        """
        if (plain := self._plain.read(raw)) is not None:
            return self.read_document(plain)
        try:
            root = parse(raw)
        except DuplicateKeyError as fault:
            return Message("fhir", refused=Finding("duplicate-key", "", str(fault)))
        except MalformedJsonError as fault:
            return Message("fhir", refused=Finding("malformed", "", str(fault)))
        if not isinstance(root, dict):
            return Message("fhir", refused=Finding("malformed", "", "a FHIR document is one JSON object"))
        return self.read_document(Document(root, self._elements))

    def read_document(self, document: Document) -> Message:
        """Turn a document whose resources are found into a record."""
        root = document.root
        reader = ReportReader(document, self._lexicon, self._systems, self._observations)
        reports = reader.reports()
        if outside := self._outside(document, reader.reached):
            reports.append(Report("", observations=tuple(outside)))
        version = find_version(document, self._lexicon.fhir_version)
        if version.name == "R5":
            reports = [_in_r5(report) for report in reports]
        requests = requests_of(document)
        refused = version.refusal or refused_of(document, orders=bool(requests))
        held = [] if refused else [*held_of(document), *([] if requests else _without_report(root, reports))]
        ordered = ServiceRequestReader(document, self._lexicon.systems, self._lexicon.controls.get("fhir", {}))
        kind = text(root, "resourceType")
        return Message(
            "fhir",
            type=f"Bundle {text(root, 'type')}".strip() if kind == "Bundle" else kind,
            version=version.name,
            control_id=text(root, "id"),
            reports=tuple(reports),
            refused=refused,
            held=tuple(held),
            orders=(*map(ordered.read, requests), *(replaced_requests(document) if requests else ())),
            findings=() if refused else _remarks(document),
        )

    def _outside(self, document: Document, reached: Container[str]) -> list[Observation]:
        """Give the observations that no report refers to, and those that the same document replaces."""
        outside = []
        for resource in document.resources:
            if resource.type == "Observation" and resource.at not in reached:
                outside += self._observations.read(resource, _NO_RESULT)
        for resource in document.older:
            if resource.type == "Observation":
                outside += [Observation(seen.at, _NO_FORM, _SUPERSEDED) for seen in self._observations.read(resource)]
        return outside


def _without_report(root: Node, reports: list[Report]) -> list[Finding]:
    """Hold observations that no report gathers: nobody says whether they are the results of an order."""
    if not reports or any(report.at for report in reports) or is_beside_reports(root):
        return []
    return [Finding("no-results", text(root, "resourceType"), "no DiagnosticReport gathers the observations")]


def _remarks(document: Document) -> tuple[Finding, ...]:
    """Say what is worth a look although it holds nothing."""
    if not document.assumed:
        return ()
    text_ = f"{document.assumed} references are resolved by type and id, although their server is not named"
    return (Finding("reference-assumed", text(document.root, "resourceType"), text_),)


def read_document(
    raw: bytes, lexicon: Lexicon, systems: frozenset[str] = frozenset({SERVICE_REQUEST_SYSTEM})
) -> Message:
    """Turn the bytes of one FHIR document into a record, as `FhirReader` does."""
    return FhirReader(lexicon, systems).read(raw)


def _in_r5(report: Report) -> Report:
    """Say R5 of the one status that R4 does not have."""
    return structs.replace(report, status="modified (R5)") if report.status == "modified" else report
