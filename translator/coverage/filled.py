"""
Find what is filled in a message or a document, in terms that repeat: sets of fields and of elements.

Theory of operation: what a segment or an object has is one key, since a feed has few of them; which of it is read is
worked out once for each key, and not for each message.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from translator.read.elements_read import Elements, elements_read, is_element_read
from translator.read.fields_read import Fields

RESULT_SEGMENT, ORDER_SEGMENT = "segment", "order segment"
RESULT_ELEMENT, ORDER_ELEMENT = "element", "order element"
# Of kind, place and names: for segments which fields are filled, for elements the names of what is there.
Filled: TypeAlias = tuple[str, str, tuple[Any, ...]]
Node: TypeAlias = dict[str, Any]

_FLAGS_FIELD = 8
_CODING_OF_FLAGS = "interpretation.coding"
_HOLDERS = frozenset({"resource", "contained"})
_MOST_PATHS, _MOST_NAMES, _LONGEST_NAME = 20_000, 100, 64
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
        yield name
        return
    for number, is_filled in enumerate(fields):
        if is_filled and number and number not in numbers:
            yield f"{name}-{number}"


class ElementWalk:
    """
    Walk the resources of documents of one kind.

    Shape: what is below an element that nobody reads is not looked at. The memo of paths is bounded.
    """

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._table = _TABLES[kind]
        self._below: dict[tuple[str, str, str], str | None] = {}

    def over(self, root: Node) -> Iterator[tuple[str, str, Node]]:
        """Give every object that is looked at, with the type of its resource and its path there."""
        resources = [root]
        while resources:
            resource = resources.pop()
            kind = resource.get("resourceType")
            name = kind.strip() if isinstance(kind, str) else ""
            waiting = [("", resource)]
            while waiting:
                path, node = waiting.pop()
                yield name, path, node
                for element, value in node.items():
                    if not isinstance(value, (dict, list)):
                        continue
                    below = self._path(name, path, element)
                    if below is None:
                        continue
                    inner = [value] if isinstance(value, dict) else [each for each in value if isinstance(each, dict)]
                    if element in _HOLDERS and (element == "contained" or path == "entry"):
                        resources += inner
                    else:
                        waiting += [(below, each) for each in inner]

    def filled(self, root: Node) -> tuple[list[Filled], list[str]]:
        """Give what is filled in a document, and the flags of its results."""
        found: list[Filled] = []
        flags: list[str] = []
        for name, path, node in self.over(root):
            found.append((self._kind, f"{name} {path}" if path else name, _names(node)))
            if path.endswith(_CODING_OF_FLAGS) and isinstance(code := node.get("code"), str):
                flags.append(code)
        return found, flags

    def _path(self, name: str, path: str, element: str) -> str | None:
        key = (name, path, element)
        if key not in self._below:
            if len(self._below) >= _MOST_PATHS:
                self._below.clear()
            below = f"{path}.{element}" if path else element
            self._below[key] = below if is_element_read(self._table, name, below) else None
        return self._below[key]


def _names(node: Node) -> tuple[str, ...]:
    return tuple([name[:_LONGEST_NAME] for name in node][:_MOST_NAMES])


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
