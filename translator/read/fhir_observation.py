"""
Read one FHIR Observation, and each of its components, into the observations of the record.

What a feed says again and again (codes, unit, status; the names of elements) is worked out once. The memos are bounded
and hold no value, no name and no id.

Source: FHIR R4 Observation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct

from translator.read.fhir_bundle import Resource
from translator.read.fhir_json import Node, obj, objects
from translator.read.fhir_value import ABSENT, Elements, codings, elements_of, read_element, unit_of
from translator.read.fhir_whole import is_modified
from translator.record.report import Observation
from translator.record.values import Absent, Coding, Unusable, Value

Parts: TypeAlias = Sequence[tuple[int, Node]]

_MEMO_SIZE = 4096
_LONGEST_KEY = 64
_LONGEST_FORM = 2048
_written = msgspec.json.Encoder().encode
MODIFIED = Unusable("unknown-modifier", refused=True)
_CONTAINER = Absent("container")


class _Form(Struct, frozen=True, gc=False):
    codes: tuple[Coding, ...]
    unit: str
    unit_system: str
    status: str


class ObservationReader:
    """
    Read Observations by one table of coding systems.

    Shape: an Observation gives itself and then its components.
    """

    def __init__(self, systems: Mapping[str, str]) -> None:
        self._systems = systems
        self._forms: dict[bytes, _Form] = {}
        self._elements: dict[tuple[str, ...], Elements] = {}

    @property
    def remembered(self) -> int:
        """How many look-ups are kept."""
        return len(self._forms) + len(self._elements)

    def read(self, resource: Resource, place: str = "", *, modified: bool = False) -> list[Observation]:
        """
        Read an Observation and its components.

        Shape: `place` says why it is no result, if it is none; `modified` that what holds it turns its meaning.
        """
        node, at = resource.node, resource.at
        elements = self._elements.get(tuple(node)) or self._look(node)
        status = node.get("status")
        if not elements.others and not modified:
            return [self._observation(at, node, status, place, read_element(node, elements, self._systems))]
        modified = modified or is_modified(node)
        value = MODIFIED if modified else read_element(node, elements, self._systems)
        parts = objects(node, "component")
        if value == ABSENT and (parts or node.get("hasMember")):
            value = _CONTAINER
        whole = self._observation(at, node, status, place, value)
        # What turns the meaning of the whole turns that of its parts.
        return [whole, *self._parts(at, parts, status, place, modified=modified)]

    def _parts(self, at: str, parts: Parts, status: object, place: str, *, modified: bool) -> Iterator[Observation]:
        for index, part in parts:
            if modified or is_modified(part):
                value: Value = MODIFIED
            else:
                value = read_element(part, self._look(part), self._systems)
            yield self._observation(f"{at}.component[{index}]", part, status, place, value)

    def _look(self, node: Node) -> Elements:
        names = tuple(node)
        found = self._elements.get(names)
        if found is None:
            found = elements_of(names)
            if all(len(name) < _LONGEST_KEY for name in names):
                _remember(self._elements, names, found)
        return found

    def _observation(self, at: str, node: Node, status: object, place: str, value: Value) -> Observation:
        form = self._form(node, status)
        return Observation(at, form.codes, value, "", form.unit, form.unit_system, False, form.status, "", place)

    def _form(self, node: Node, status: object) -> _Form:
        """Find the form by what the sender wrote: writing that down again is quicker than reading it."""
        quantity = node.get("valueQuantity")
        sent = (quantity.get("system"), quantity.get("code"), quantity.get("unit")) if type(quantity) is dict else None
        key = _written((status, sent, node.get("code")))
        found = self._forms.get(key)
        # The unit of a range is not in the key.
        if found is not None and "valueRange" not in node:
            return found
        unit, system = unit_of(node)
        word = status.strip() if isinstance(status, str) else ""
        found = _Form(codings(obj(node, "code"), self._systems), unit, system, word)
        if len(key) <= _LONGEST_FORM and "valueRange" not in node:
            _remember(self._forms, key, found)
        return found


def _remember(memo: dict[Any, Any], key: object, found: object) -> None:
    if len(memo) >= _MEMO_SIZE:
        memo.clear()
    memo[key] = found
