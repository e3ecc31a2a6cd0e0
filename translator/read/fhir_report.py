"""
Read every DiagnosticReport of a document: its results, its orders, its patient, its times.

Source: FHIR R4 DiagnosticReport.
"""

from __future__ import annotations

from collections.abc import Sequence

from translator.read.fhir_bundle import Document, Resource
from translator.read.fhir_json import Node, obj, objects, text
from translator.read.fhir_observation import ObservationReader
from translator.read.fhir_order import Order, Orders, Tree, distinct, part
from translator.read.fhir_results import ResultReader, Results
from translator.read.fhir_value import codings
from translator.read.lexicon import Lexicon
from translator.record.report import Finding, Identifier, Observation, Report

_SECTIONS = (
    "http://terminology.hl7.org/CodeSystem/v2-0074",
    "http://hl7.org/fhir/v2/0074",
    "urn:oid:2.16.840.1.113883.12.74",
)
_MICROBIOLOGY = frozenset(("MB", system) for system in _SECTIONS)


class ReportReader:
    """
    Read the reports of one document.

    Shape: `reached` are the places of all observations that some report refers to.
    """

    def __init__(
        self, document: Document, lexicon: Lexicon, service_requests: frozenset[str], observations: ObservationReader
    ) -> None:
        self._document = document
        self._systems = lexicon.systems
        self._orders = Orders(document, lexicon.systems, service_requests)
        self._results = ResultReader(document, observations, self._orders)
        self._answered: list[list[Order]] = []
        self._sent = text(document.root, "timestamp")
        self.reached = self._results.reached

    def reports(self) -> list[Report]:
        """Read every report, in order; one that answers several orders may come in parts."""
        return [report for each in self._document.of_type("DiagnosticReport") for report in self._read(each)]

    def _read(self, resource: Resource) -> list[Report]:
        results = self._results.read(resource, len(self._answered))
        own = self._orders.based_on(resource)
        offered = own + [order for tree in results.grown for order in tree.orders]
        orders = distinct(offered) if len(offered) > 1 else offered
        findings = results.findings + self._shared(results, orders) + _strangers(results.grown, own)
        for order in offered:
            results.person.see_order(order.request)
        if results.modified:
            text_ = "an extension changes the meaning of the report"
            findings.append(Finding("unknown-modifier", resource.at, text_))
        if _is_microbiology(resource.node):
            results.hold(Finding("microbiology", f"{resource.at}.category", "isolates need more than a list"))
        findings += [order.problem for order in orders if order.problem is not None]
        if results.person.problem is not None:
            findings.append(results.person.problem)
        return self._ordered(results, orders, findings)

    def _shared(self, results: Results, orders: list[Order]) -> list[Finding]:
        """Find results that an earlier report of another order has, too; for the same order, once is enough."""
        shared = [place for number, place in results.shared.items() if not _are_same(self._answered[number], orders)]
        self._answered.append(orders)
        return [Finding("shared-observation", place, "a report of another order has this result") for place in shared]

    def _ordered(self, results: Results, orders: list[Order], findings: list[Finding]) -> list[Report]:
        """Give the report its orders; where there are several, part it among them, if its results say how."""
        if len(orders) > 1:
            panel = codings(obj(results.report.node, "code"), self._systems)
            if not findings and (parts := part(results.trees, orders, panel)):
                parted = [(order, _flat(trees)) for order, trees in zip(orders, parts, strict=True) if trees]
                return [self._report(results, [order], seen, []) for order, seen in parted]
            text_ = f"the report answers {len(orders)} orders, and its results do not say which"
            findings.append(Finding("several-service-requests", results.report.at, text_))
        return [self._report(results, orders, results.observations, findings)]

    def _report(
        self, results: Results, orders: list[Order], seen: list[Observation], findings: list[Finding]
    ) -> Report:
        resource, node = results.report, results.report.node
        own = self._orders.own(resource)
        keys = [key for order in orders for key in order.keys] + own
        return Report(
            resource.at,
            status=text(node, "status"),
            status_at=f"{resource.at}.status",
            panel=codings(obj(node, "code"), self._systems),
            service_requests=self._orders.named(keys),
            must_agree=False,
            keys=self._orders.others(keys),
            specimens=self._specimens(resource, results),
            filler=next((found for kind, _, found in own if kind == "filler"), Identifier()),
            patient=results.person.patient(),
            times=(text(node, "issued"), _effective(node), self._sent),
            observations=tuple(seen),
            findings=tuple(findings),
        )

    def _specimens(self, resource: Resource, results: Results) -> tuple[str, ...]:
        """Give the types of the report's specimens, else of those of its observations; one without could be any."""
        own = [(reference, resource) for _, reference in objects(resource.node, "specimen")]
        found = [self._document.resolve(*each) for each in own or results.specimens.values()]
        kinds = [codings(obj(each.node, "type"), self._systems) if each is not None else () for each in found]
        return tuple([coding.code for codes in kinds for coding in codes]) if all(kinds) else ()


def _strangers(trees: Sequence[Tree], own: Sequence[Order]) -> list[Finding]:
    """Find results that name an order which their report, naming its own, does not."""
    text_ = "the observation names an order that its report does not"
    return [
        Finding("service-request-mismatch", tree.observations[0].at, text_)
        for tree in trees
        if own and not all(any(order.is_same(each) for each in own) for order in tree.orders)
    ]


def _are_same(some: Sequence[Order], others: Sequence[Order]) -> bool:
    """Tell whether two reports answer the same orders."""
    return len(some) == len(others) and all(any(one.is_same(other) for other in others) for one in some)


def _flat(trees: Sequence[Tree]) -> list[Observation]:
    return [seen for tree in trees for seen in tree.observations]


def _is_microbiology(node: Node) -> bool:
    """
    Tell a report of isolates, each with results of its own.

    Source: HL7 table 0074 (diagnostic service section), MB.
    """
    for _, category in objects(node, "category"):
        for _, coding in objects(category, "coding"):
            if (text(coding, "code"), text(coding, "system")) in _MICROBIOLOGY:
                return True
    return False


def _effective(node: Node) -> str:
    """Give the time of what was observed, as exact as it was sent; of a period its end."""
    period = obj(node, "effectivePeriod")
    offered = (text(node, "effectiveDateTime"), text(node, "effectiveInstant"), text(period, "end"))
    return next(filter(None, offered), text(period, "start"))
