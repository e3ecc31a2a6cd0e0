"""
Say what the names of a resource's elements tell before any of the elements is read.

A feed has few sets of names, so each set is looked at once. The memo is bounded and holds names of elements alone.

Source: FHIR R4 Observation, Resource.meta, DomainResource.contained.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from translator.read.fhir_json import Node, obj
from translator.read.fhir_marks import MARKED_NAMES, SINGLE_NAMES
from translator.read.fhir_value import ABSENT, CONTRADICTION, DATA_ABSENT, READERS, off_scale_marks, refuse, says_why
from translator.record.flags import off_scale
from translator.record.values import Value

MEMO_SIZE = 4096
# Longer texts are no names of elements.
_LONGEST_NAME = 64
_LEADING_ON = frozenset({"hasMember", "basedOn", "specimen"})
_OTHERS = frozenset({"component", "hasMember", "modifierExtension", "implicitRules"})


class Elements(Struct, frozen=True, gc=False):
    """
    What the names of a resource's elements say.

    Shape: `value` is the name of the one value[x], read by `read`; `several` tells that there are more. `says_why`
    tells of a dataAbsentReason, `others` of an element that makes an Observation more than a value with a code,
    `leads_on` of one that refers to more than a person.
    `tells_version` tells of what may stand in one version of FHIR alone, whatever the type of the resource.
    """

    value: str
    read: Callable[[Any, Mapping[str, str]], Value]
    several: bool
    says_why: bool
    others: bool
    leads_on: bool
    has_meta: bool
    has_contained: bool
    tells_version: bool
    was_single: bool


def elements_of(names: tuple[str, ...]) -> Elements:
    """Look at the names of a resource's elements."""
    values = [name for name in names if name.startswith("value") and not name.startswith("valueSet")]
    value = values[0] if values else ""
    says_why, others = "dataAbsentReason" in names, not _OTHERS.isdisjoint(names)
    leads_on = not _LEADING_ON.isdisjoint(names)
    return Elements(
        value,
        READERS.get(value, refuse),
        len(values) > 1,
        says_why,
        others,
        leads_on,
        has_meta="meta" in names,
        has_contained="contained" in names,
        tells_version=not MARKED_NAMES.isdisjoint(names),
        was_single=not SINGLE_NAMES.isdisjoint(names),
    )


class ElementMemo:
    """
    Look at the names of elements, and remember what they say.

    Shape: `known` is what is remembered, by the names in their order.
    """

    def __init__(self) -> None:
        self.known: dict[tuple[str, ...], Elements] = {}

    @property
    def remembered(self) -> int:
        """How many sets of names are kept."""
        return len(self.known)

    def look(self, node: Node) -> Elements:
        """Give what the names in a node say."""
        names = tuple(node)
        found = self.known.get(names)
        if found is None:
            found = elements_of(names)
            if all(len(name) < _LONGEST_NAME for name in names):
                if len(self.known) >= MEMO_SIZE:
                    self.known.clear()
                self.known[names] = found
        return found


def read_element(node: Node, elements: Elements, systems: Mapping[str, str]) -> Value:
    """
    Read the value as it stands, whatever its interpretation says.

    Absent: Absent, with a reason where dataAbsentReason gives one; a value beside a dataAbsentReason is a contradiction
    (obs-6) and unusable.
    """
    if elements.says_why and node["dataAbsentReason"]:
        if elements.value:
            return CONTRADICTION
        return DATA_ABSENT if obj(node, "dataAbsentReason") else ABSENT
    if not elements.value:
        beside = (obj(node, name) for name in node if name.startswith("_value"))
        return DATA_ABSENT if any(map(says_why, beside)) else ABSENT
    if elements.several:
        return CONTRADICTION
    return elements.read(node[elements.value], systems)


def read_value(node: Node, systems: Mapping[str, str]) -> Value:
    """Read the value of an Observation or of a component, together with its interpretation."""
    value = read_element(node, elements_of(tuple(node)), systems)
    marks = off_scale_marks(node)
    return off_scale(value, marks) if marks else value
