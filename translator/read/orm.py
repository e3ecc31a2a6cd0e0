"""
Read the orders of an order message: one for each ORC, with its OBR, its patient and the answers behind it.

The walk follows the segments as they come. An OBR without an ORC before it is an order as well, of which nobody says
what is to be done. Observations in an order message answer questions of the order form; none is a result.

Source: HL7 v2.9 4.4.1 (ORM^O01 as of 2.5.1), 4.4.6 (OML^O21), 4.4.4 (OMG^O19), 4.5.1 (ORC), 4.5.3 (OBR).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from translator.read.doubts import Doubts
from translator.read.er7 import NULL, Delimiters, Unescape
from translator.read.orm_patient import OrderPatientReader
from translator.read.value import ValueReader
from translator.record.order import Answer, Order, Organisation
from translator.record.report import Finding, Identifier

ORDER_EVENTS = frozenset({"ORM^O01", "ORM", "OML^O21", "OML", "OMG^O19", "OMG"})

# What translation reads of each segment: what is doubtful there holds.
_JUDGED = {"PID": (3, 5, 7, 11, 13, 14, 40), "ORC": (1, 2, 3, 21), "OBR": (2, 3, 4)}
_NOTHING = Identifier()
# OBX-11 of what was never answered so: deleted, of another patient, not to be had.
_TAKEN_BACK = frozenset({"D", "W", "X"})


class _Group(Struct):
    """An ORC with what stands under it; `obr` are all OBR up to the next ORC."""

    at: str
    pid_at: str
    pid: list[str]
    orc: list[str]
    obr: list[list[str]]
    obx: list[tuple[str, list[str]]]
    obr_at: str = ""


class OrmReader:
    """
    Read the orders of messages with the same delimiters and charset.

    Shape: `controls` gives, by ORC-1, `create`, `cancel` or `update`.
    """

    def __init__(
        self, delimiters: Delimiters, unescape: Unescape, values: ValueReader, controls: Mapping[str, str]
    ) -> None:
        self._delimiters = delimiters
        self._unescape = unescape
        self._values = values
        self._controls = controls
        self._patients = OrderPatientReader(delimiters, unescape)

    def read(self, segments: Sequence[str], time: str, doubts: Doubts) -> tuple[Order, ...]:
        """Walk the segments once, in order; `time` is the message's own."""
        return tuple(self._order(group, time, doubts) for group in self._groups(segments))

    def _groups(self, segments: Sequence[str]) -> list[_Group]:
        groups: list[_Group] = []
        pid: list[str] = []
        current: _Group | None = None
        people = count = tests = seen = 0
        for segment in segments:
            name, fields = segment[:3], segment.split(self._delimiters.field)
            if name == "PID":
                # What follows is of this person, and of no order before.
                pid, current = fields, None
                people += 1
            elif name == "ORC":
                count += 1
                current = _Group(f"ORC[{count}]", f"PID[{people}]", pid, fields, [], [])
                groups.append(current)
            elif name == "OBR":
                tests += 1
                if current is None or not current.orc:
                    current = _Group(f"OBR[{tests}]", f"PID[{people}]", pid, [], [], [])
                    groups.append(current)
                current.obr_at = current.obr_at or f"OBR[{tests}]"
                current.obr.append(fields)
            elif name == "OBX":
                seen += 1
                if current is not None:
                    current.obx.append((f"OBX[{seen}]", fields))
        return groups

    def _order(self, group: _Group, time: str, doubts: Doubts) -> Order:
        orc, obr = group.orc, group.obr[0] if group.obr else []
        control = self._text(orc, 1)
        own, ordered = self._number(orc, 2), self._number(obr, 2)
        placer, filler = own if own.value else ordered, self._number(orc, 3)
        return Order(
            group.at,
            self._controls.get(control, ""),
            control,
            placer,
            filler if filler.value else self._number(obr, 3),
            self._number(orc, 4),
            self._values.codings(obr[4]) if len(obr) > 4 else (),
            self._patients.read(group.pid, time),
            self._organisation(orc),
            tuple(self._answer(at, obx) for at, obx in group.obx if len(obx) > 5 and not self._is_taken_back(obx)),
            tuple(filter(None, (self._text(orc, 9), time))),
            (*_contradictions(group, own, ordered), *_doubtful(group, obr, doubts)),
            places={
                "control": (f"{group.at}-1",) if orc else (),
                "placer": (f"{group.at}-2.1" if own.value else f"{group.obr_at}-2.1",),
                "codes": (f"{group.obr_at}-4",) if obr else (),
                "organisation": (f"{group.at}-21",) if orc else (),
                **self._patients.places(group.pid, time, group.pid_at),
            },
        )

    def _organisation(self, orc: Sequence[str]) -> Organisation:
        """ORC-21 names the ordering facility; its number stands in XON.10, in older versions in XON.3."""
        parts = self._parts(orc, 21)
        name, *numbers = ("" if part == NULL else part for part in (parts[0], parts[9], parts[2]))
        return Organisation(name, next(filter(None, numbers), ""))

    def _is_taken_back(self, obx: Sequence[str]) -> bool:
        return self._text(obx, 11) in _TAKEN_BACK

    def _answer(self, at: str, obx: Sequence[str]) -> Answer:
        parts = self._parts(obx, 5)
        return Answer(self._values.codings(obx[3]), parts[0] or parts[1], at)

    def _number(self, fields: Sequence[str], number: int) -> Identifier:
        value, namespace, universal_id = self._parts(fields, number)[:3]
        return _NOTHING if value in {"", NULL} else Identifier(value, namespace, universal_id)

    def _text(self, fields: Sequence[str], number: int) -> str:
        return self._parts(fields, number)[0]

    def _parts(self, fields: Sequence[str], number: int) -> list[str]:
        """Give the components of a field's first repetition, as many as anyone asks for."""
        field = fields[number] if number < len(fields) else ""
        first = field.split(self._delimiters.repetition, 1)[0]
        parts = [self._unescape(part).strip() for part in first.split(self._delimiters.component)]
        return parts + [""] * (10 - len(parts))


def _contradictions(group: _Group, own: Identifier, ordered: Identifier) -> list[Finding]:
    found = []
    if own.value and ordered.value and own.value != ordered.value:
        found.append(Finding("order-numbers-differ", f"{group.at}-2", "ORC-2 and OBR-2 are different numbers"))
    if len(group.obr) > 1:
        found.append(Finding("order-several-tests", group.at, f"{len(group.obr)} OBR stand under one ORC"))
    return found


def _doubtful(group: _Group, obr: Sequence[str], doubts: Doubts) -> tuple[Finding, ...]:
    if doubts.is_certain:
        return ()
    return (
        *doubts.held("PID", group.pid, _JUDGED["PID"]),
        *doubts.held(group.at, group.orc, _JUDGED["ORC"]),
        *doubts.held("OBR", obr, _JUDGED["OBR"]),
    )
