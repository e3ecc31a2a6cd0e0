"""
Read one FHIR Observation, and each of its components, into the observations of the record.

What a feed says again and again (codes, unit, status; the names of elements) is worked out once. The memos are bounded
and hold no value, no name and no id.

Source: FHIR R4 Observation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct, structs

from translator.read.fhir_bundle import Resource
from translator.read.fhir_json import Node, obj, objects
from translator.read.fhir_value import (
    ABSENT,
    Elements,
    codings,
    elements_of,
    off_scale,
    off_scale_marks,
    read_element,
    unit_of,
)
from translator.read.fhir_whole import is_modified
from translator.record.report import Form, Observation
from translator.record.values import Absent, Unusable

_MEMO_SIZE = 4096
# Longer texts are no names of elements, and no codes.
_LONGEST_NAME = 64
_LONGEST_MANNER = 2048
_written = msgspec.json.Encoder().encode
MODIFIED = Unusable("unknown-modifier", refused=True)
_CONTAINER = Absent("container")


class _Manner(Struct, frozen=True, gc=False):
    """How an observation is said, beside its value: its form, and the marks of a number that is off the scale."""

    form: Form
    marks: frozenset[str]


class ObservationReader:
    """
    Read Observations by one table of coding systems.

    Shape: an Observation gives itself and then its components.
    """

    def __init__(self, systems: Mapping[str, str]) -> None:
        self._systems = systems
        self._manners: dict[bytes, _Manner] = {}
        self._elements: dict[tuple[str, ...], Elements] = {}

    @property
    def remembered(self) -> int:
        """How many look-ups are kept."""
        return len(self._manners) + len(self._elements)

    def read(self, resource: Resource, place: str = "", *, modified: bool = False) -> list[Observation]:
        """
        Read an Observation and its components.

        Shape: `place` says why it is no result, if it is none; `modified` that what holds it turns its meaning.
        """
        node, at = resource.node, resource.at
        elements = self._elements.get(tuple(node)) or self._look(node)
        status = node.get("status")
        if not elements.others and not modified:
            return [self._observation(at, node, elements, status, place)]
        parts = objects(node, "component")
        if modified or is_modified(node):
            # What turns the meaning of the whole turns that of its parts.
            return [self._turned(*each, status, place) for each in ((at, node), *_at(at, parts))]
        whole = self._observation(at, node, elements, status, place)
        if whole.value == ABSENT and (parts or node.get("hasMember")):
            whole = structs.replace(whole, value=_CONTAINER)
        return [whole, *(self._part(*each, status, place) for each in _at(at, parts))]

    def _part(self, at: str, part: Node, status: object, place: str) -> Observation:
        if is_modified(part):
            return self._turned(at, part, status, place)
        return self._observation(at, part, self._look(part), status, place)

    def _turned(self, at: str, node: Node, status: object, place: str) -> Observation:
        return Observation(at, self._manner(node, status).form, MODIFIED, "", place)

    def _look(self, node: Node) -> Elements:
        names = tuple(node)
        found = self._elements.get(names)
        if found is None:
            found = elements_of(names)
            if all(len(name) < _LONGEST_NAME for name in names):
                _remember(self._elements, names, found)
        return found

    def _observation(self, at: str, node: Node, elements: Elements, status: object, place: str) -> Observation:
        manner = self._manner(node, status)
        value = read_element(node, elements, self._systems)
        if manner.marks:
            value = off_scale(value, manner.marks)
        return Observation(at, manner.form, value, "", place)

    def _manner(self, node: Node, status: object) -> _Manner:
        """Find what is said beside the value by the sender's words: writing them down is quicker than reading them."""
        get = node.get
        quantity = get("valueQuantity")
        sent = (quantity.get("system"), quantity.get("code"), quantity.get("unit")) if type(quantity) is dict else None
        key = _written((status, sent, get("code"), get("interpretation")))
        found = self._manners.get(key)
        # The unit of a range is not in the key.
        if found is None or "valueRange" in node:
            found = self._read_manner(node, status)
            if len(key) <= _LONGEST_MANNER and "valueRange" not in node:
                _remember(self._manners, key, found)
        return found

    def _read_manner(self, node: Node, status: object) -> _Manner:
        unit, system = unit_of(node)
        word = status.strip() if isinstance(status, str) else ""
        codes = codings(obj(node, "code"), self._systems)
        return _Manner(Form(codes, unit=unit, unit_system=system, status=word), off_scale_marks(node))


def _at(at: str, parts: Sequence[tuple[int, Node]]) -> list[tuple[str, Node]]:
    return [(f"{at}.component[{index}]", part) for index, part in parts]


def _remember(memo: dict[Any, Any], key: object, found: object) -> None:
    if len(memo) >= _MEMO_SIZE:
        memo.clear()
    memo[key] = found
