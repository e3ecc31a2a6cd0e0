"""
Walk the results of DiagnosticReports: every Observation that one refers to, with its members, once.

Source: FHIR R4 DiagnosticReport.result, Observation.hasMember.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, structs

from translator.read.fhir_bundle import Document, Resource, is_conditional
from translator.read.fhir_json import Node, misshapen, obj, objects, text
from translator.read.fhir_observation import ObservationReader
from translator.read.fhir_order import Orders, Tree
from translator.read.fhir_person import Person
from translator.read.fhir_whole import is_modified
from translator.record.report import Finding, Form, Observation
from translator.record.values import Absent

# LOINC's epidemiologically important information, under which public health feeds ask at order entry.
_FORM, _FORM_CODE = "order-form", "68991-9"


class Results(Struct):
    """
    The results of one report, the n-th of its document.

    Shape: `modified` tells that an extension changes the meaning of all of them; `place` is why they are no results, if
    they are none. `plain` are the observations where each result is one, without members or orders of its own; else it
    is empty, and they are in `grown`. `shared` has the place of a result that an earlier report has, too, by the number
    of that report; `specimens` are references by their text, each with the resource that holds it.
    """

    report: Resource
    number: int
    subject: object
    person: Person
    modified: bool
    place: str
    plain: list[Observation]
    grown: list[Tree]
    findings: list[Finding]
    shared: dict[int, str]
    specimens: dict[str, tuple[Node, Resource]]

    @property
    def observations(self) -> list[Observation]:
        """All of them, in order."""
        return self.plain or [seen for tree in self.grown for seen in tree.observations]

    @property
    def trees(self) -> list[Tree]:
        """All of them, each with its members and its orders."""
        return [Tree([seen], []) for seen in self.plain] or self.grown

    def hold(self, finding: Finding) -> None:
        """Hold every observation by itself, so that each says why."""
        self.plain = [structs.replace(seen, findings=(finding,)) for seen in self.plain]
        for tree in self.grown:
            tree.observations[:] = [structs.replace(seen, findings=(finding,)) for seen in tree.observations]


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

    def read(self, report: Resource, number: int) -> Results:
        """Read the results of the n-th report, and compare whose they are."""
        person, modified = Person(self._document, report), is_modified(report.node)
        place = _FORM if _is_order_form(report.node) else ""
        results = Results(report, number, person.words, person, modified, place, [], [], [], {}, {})
        listed = objects(report.node, "result")
        targets = self._document.resolve_all([reference for _, reference in listed], report)
        # Every entry of the list is a result; one that is no reference leads to nothing.
        results.findings += [_missing(f"{report.at}.result[{n}]") for n in misshapen(report.node, "result")]
        plain = [] if modified else self._plain(targets)
        if plain:
            self._read_plain(plain, results)
            return results
        for (index, reference), target in zip(listed, targets, strict=True):
            if target is None or target.type != "Observation":
                missing = f"result {index + 1} of {len(listed)} is missing"
                results.findings.append(Finding(_reason(reference), f"{report.at}.result[{index}]", missing))
            elif target.at not in self.reached and not target.elements.leads_on:
                self.reached[target.at] = number
                results.grown.append(Tree(self._read(target, results), []))
            else:
                self._follow(target, index, results)
        return results

    def _plain(self, targets: Sequence[Resource | None]) -> list[Resource]:
        """Give the results if each is there, for the first time, and plain; else none of them."""
        plain = [each for each in targets if each is not None and each.plain is not None]
        places = {each.at for each in plain}
        return plain if len(places) == len(targets) and self.reached.keys().isdisjoint(places) else []

    def _read_plain(self, plain: Sequence[Resource], results: Results) -> None:
        self.reached.update(dict.fromkeys([each.at for each in plain], results.number))
        subject, place = results.subject, results.place
        # The same person, said in the same words, needs no second look.
        for other in [each for each in plain if each.node.get("subject") != subject]:
            results.person.see(other)
        results.plain = [each.plain for each in plain if each.plain is not None]
        if place:
            results.plain = [structs.replace(seen, place=place) for seen in results.plain]

    def _read(self, resource: Resource, results: Results) -> list[Observation]:
        if resource.node.get("subject") != results.subject:
            results.person.see(resource)
        return self._observations.read(resource, results.place, modified=results.modified)

    def _follow(self, root: Resource, index: int, results: Results) -> None:
        """Follow hasMember; an observation that is reached twice counts once, so a cycle ends."""
        tree = Tree([], [])
        waiting = [root]
        while waiting:
            resource = waiting.pop()
            home = self.reached.get(resource.at)
            if home is None:
                self.reached[resource.at] = results.number
                waiting += self._take(resource, tree, results)
            elif home != results.number:
                results.shared.setdefault(home, f"{results.report.at}.result[{index}]")
        if tree.observations:
            results.grown.append(tree)

    def _take(self, resource: Resource, tree: Tree, results: Results) -> Sequence[Resource]:
        """Read one observation, and give its members, the last one first."""
        tree.observations.extend(self._read(resource, results))
        node = resource.node
        # The orders of the report need no second look.
        if "basedOn" in node and node["basedOn"] != results.report.node.get("basedOn"):
            tree.orders.extend(self._orders.based_on(resource))
        if "specimen" in node:
            for _, reference in objects(node, "specimen"):
                results.specimens.setdefault(text(reference, "reference"), (reference, resource))
        return self._members(resource, tree, results)[::-1] if "hasMember" in node else ()

    def _members(self, resource: Resource, tree: Tree, results: Results) -> list[Resource]:
        """Give the members; one that is missing is an entry of its own, and holds the report."""
        members = []
        for index, reference in objects(resource.node, "hasMember"):
            member = self._document.resolve(reference, resource)
            if member is not None and member.type == "Observation":
                members.append(member)
                continue
            missing = Finding(_reason(reference), f"{resource.at}.hasMember[{index}]", f"member {index + 1} is missing")
            results.findings.append(missing)
            tree.observations.append(Observation(missing.at, Form(), Absent(), findings=(missing,)))
        places = [f"{resource.at}.hasMember[{n}]" for n in misshapen(resource.node, "hasMember")]
        results.findings += map(_missing, places)
        return members


def _is_order_form(report: Node) -> bool:
    """Tell a report that only gathers answers to the order form."""
    return any(text(coding, "code") == _FORM_CODE for _, coding in objects(obj(report, "code"), "coding"))


def _missing(at: str) -> Finding:
    return Finding("unresolved-reference", at, "this is no reference")


def _reason(reference: Node) -> str:
    return "conditional-reference" if is_conditional(reference) else "unresolved-reference"
