"""
Hold one order of a message with the segments that it stands under, and read its order numbers wherever they stand.

Source: HL7 v2.9 4.5.1 (ORC), 4.5.3 (OBR), 2A.3.8 (CX), 2A.3.20 (EI), 2A.3.21 (EIP).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from msgspec import Struct

from translator.read.er7 import NULL, Delimiters, Unescape
from translator.record.places import PARENT_PLACES, PLACES, Place
from translator.record.report import Identifier, Observation

Number: TypeAlias = tuple[str, str, Identifier]

_NOTHING = Identifier()


class Surroundings(Struct):
    """The segments that the next order will stand under; `fresh` tells that no order has taken the ORC yet."""

    pid: list[str] = []
    pv1: list[str] = []
    orc: list[str] = []
    spm: list[list[str]] = []
    fresh: bool = False


class OrderGroup(Struct):
    """One OBR with what it stands under; `fresh` tells its own ORC from an earlier OBR's."""

    number: int
    obr: list[str]
    pid: list[str]
    pv1: list[str]
    orc: list[str]
    spm: list[list[str]]
    fresh: bool
    observations: list[Observation]


class OrderNumbers(Struct, frozen=True):
    """What an order offers: the numbers that name it, all numbers with their type of key, and those of its parent."""

    requests: tuple[tuple[str, Identifier], ...]
    keys: tuple[Number, ...]
    parents: tuple[Number, ...]
    filler: Identifier


class OrderNumberReader:
    """Read the order numbers of one message."""

    def __init__(self, delimiters: Delimiters, unescape: Unescape) -> None:
        self._component = delimiters.component
        self._repetition = delimiters.repetition
        # Nothing is split where MSH-2 declares no subcomponents: NUL is in no text.
        self._subcomponent = delimiters.subcomponent or "\0"
        self._unescape = unescape
        self._forms: Mapping[str, Callable[[str, int], Identifier]] = {
            "ST": lambda field, _: Identifier(self._unescape(field).strip()),
            "EI": lambda field, _: self._entity(field.split(self._component)),
            "CX": self._composite,
            "EIP": self._pair,
            "EI or EIP": self._group,
        }

    def read(self, group: OrderGroup) -> OrderNumbers:
        """
        Read every number of one order.

        Shape: an ORC that an earlier OBR has taken counts only where this OBR names the same placer, or none.
        Source: HL7 v2.9 4.5.1.2: ORC-2 and OBR-2 are the same number.
        """
        sent = list(self._numbers(PLACES, group))
        found = {name: identifier for name, (_, _, identifier) in sent}
        placer, order_placer = found.get("OBR-2", _NOTHING), found.get("ORC-2", _NOTHING)
        own = group.fresh or not placer.value or placer.value == order_placer.value
        own_filler = group.fresh or "OBR-3" not in found
        counted = [
            (name, number)
            for name, number in sent
            if not name.startswith("ORC-") or (own_filler if name == "ORC-3" else own)
        ]
        parents = tuple(
            number for name, number in self._numbers(PARENT_PLACES, group) if own or not name.startswith("ORC-")
        )
        requests = tuple((at, identifier) for name, (_, at, identifier) in counted if name in {"OBR-2", "ORC-2"})
        filler = found.get("OBR-3") or (found.get("ORC-3", _NOTHING) if own_filler else _NOTHING)
        return OrderNumbers(requests, tuple(number for _, number in counted), parents, filler)

    def _numbers(self, places: tuple[Place, ...], group: OrderGroup) -> Iterator[tuple[str, Number]]:
        segments = {
            "OBR": (group.obr,),
            "ORC": (group.orc,),
            "PID": (group.pid,),
            "PV1": (group.pv1,),
            "SPM": group.spm,
        }
        for place in places:
            name, segment, number, kind, form, part = place
            for fields in segments[segment]:
                if len(fields) <= number or not fields[number]:
                    continue
                identifier = self._forms[form](fields[number].split(self._repetition, 1)[0], part)
                if identifier.value and identifier.value != NULL:
                    yield name, (kind, _at(place, group), identifier)

    def _entity(self, parts: list[str]) -> Identifier:
        return Identifier(*[self._unescape(part).strip() for part in parts[:3]])

    def _composite(self, field: str, _: int) -> Identifier:
        """Read CX: the number, and in its fourth component who gave it out."""
        parts = field.split(self._component)
        authority = self._subcomponents(parts[3]) if len(parts) > 3 else []
        return self._entity([parts[0], *authority])

    def _pair(self, field: str, part: int) -> Identifier:
        parts = field.split(self._component)
        return self._entity(self._subcomponents(parts[part - 1])) if len(parts) >= part else _NOTHING

    def _group(self, field: str, part: int) -> Identifier:
        """Read ORC-4: the standard made a pair of what was a plain identifier."""
        parts = field.split(self._component)
        return self._pair(field, part) if len(self._subcomponents(parts[0])) > 1 else self._entity(parts)

    def _subcomponents(self, component: str) -> list[str]:
        """MSH-2 may declare no separator for them."""
        return component.split(self._subcomponent) if self._subcomponent else [component]


def _at(place: Place, group: OrderGroup) -> str:
    return f"OBR[{group.number}]{place.name[3:]}" if place.segment == "OBR" else place.name
