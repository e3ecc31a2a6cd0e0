"""
Hold one order of a message with the segments that it stands under, and read its order numbers wherever they stand.

Source: HL7 v2.9 4.5.1 (ORC), 4.5.3 (OBR), 2A.3.8 (CX), 2A.3.20 (EI), 2A.3.21 (EIP).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from msgspec import Struct

from translator.read.er7 import NULL, Delimiters, Unescape
from translator.record.lazy import Lazy
from translator.record.places import PARENT_PLACES, PLACES, Place
from translator.record.report import Identifier, Observation

Number: TypeAlias = tuple[str, str, Identifier]

_NOTHING = Identifier()
_OBR_29, _ORC_8 = 29, 8


class Surroundings(Struct):
    """The segments that the next order will stand under; `fresh` tells that no order has taken the ORC yet."""

    pid: list[str] = []
    pv1: list[str] = []
    orc: list[str] = []
    spm: list[list[str]] = []
    fresh: bool = False


class OrderGroup(Struct):
    """
    One OBR with what it stands under; `fresh` tells its own ORC from an earlier OBR's.

    Shape: each segment's first field is its name, with its number where it is not the first: `ORC[2]`.
    """

    number: int
    obr: list[str]
    pid: list[str]
    pv1: list[str]
    orc: list[str]
    spm: list[list[str]]
    fresh: bool
    observations: list[Observation]
    notes: list[list[str]] = []


class OrderNumbers(Struct, frozen=True):
    """What an order offers: the numbers that name it, all numbers with their type of key, and those of its parent."""

    requests: tuple[tuple[str, Identifier], ...]
    keys: Sequence[Number]
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
        placer = self._entity_of(group.obr, 2)
        control = placer if group.orc[2:3] == group.obr[2:3] else self._entity_of(group.orc, 2)
        own = group.fresh or not placer.value or placer.value == control.value
        filler = self._entity_of(group.obr, 3)
        own_filler = group.fresh or not filler.value
        if not filler.value:
            filler = self._entity_of(group.orc, 3)
        named = ((f"OBR[{group.number}]-2", placer), (_place(group.orc, "ORC-2"), control if own else _NOTHING))
        return OrderNumbers(
            tuple([each for each in named if each[1].value]),
            Lazy(lambda: self._numbers(PLACES, group, own=own, own_filler=own_filler)),
            tuple(self._numbers(PARENT_PLACES, group, own=own, own_filler=own_filler)) if _has_parent(group) else (),
            filler,
        )

    def _entity_of(self, fields: list[str], number: int) -> Identifier:
        """Read the number of an order; none is there where HL7 null says that there is none."""
        field = fields[number] if number < len(fields) else ""
        found = self._identifier(field, "EI", 1) if field else _NOTHING
        return _NOTHING if found.value == NULL else found

    def _numbers(self, places: Iterable[Place], group: OrderGroup, *, own: bool, own_filler: bool) -> Iterator[Number]:
        several = {"SPM": group.spm, "NTE": group.notes}
        single = {"OBR": group.obr, "ORC": group.orc, "PID": group.pid, "PV1": group.pv1}
        for name, segment, number, kind, form, part in places:
            for fields in (single[segment],) if segment in single else several[segment]:
                if number >= len(fields) or not fields[number]:
                    continue
                identifier = self._identifier(fields[number], form, part)
                counts = segment != "ORC" or (own_filler if name == "ORC-3" else own)
                if counts and identifier.value and identifier.value != NULL:
                    at = f"OBR[{group.number}]{name[3:]}" if segment == "OBR" else _place(fields, name)
                    yield kind, at, identifier

    def _identifier(self, field: str, form: str, part: int) -> Identifier:
        if self._repetition in field:
            field = field.split(self._repetition, 1)[0]
        if self._component not in field and part == 1 and self._subcomponent not in field:
            # A plain number is the same in every data type.
            return Identifier(self._unescape(field).strip())
        return self._forms[form](field, part)

    def _entity(self, parts: list[str]) -> Identifier:
        return Identifier(*map(str.strip, map(self._unescape, parts[:3])))

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


def _place(fields: list[str], name: str) -> str:
    """Name a place as its segment is named."""
    return fields[0] + name[3:] if fields else name


def _has_parent(group: OrderGroup) -> bool:
    """Tell whether one of the parent's places is filled; hardly any order has a parent."""
    return len(group.obr) > _OBR_29 or (len(group.orc) > _ORC_8 and bool(group.orc[_ORC_8]))
