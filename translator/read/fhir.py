"""
Read a FHIR document (a DiagnosticReport, or a Bundle of them) into the canonical record.

Every Observation and every component of the document gets its place: in the report that refers to it, or outside.

Source: FHIR R4 DiagnosticReport, Observation, ServiceRequest, Bundle.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import structs

from translator.read.fhir_bundle import Document, Resource
from translator.read.fhir_json import DuplicateKeyError, MalformedJsonError, Node, obj, objects, parse, text
from translator.read.fhir_value import codings, identifier, read_value, unit_of
from translator.read.lexicon import Lexicon
from translator.record.report import Finding, Form, Identifier, Message, Observation, Patient, Report
from translator.record.values import Absent, Unusable

# Our own default; a site names the systems under which its orders carry the WHOOP id.
SERVICE_REQUEST_SYSTEM = "https://api.prod.whoop.com/developer/v2/partner/service-request"
_NO_RESULT = "not-a-result-position"
_READ = frozenset({"Bundle", "DiagnosticReport"})
_NO_PLAIN_SET = frozenset({"history", "subscription-notification"})
_NO_FORM = Form()
_MODIFIED = Unusable("unknown-modifier", refused=True)


def read_document(
    raw: bytes, lexicon: Lexicon, systems: frozenset[str] = frozenset({SERVICE_REQUEST_SYSTEM})
) -> Message:
    """
    Turn the bytes of one FHIR document into a record.

    Shape: `systems` are the identifier systems that name a WHOOP service request.
    Absent: bytes that are no JSON object give a refused message.
    """
    try:
        root = parse(raw)
    except DuplicateKeyError as fault:
        return Message("fhir", refused=Finding("duplicate-key", "", str(fault)))
    except MalformedJsonError as fault:
        return Message("fhir", refused=Finding("malformed", "", str(fault)))
    if not isinstance(root, dict):
        return Message("fhir", refused=Finding("malformed", "", "a FHIR document is one JSON object"))
    return _Reading(Document(root), lexicon, systems).message()


class _Reading:
    def __init__(self, document: Document, lexicon: Lexicon, systems: frozenset[str]) -> None:
        self._document = document
        self._lexicon = lexicon
        self._service_request_systems = systems
        self._reached: set[str] = set()

    def message(self) -> Message:
        root = self._document.root
        reports = [self._report(resource) for resource in self._document.of_type("DiagnosticReport")]
        outside = tuple(
            observation
            for resource in self._document.of_type("Observation")
            if resource.at not in self._reached
            for observation in self._observations(resource, _NO_RESULT)
        )
        if outside:
            reports.append(Report("", observations=outside))
        refused = self._refused()
        kind = text(root, "resourceType")
        return Message(
            "fhir",
            type=f"Bundle {text(root, 'type')}".strip() if kind == "Bundle" else kind,
            control_id=text(root, "id"),
            reports=tuple(reports),
            refused=refused,
            held=() if refused else tuple(self._held()),
        )

    def _refused(self) -> Finding | None:
        kind = text(self._document.root, "resourceType")
        if kind not in _READ:
            return Finding("message-type", "", "a FHIR document is a Bundle or a DiagnosticReport")
        nodes = [self._document.root, *(resource.node for resource in self._document.resources)]
        if any(_is_test(node) for node in nodes):
            return Finding("not-production", "meta.security", "the document is marked as test data (HTEST)")
        if kind == "Bundle" and (found := _unreadable(self._document.root)):
            return found
        if not {"DiagnosticReport", "Observation"} & {resource.type for resource in self._document.resources}:
            return Finding("message-type", "", "the document has no DiagnosticReport")
        return None

    def _held(self) -> Iterator[Finding]:
        root = self._document.root
        if any(text(link, "relation") == "next" for _, link in objects(root, "link")):
            yield Finding("incomplete-bundle", "Bundle.link", "the bundle says that a next page follows")
        for index, entry in objects(root, "entry"):
            if text(obj(entry, "request"), "method") == "DELETE":
                yield Finding("retraction", f"Bundle.entry[{index}].request", "the bundle deletes a resource")

    def _report(self, resource: Resource) -> Report:
        node = resource.node
        observations, findings = self._results(resource)
        if _is_modified(node):
            findings.append(Finding("unknown-modifier", resource.at, "an extension changes the meaning of the report"))
        requests, keys = self._requests(resource)
        own = [identifier(item) for _, item in objects(node, "identifier")]
        return Report(
            resource.at,
            status=text(node, "status"),
            status_at=f"{resource.at}.status",
            panel=codings(obj(node, "code"), self._lexicon.systems),
            service_requests=tuple(requests),
            must_agree=False,
            keys=tuple(keys),
            filler=next(iter(own), Identifier()),
            patient=self._patient(resource),
            times=(text(node, "issued"), text(node, "effectiveDateTime")),
            observations=tuple(observations),
            findings=tuple(findings),
        )

    def _results(self, resource: Resource) -> tuple[list[Observation], list[Finding]]:
        observations: list[Observation] = []
        findings: list[Finding] = []
        listed = list(objects(resource.node, "result"))
        for index, reference in listed:
            target = self._document.resolve(reference, resource)
            if target is None or target.type != "Observation":
                place = f"{resource.at}.result[{index}]"
                findings.append(
                    Finding("unresolved-reference", place, f"result {index + 1} of {len(listed)} is missing")
                )
            else:
                observations += self._tree(target)
        return observations, findings

    def _tree(self, resource: Resource) -> Iterator[Observation]:
        """Follow hasMember; an observation that is reached twice counts once, so a cycle ends."""
        waiting = [resource]
        while waiting:
            reached = waiting.pop()
            if reached.at in self._reached:
                continue
            self._reached.add(reached.at)
            yield from self._observations(reached, "")
            members = []
            for index, reference in objects(reached.node, "hasMember"):
                member = self._document.resolve(reference, reached)
                if member is None or member.type != "Observation":
                    yield Observation(f"{reached.at}.hasMember[{index}]", _NO_FORM, Unusable("unresolved-reference"))
                else:
                    members.append(member)
            waiting += reversed(members)

    def _observations(self, resource: Resource, place: str) -> Iterator[Observation]:
        node = resource.node
        status = text(node, "status")
        parts = list(objects(node, "component"))
        whole = self._observation(resource.at, node, status, place)
        if whole.value == Absent() and (parts or node.get("hasMember")):
            whole = structs.replace(whole, value=Absent("container"))
        yield whole
        for index, part in parts:
            read = self._observation(f"{resource.at}.component[{index}]", part, status, place)
            # What turns the meaning of the whole turns that of its parts.
            yield structs.replace(read, value=_MODIFIED) if whole.value == _MODIFIED else read

    def _observation(self, at: str, node: Node, status: str, place: str) -> Observation:
        unit, system = unit_of(node)
        return Observation(
            at,
            Form(codings(obj(node, "code"), self._lexicon.systems), "", unit, system, status=status),
            _MODIFIED if _is_modified(node) else read_value(node, self._lexicon.systems),
            place=place,
        )

    def _requests(self, resource: Resource) -> tuple[list[tuple[str, Identifier]], list[tuple[str, str, Identifier]]]:
        """Collect what may name the service request: basedOn, its identifiers, the report's own."""
        offered: list[tuple[str, str, Identifier]] = []
        for index, reference in objects(resource.node, "basedOn"):
            at = f"{resource.at}.basedOn[{index}]"
            if logical := obj(reference, "identifier"):
                offered.append(("placer", f"{at}.identifier", identifier(logical)))
            request = self._document.resolve(reference, resource)
            if request is None:
                continue
            offered += [
                ("placer", f"{request.at}.identifier[{n}]", identifier(item))
                for n, item in objects(request.node, "identifier")
            ]
            if group := obj(request.node, "requisition"):
                offered.append(("group", f"{request.at}.requisition", identifier(group)))
        offered += [
            (_key_type(item), f"{resource.at}.identifier[{n}]", identifier(item))
            for n, item in objects(resource.node, "identifier")
        ]
        keys = [key for key in offered if key[2].value]
        named = [(at, found) for _, at, found in keys if found.namespace in self._service_request_systems]
        return named, [key for key in keys if key[2].namespace not in self._service_request_systems]

    def _patient(self, resource: Resource) -> Patient:
        subject = obj(resource.node, "subject")
        patient = self._document.resolve(subject, resource)
        node = patient.node if patient is not None else {}
        known = next(
            (identifier(item) for _, item in objects(node, "identifier")), identifier(obj(subject, "identifier"))
        )
        return Patient(known.value, text(node, "birthDate").replace("-", ""))


def _is_test(node: Node) -> bool:
    marks = [mark for key in ("security", "tag") for _, mark in objects(obj(node, "meta"), key)]
    return any(text(mark, "code") == "HTEST" for mark in marks)


def _is_modified(node: Node) -> bool:
    return bool(node.get("modifierExtension") or node.get("implicitRules"))


def _unreadable(bundle: Node) -> Finding | None:
    """Say why a bundle is no plain set of resources that are meant as they stand."""
    if _is_modified(bundle):
        return Finding("unknown-modifier", "Bundle.implicitRules", "the bundle follows rules that we do not know")
    if text(bundle, "type") in _NO_PLAIN_SET:
        return Finding("message-type", "Bundle.type", "bundles of this type tell what happened, not what is")
    for index, entry in objects(bundle, "entry"):
        if text(obj(entry, "request"), "method") == "PATCH":
            return Finding("message-type", f"Bundle.entry[{index}].request", "the bundle changes a part of a resource")
    return None


def _key_type(item: Node) -> str:
    """PLAC names the placer's number; a report's other identifiers are the lab's own."""
    codes = {coding.code for coding in codings(obj(item, "type"), {})}
    return "placer" if "PLAC" in codes else "filler"
