"""
Read one FHIR Observation, and each of its components, into the observations of the record.

What a feed says again and again (codes, unit, status) is worked out once. The memo is bounded
and holds no value, no name and no id.

Source: FHIR R4 Observation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct, structs

from translator.read.fhir_bundle import Resource
from translator.read.fhir_elements import MEMO_SIZE, ElementMemo, Elements, read_element
from translator.read.fhir_json import Node, obj, objects
from translator.read.fhir_value import ABSENT, codings, off_scale_marks, unit_of
from translator.read.fhir_whole import is_modified
from translator.record.flags import off_scale
from translator.record.report import Form, Observation
from translator.record.values import Absent, Unusable

# Longer texts are no codes.
LONGEST_MANNER = 2048
# A number stays a number: `5.0` is no code, although "5.0" may be one.
_encoder = msgspec.json.Encoder(decimal_format="number")
_written = _encoder.encode
MODIFIED = Unusable("unknown-modifier", refused=True)
_CONTAINER = Absent("container")


class Manner(Struct, frozen=True, gc=False):
    """How an observation is said, beside its value: its form, and the marks of a number that is off the scale."""

    form: Form
    marks: frozenset[str]


class ObservationReader:
    """
    Read Observations by one table of coding systems.

    Shape: an Observation gives itself and then its components.
    """

    def __init__(self, systems: Mapping[str, str], memo: ElementMemo | None = None) -> None:
        self._systems = systems
        self._look = (memo or ElementMemo()).look
        self._manners: dict[bytes, Manner] = {}

    @property
    def remembered(self) -> int:
        """How many look-ups are kept."""
        return len(self._manners)

    def read(self, resource: Resource, place: str = "", *, modified: bool = False) -> list[Observation]:
        """
        Read an Observation and its components.

        Shape: `place` says why it is no result, if it is none; `modified` that what holds it turns its meaning.
        """
        if resource.plain is not None:
            value = MODIFIED if modified else resource.plain.value
            return [structs.replace(resource.plain, value=value, place=place)]
        node, at, elements = resource.node, resource.at, resource.elements
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
        return Observation(at, self._read_manner(node, status).form, MODIFIED, "", place)

    def _observation(self, at: str, node: Node, elements: Elements, status: object, place: str) -> Observation:
        # The unit of a range is not among what a manner is remembered by.
        manner = self._read_manner(node, status) if "valueRange" in node else self.manner(node, status)
        value = read_element(node, elements, self._systems)
        if manner.marks:
            value = off_scale(value, manner.marks)
        return Observation(at, manner.form, value, "", place)

    def manner(self, node: Node, status: object) -> Manner:
        """Find what is said beside the value by the sender's words: writing them down is quicker than reading them."""
        key = _key(node, status)
        return self._manners.get(key) or self._new_manner(key, node, status)

    def _new_manner(self, key: bytes, node: Node, status: object) -> Manner:
        found = self._read_manner(node, status)
        if len(key) <= LONGEST_MANNER:
            if len(self._manners) >= MEMO_SIZE:
                self._manners.clear()
            self._manners[key] = found
        return found

    def _read_manner(self, node: Node, status: object) -> Manner:
        unit, system = unit_of(node, self._systems)
        word = status.strip() if isinstance(status, str) else ""
        codes = codings(obj(node, "code"), self._systems)
        return Manner(Form(codes, unit=unit, unit_system=system, status=word), off_scale_marks(node))


def _key(node: Node, status: object) -> bytes:
    """Write down, by the sender's words, what is said beside the value."""
    return _written(_manner_of(node, status))


def _manner_of(node: Node, status: object) -> tuple[object, ...]:
    get = node.get
    quantity = get("valueQuantity")
    sent = (quantity.get("system"), quantity.get("code"), quantity.get("unit")) if type(quantity) is dict else None
    return status, sent, get("code"), get("interpretation")


def _at(at: str, parts: Sequence[tuple[int, Node]]) -> list[tuple[str, Node]]:
    return [(f"{at}.component[{index}]", part) for index, part in parts]
