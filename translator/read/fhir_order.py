"""
Find out which order a DiagnosticReport answers: every identifier that may name the service request.

An id of the bundle's own (`urn:uuid:`, a resource's id) is never one, however much it looks like it. Results of several
orders are parted where each of them says which order it belongs to.

Source: FHIR R4 DiagnosticReport.basedOn, Observation.basedOn, ServiceRequest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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

    Shape: `name` is the path of the resource, or else the reference as sent; `numbers` are its placer numbers, which
    tell orders apart better. `panel` are the codes of what was ordered. `problem` is what holds a report of this order.
    `request` is the resource, where it is there.
    """

    name: str
    numbers: frozenset[tuple[str, str]] = frozenset()
    keys: tuple[Key, ...] = ()
    panel: tuple[Coding, ...] = ()
    problem: Finding | None = None
    request: Resource | None = None

    def is_same(self, other: Order) -> bool:
        """Tell one order that is referred to in two ways."""
        return self.name == other.name or not self.numbers.isdisjoint(other.numbers)


class Tree(Struct, frozen=True, gc=False):
    """One result of a report: its observations with all members, the result itself first, and the orders they name."""

    observations: list[Observation]
    orders: list[Order]


class Orders:
    """
    Read the orders of one document.

    Shape: `service_requests` are the identifier systems that name a WHOOP service request.
    """

    def __init__(self, document: Document, systems: Mapping[str, str], service_requests: frozenset[str]) -> None:
        self._document = document
        self._systems = systems
        self._named = service_requests

    def based_on(self, resource: Resource) -> list[Order]:
        """Give the orders that a resource refers to."""
        references = objects(resource.node, "basedOn")
        offered = [self._order(each, resource, f"{resource.at}.basedOn[{index}]") for index, each in references]
        return [order for order in offered if order is not None]

    def own(self, resource: Resource) -> list[Key]:
        """Give the identifiers of the report itself."""
        return [
            (_key_type(item), f"{resource.at}.identifier[{n}]", identifier(item))
            for n, item in objects(resource.node, "identifier")
        ]

    def named(self, keys: Iterable[Key]) -> tuple[tuple[str, Identifier], ...]:
        """Give the identifiers that name the service request itself; a requisition's is that of several."""
        return tuple([(at, found) for kind, at, found in keys if found.value and self._is_named(kind, found)])

    def others(self, keys: Iterable[Key]) -> tuple[Key, ...]:
        """Give the identifiers that a correlation may know."""
        return tuple([key for key in keys if key[2].value and not self._is_named(key[0], key[2])])

    def _is_named(self, kind: str, found: Identifier) -> bool:
        return found.namespace in self._named and kind != "group"

    def _order(self, reference: Node, origin: Resource, at: str) -> Order | None:
        """Give what one reference means; None for another kind of order, such as a care plan."""
        keys = self._logical(reference, at)
        request = self._document.resolve(reference, origin)
        if request is not None:
            return self._requested(request, keys) if request.type == _ORDER else None
        target = text(reference, "reference")
        if _names_another_type(target) or text(reference, "type") not in {"", _ORDER}:
            return None
        problem = None
        if is_conditional(reference):
            problem = Finding("conditional-reference", at, "the order is named by a search")
        return Order(target or at, _numbers(keys), tuple(keys), (), problem)

    def _logical(self, reference: Node, at: str) -> list[Key]:
        keys: list[Key] = []
        if logical := obj(reference, "identifier"):
            keys.append(("placer", f"{at}.identifier", identifier(logical)))
        # The id at the end of a URL counts where the URL is that of a system that names service requests.
        base, _, name = text(reference, "reference").partition(_VERSION)[0].rpartition("/")
        if base in self._named:
            keys.append(("placer", f"{at}.reference", Identifier(name, base)))
        return keys

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
        panel = codings(obj(code, "concept") or code, self._systems)
        return Order(request.at, _numbers(keys), tuple(keys), panel, problem, request)


def distinct(orders: Iterable[Order]) -> list[Order]:
    """Put together what is said of one order in several places."""
    found: list[Order] = []
    for order in orders:
        same = [other for other in found if other.is_same(order)]
        found = [other for other in found if not other.is_same(order)]
        found.append(_together([*same, order]))
    return found


def _together(same: Sequence[Order]) -> Order:
    return Order(
        same[0].name,
        frozenset[tuple[str, str]]().union(*(order.numbers for order in same)),
        tuple(dict.fromkeys(key for order in same for key in order.keys)),
        tuple(dict.fromkeys(coding for order in same for coding in order.panel)),
        next((order.problem for order in same if order.problem is not None), None),
    )


def part(trees: Sequence[Tree], orders: Sequence[Order], panel: tuple[Coding, ...]) -> list[list[Tree]] | None:
    """
    Part results among several orders: by the order that a result names itself, else by the panel that it is.

    Shape: for each order its results. Where no result says anything, all are of the order that the report's own
    `panel` names.
    Absent: None where that does not settle every result.
    """
    parts: list[list[Tree]] = [[] for _ in orders]
    whole = _of_panel(orders, panel) if not any(tree.orders for tree in trees) else []
    for tree in trees:
        homes = [n for n, order in enumerate(orders) if any(order.is_same(own) for own in tree.orders)]
        homes = homes or _of_panel(orders, tree.observations[0].codes) or whole
        if len(homes) != 1:
            return None
        parts[homes[0]].append(tree)
    return parts


def _of_panel(orders: Sequence[Order], codes: tuple[Coding, ...]) -> list[int]:
    """Give the numbers of the orders that asked for one of these codes; none where one does not say what it asks."""
    if not all(order.panel for order in orders):
        return []
    asked = {(coding.system, coding.code) for coding in codes}
    return [n for n, order in enumerate(orders) if asked & {(coding.system, coding.code) for coding in order.panel}]


def _numbers(keys: Iterable[Key]) -> frozenset[tuple[str, str]]:
    """Give the placer numbers; a UUID is the same in upper case."""
    return frozenset([(key.namespace, key.value.lower()) for kind, _, key in keys if kind == "placer" and key.value])


def _names_another_type(target: str) -> bool:
    """Tell a reference that says `CarePlan/1` or the like, which is no order for a laboratory."""
    kind = target.rpartition("/")[0].rpartition("/")[2]
    return kind[:1].isupper() and kind != _ORDER


def _key_type(item: Node) -> str:
    """PLAC names the placer's number; a report's other identifiers are the lab's own."""
    codes = {coding.code for coding in codings(obj(item, "type"), {})} if "type" in item else ()
    return "placer" if "PLAC" in codes else "filler"
