"""
Find out which order a DiagnosticReport answers: every identifier that may name the service request.

An id of the bundle's own (`urn:uuid:`, a resource's id) is never one, however much it looks like it. Results of several
orders are parted where each of them says which order it belongs to.

Source: FHIR R4 DiagnosticReport.basedOn, Observation.basedOn, ServiceRequest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from msgspec import Struct

from translator.read.fhir_bundle import Document, Resource, is_conditional
from translator.read.fhir_json import Node, obj, objects, text
from translator.read.fhir_value import codings, identifier
from translator.read.fhir_whole import is_modified
from translator.record.report import Finding, Identifier, Observation
from translator.record.values import Coding

# Type of key, place, identifier.
Key: TypeAlias = tuple[str, str, Identifier]

_VERSION = "/_history/"
_ORDER = "ServiceRequest"


class Order(Struct, frozen=True):
    """
    One order that a report or an observation refers to.

    Shape: `name` tells orders apart: its numbers, else the path of the resource or the reference as sent. `panel` are
    the codes of what was ordered. `problem` is what holds a report of this order.
    """

    name: object
    keys: tuple[Key, ...] = ()
    panel: tuple[Coding, ...] = ()
    problem: Finding | None = None


class Tree(Struct, frozen=True, gc=False):
    """One result of a report: its observations with all members, the result itself first, and the orders they name."""

    observations: list[Observation]
    orders: dict[object, Order]


class Orders:
    """
    Read the orders of one document.

    Shape: `service_requests` are the identifier systems that name a WHOOP service request.
    """

    def __init__(self, document: Document, systems: Mapping[str, str], service_requests: frozenset[str]) -> None:
        self._document = document
        self._systems = systems
        self._named = service_requests

    def based_on(self, resource: Resource) -> dict[object, Order]:
        """Give the orders that a resource refers to, by their names."""
        found: dict[object, Order] = {}
        for index, reference in objects(resource.node, "basedOn"):
            order = self._order(reference, resource, f"{resource.at}.basedOn[{index}]")
            if order is not None:
                found.setdefault(order.name, order)
        return found

    def own(self, resource: Resource) -> list[Key]:
        """Give the identifiers of the report itself."""
        return [
            (_key_type(item), f"{resource.at}.identifier[{n}]", identifier(item))
            for n, item in objects(resource.node, "identifier")
        ]

    def named(self, keys: Iterable[Key]) -> tuple[tuple[str, Identifier], ...]:
        """Give the identifiers that name the service request itself."""
        return tuple([(at, found) for _, at, found in keys if found.value and found.namespace in self._named])

    def others(self, keys: Iterable[Key]) -> tuple[Key, ...]:
        """Give the identifiers that a correlation may know."""
        return tuple([key for key in keys if key[2].value and key[2].namespace not in self._named])

    def _order(self, reference: Node, origin: Resource, at: str) -> Order | None:
        """Give what one reference means; None for another kind of order, such as a care plan."""
        keys = list(self._logical(reference, at))
        request = self._document.resolve(reference, origin)
        if request is not None:
            return self._requested(request, keys) if request.type == _ORDER else None
        target = text(reference, "reference")
        if _names_another_type(target) or text(reference, "type") not in {"", _ORDER}:
            return None
        problem = None
        if is_conditional(reference):
            problem = Finding("conditional-reference", at, "the order is named by a search")
        return Order(_name(keys, target or at), tuple(keys), (), problem)

    def _logical(self, reference: Node, at: str) -> Iterator[Key]:
        if logical := obj(reference, "identifier"):
            yield "placer", f"{at}.identifier", identifier(logical)
        # The id at the end of a URL counts where the URL is that of a system that names service requests.
        base, _, name = text(reference, "reference").partition(_VERSION)[0].rpartition("/")
        if base in self._named:
            yield "placer", f"{at}.reference", Identifier(name, base)

    def _requested(self, request: Resource, keys: list[Key]) -> Order:
        node = request.node
        keys += [
            ("placer", f"{request.at}.identifier[{n}]", identifier(item)) for n, item in objects(node, "identifier")
        ]
        if group := obj(node, "requisition"):
            keys.append(("group", f"{request.at}.requisition", identifier(group)))
        code = obj(node, "code")
        problem = None
        if is_modified(node):
            problem = Finding("unknown-modifier", request.at, "an extension changes the meaning of the order")
        # In R5 the code is within a CodeableReference.
        return Order(
            _name(keys, request.at), tuple(keys), codings(obj(code, "concept") or code, self._systems), problem
        )


def part(trees: Sequence[Tree], orders: Mapping[object, Order]) -> dict[object, list[Tree]] | None:
    """
    Part results among several orders: by the order that a result names itself, else by the panel that it is.

    Absent: None where one of the results says neither, or both at once.
    """
    parts: dict[object, list[Tree]] = {name: [] for name in orders}
    for tree in trees:
        asked = {(coding.system, coding.code) for coding in tree.observations[0].codes}
        homes = list(tree.orders) or [
            name for name, order in orders.items() if asked & {(coding.system, coding.code) for coding in order.panel}
        ]
        if len(homes) != 1:
            return None
        parts[homes[0]].append(tree)
    return {name: chosen for name, chosen in parts.items() if chosen}


def _name(keys: Iterable[Key], otherwise: str) -> object:
    """Tell orders apart by their numbers, so that one that is named in two ways is one."""
    return frozenset((key.namespace, key.value) for kind, _, key in keys if kind == "placer") or otherwise


def _names_another_type(target: str) -> bool:
    """Tell a reference that says `CarePlan/1` or the like, which is no order for a laboratory."""
    kind = target.rpartition("/")[0].rpartition("/")[2]
    return kind[:1].isupper() and kind != _ORDER


def _key_type(item: Node) -> str:
    """PLAC names the placer's number; a report's other identifiers are the lab's own."""
    codes = {coding.code for coding in codings(obj(item, "type"), {})} if "type" in item else ()
    return "placer" if "PLAC" in codes else "filler"
