"""
Find what is filled in a message or a document, in terms that repeat: sets of fields and of elements.

Theory of operation: what a segment or an object has is one key, since a feed has few of them; which of it is read is
worked out once for each key, and not for each message.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from msgspec import Struct

from translator.coverage.shown import shown_element, shown_resource, shown_segment
from translator.read.elements_read import Elements, elements_read, is_element_read
from translator.read.fields_read import Fields

RESULT_SEGMENT, ORDER_SEGMENT = "segment", "order segment"
RESULT_ELEMENT, ORDER_ELEMENT = "element", "order element"
# Of kind, place and names: for segments which fields are filled, for elements the names of what is there.
Filled: TypeAlias = tuple[str, str, tuple[Any, ...]]
Node: TypeAlias = dict[str, Any]

_FLAGS_FIELD = 8
_CODING_OF_FLAGS = "interpretation.coding"
# Into these one looks for what they say.
_TOLD = ("interpretation", _CODING_OF_FLAGS)
_RESOURCES = frozenset({"entry.resource", "contained"})
_MOST_PLANS, _MOST_NAMES = 4096, 100
_TABLES: Mapping[str, Elements] = {
    RESULT_ELEMENT: elements_read(orders=False),
    ORDER_ELEMENT: elements_read(orders=True),
}


def filled_fields(kind: str, segments: Sequence[Sequence[str]]) -> list[Filled]:
    """Give for each segment which of its fields are filled."""
    return [(kind, fields[0][:3], (*map(bool, fields),)) for fields in segments]


def unread_fields(filled: Filled, read: Fields) -> Iterator[str]:
    """Name the filled fields that nobody reads, such as `OBX-17`, or the segment where none of it is looked at."""
    _, name, fields = filled
    numbers = read.get(name)
    if numbers is None:
        yield shown_segment(name)
        return
    for number, is_filled in enumerate(fields):
        if is_filled and number and number not in numbers:
            yield f"{name}-{number}"


class _Plan(Struct, frozen=True, gc=False):
    """
    What is to be done with every object of one place and one set of names.

    Shape: `inner` are the elements to look into, with their paths; `whole` are these and those that are read whole,
    into which only an extension is worth a look; `resources` those that hold resources of their own.
    """

    filled: Filled
    inner: tuple[tuple[str, str], ...]
    whole: tuple[tuple[str, str], ...]
    resources: tuple[str, ...]
    has_flag: bool


class ElementWalk:
    """
    Walk the resources of documents of one kind.

    Shape: what is below an element that nobody reads is not looked at. The memo of what is to be done is bounded.
    """

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._table = _TABLES[kind]
        self._plans: dict[tuple[str, str, tuple[str, ...]], _Plan] = {}

    @property
    def remembered(self) -> int:
        """How many plans are kept."""
        return len(self._plans)

    def over(self, root: Node, *, extended: bool = True) -> tuple[list[Filled], list[str]]:
        """
        Give what is filled in a document, and the flags of its results.

        Shape: `extended` tells that there may be extensions.
        """
        found: list[Filled] = []
        flags: list[str] = []
        resources = [root]
        while resources:
            resource = resources.pop()
            kind = resource.get("resourceType")
            name = kind.strip() if isinstance(kind, str) else ""
            waiting = [("", resource)]
            while waiting:
                path, node = waiting.pop()
                names = (*node,)
                plan = self._plans.get((name, path, names)) or self._plan(name, path, names)
                found.append(plan.filled)
                for element, below in plan.whole if extended else plan.inner:
                    value = node[element]
                    if type(value) is dict:
                        waiting.append((below, value))
                    elif type(value) is list:
                        waiting += [(below, each) for each in value if type(each) is dict]
                for element in plan.resources:
                    resources += _objects(node[element])
                if plan.has_flag and isinstance(code := node.get("code"), str):
                    flags.append(code)
        return found, flags

    def _plan(self, name: str, path: str, names: tuple[str, ...]) -> _Plan:
        if len(self._plans) >= _MOST_PLANS:
            self._plans.clear()
        inner: list[tuple[str, str]] = []
        read: list[tuple[str, str]] = []
        resources: list[str] = []
        for element in names:
            below = f"{path}.{element}" if path else element
            if below in _RESOURCES:
                resources.append(element)
            elif is_element_read(self._table, name, below):
                is_whole = is_element_read(self._table, name, f"{below}.?") and not below.endswith(_TOLD)
                (read if is_whole else inner).append((element, below))
        shown = (*map(shown_element, names[:_MOST_NAMES]),)
        place = f"{shown_resource(name)} {path}".rstrip()
        plan = _Plan(
            (self._kind, place, shown), (*inner,), (*inner, *read), (*resources,), path.endswith(_CODING_OF_FLAGS)
        )
        if names == shown:
            self._plans[name, path, names] = plan
        return plan


def _objects(value: object) -> list[Node]:
    if type(value) is dict:
        return [value]
    return [each for each in value if type(each) is dict] if type(value) is list else []


def unread_elements(filled: Filled) -> Iterator[str]:
    """Name the elements that nobody reads, such as `Observation.method`, or the resource where none of it is read."""
    kind, place, names = filled
    name, _, path = place.partition(" ")
    table = _TABLES[kind]
    if name not in table:
        yield name or "(no resourceType)"
        return
    for element in names:
        if not is_element_read(table, name, f"{path}.{element}" if path else element):
            yield f"{name}.{path}.{element}" if path else f"{name}.{element}"


def flags_of(segments: Sequence[Sequence[str]], repetition: str, component: str) -> list[str]:
    """Give the abnormal flags of OBX-8, each repetition's code."""
    sent = [fields[_FLAGS_FIELD] for fields in segments if len(fields) > _FLAGS_FIELD and fields[0][:3] == "OBX"]
    return [flag.split(component, 1)[0].strip() for field in sent if field for flag in field.split(repetition)]


def sender_of(document: Node) -> str:
    """Name who sends a document: by its MessageHeader, else by the source that its meta names, else nobody."""
    first = next(iter(_objects(document.get("entry"))), {})
    resource = next(iter(_objects(first.get("resource"))), {})
    source = next(iter(_objects(resource.get("source"))), {}) if resource.get("resourceType") == "MessageHeader" else {}
    meta = next(iter(_objects(document.get("meta"))), {})
    offered = (source.get("name"), source.get("endpoint"), source.get("endpointUrl"), meta.get("source"))
    return next((each for each in offered if isinstance(each, str) and each), "")
