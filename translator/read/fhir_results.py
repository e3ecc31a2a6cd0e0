"""
Walk the results of DiagnosticReports: every Observation that one refers to, with its members, once.

Source: FHIR R4 DiagnosticReport.result, Observation.hasMember.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from translator.read.fhir_bundle import Document, Resource, is_conditional
from translator.read.fhir_json import Node, objects, text
from translator.read.fhir_observation import ObservationReader
from translator.read.fhir_order import Order, Orders, Tree
from translator.read.fhir_person import Person
from translator.record.report import Finding, Observation
from translator.record.values import Unusable


class Results(Struct):
    """
    The results of one report.

    Shape: `shared` has the place of a result that an earlier report has, too, by the number of that report;
    `specimens` are references by their text, each with the resource that holds it.
    """

    number: int
    trees: list[Tree]
    findings: list[Finding]
    shared: dict[int, str]
    specimens: dict[str, tuple[Node, Resource]]


class ResultReader:
    """
    Walk one document.

    Shape: `reached` are the places of all observations that some report refers to, with the number of the first one.
    """

    def __init__(self, document: Document, observations: ObservationReader, orders: Orders) -> None:
        self.reached: dict[str, int] = {}
        self._document = document
        self._observations = observations
        self._orders = orders

    def read(self, report: Resource, number: int, person: Person, *, modified: bool) -> Results:
        """Read the results of the report that has this number, and compare whose they are."""
        results = Results(number, [], [], {}, {})
        listed = list(objects(report.node, "result"))
        for index, reference in listed:
            at = f"{report.at}.result[{index}]"
            target = self._document.resolve(reference, report)
            if target is None or target.type != "Observation":
                missing = f"result {index + 1} of {len(listed)} is missing"
                results.findings.append(Finding(_reason(reference), at, missing))
                continue
            observations: list[Observation] = []
            orders: dict[object, Order] = {}
            for resource in self._walk(target, at, results, observations):
                observations += self._observations.read(resource, modified=modified)
                person.see(resource)
                self._note(resource, report, orders, results)
            if observations:
                results.trees.append(Tree(observations, orders))
        return results

    def _walk(
        self, root: Resource, place: str, results: Results, observations: list[Observation]
    ) -> Iterator[Resource]:
        """Follow hasMember; an observation that is reached twice counts once, so a cycle ends."""
        waiting = [root]
        while waiting:
            reached = waiting.pop()
            if reached.at in self.reached:
                home = self.reached[reached.at]
                if home != results.number:
                    results.shared.setdefault(home, place)
                continue
            self.reached[reached.at] = results.number
            yield reached
            if "hasMember" in reached.node:
                waiting += reversed(list(self._members(reached, observations)))

    def _members(self, resource: Resource, observations: list[Observation]) -> Iterator[Resource]:
        for index, reference in objects(resource.node, "hasMember"):
            member = self._document.resolve(reference, resource)
            if member is not None and member.type == "Observation":
                yield member
            else:
                at = f"{resource.at}.hasMember[{index}]"
                observations.append(Observation(at, (), Unusable(_reason(reference))))

    def _note(self, resource: Resource, report: Resource, orders: dict[object, Order], results: Results) -> None:
        """Note the orders and the specimen of an observation; those of the report need no second look."""
        node = resource.node
        if "basedOn" in node and node["basedOn"] != report.node.get("basedOn"):
            orders.update(self._orders.based_on(resource))
        if "specimen" in node:
            for _, reference in objects(node, "specimen"):
                results.specimens.setdefault(text(reference, "reference"), (reference, resource))


def _reason(reference: Node) -> str:
    return "conditional-reference" if is_conditional(reference) else "unresolved-reference"
