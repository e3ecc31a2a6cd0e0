"""
Turn the segments of a result message into reports: what stands in OBR, and the OBX that belong to it.

Source: HL7 v2.9 7.4.1 (OBR), 7.4.2 (OBX).
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from translator.read.doubts import Doubts
from translator.read.er7 import NULL, Delimiters, Unescape
from translator.read.obx import ObxReader, Standing
from translator.read.order_group import OrderGroup, OrderNumberReader
from translator.read.value import ValueReader
from translator.read.walk import Walk
from translator.record.report import Finding, Observation, Patient, Report

_FORM, _FORM_CODE = "order-form", "68991-9"
_MICROBIOLOGY = "MB"
_REFLEX = frozenset("GA")
_RESULTS: Standing = ("", ())

# What translation, matching or routing reads of each segment: what is doubtful there holds, elsewhere it warns.
_READ_FIELDS = {"PID": (3, 7), "ORC": (2, 3, 4), "OBR": (2, 3, 4, 25)}


class Groups(Struct, frozen=True):
    """The order groups of a message, with what holds the message and what merely should be known."""

    reports: tuple[Report, ...]
    held: tuple[Finding, ...]
    findings: tuple[Finding, ...]


class OruReader:
    """
    Turn segments into reports, for all messages with the same delimiters and charset.

    Shape: one Report per OBR, and one with an empty `at` for OBX outside every order. `notes` tells that a note behind
    OBR may be an order number.
    """

    def __init__(self, delimiters: Delimiters, unescape: Unescape, values: ValueReader, *, notes: bool = False) -> None:
        self._delimiters = delimiters
        self._repetition, self._component_mark = delimiters.repetition, delimiters.component
        self._unescape = unescape
        self._notes = notes
        self._values = values
        self._results = ObxReader(delimiters, unescape, values)
        self._numbers = OrderNumberReader(delimiters, unescape)

    def read(
        self, segments: list[str], time: str, doubts: Doubts, *, layout: str = "ORU^R01", placed: bool = True
    ) -> Groups:
        """
        Walk the segments once, in order.

        Shape: `time` is the message's own, used where OBR-22 is blank; `layout` is the message type that says in which
        order segments come; `placed` is false where no order can have been placed before the message.
        """

        def read_run(lines: Sequence[str], before: int, standing: Standing) -> list[Observation]:
            return self._results.run(lines, before, standing, doubts)

        walk = Walk(read_run, self._standing, layout, notes=self._notes)
        walk.over(segments, self._delimiters.field)
        reports = [self._report(group, time, doubts, placed=placed) for group in walk.groups]
        if walk.orphans:
            reports.append(Report("", observations=tuple(walk.orphans)))
        return Groups(tuple(reports), tuple(walk.held), doubts.remarks(segments))

    def _standing(self, obr: list[str]) -> Standing:
        """Say of an order whether its observations are results, and what keeps each of them from being sent."""
        if len(obr) > 24 and self._component(obr, 24) == _MICROBIOLOGY:
            return "", (Finding("microbiology", "OBR-24", "isolates have no place in a flat list of codes"),)
        if len(obr) > 26 and obr[26].strip() not in {"", NULL} and self._component(obr, 11) not in _REFLEX:
            return "", (Finding("child-result", "OBR-26", "these results belong to one result of another order"),)
        form = len(obr) > 4 and _FORM_CODE in obr[4]
        if form and any(coding.code == _FORM_CODE for coding in self._values.codings(obr[4])):
            return _FORM, ()
        return _RESULTS

    def _report(self, group: OrderGroup, time: str, doubts: Doubts, *, placed: bool) -> Report:
        at = f"OBR[{group.number}]"
        numbers = self._numbers.read(group)
        obr, pid, component = group.obr, group.pid, self._component
        return Report(
            at,
            component(obr, 25),
            at + "-25",
            self._values.codings(obr[4]) if len(obr) > 4 else (),
            numbers.requests,
            numbers.keys,
            numbers.parents,
            component(obr, 11) in _REFLEX,
            placed,
            self._specimens(group),
            numbers.filler,
            _patient(component(pid, 3), component(pid, 7)),
            (component(obr, 22), time),
            tuple(group.observations),
            () if doubts.is_certain else _doubtful(group, at, doubts),
        )

    def _specimens(self, group: OrderGroup) -> tuple[str, ...]:
        """Give the codes of SPM-4 and, of older versions, OBR-15 (whose first component has subcomponents)."""
        sent = {self._component(spm, 4): None for spm in group.spm}
        if older := self._component(group.obr, 15):
            subcomponent = self._delimiters.subcomponent
            sent[older.split(subcomponent, 1)[0] if subcomponent else older] = None
        sent.pop("", None)
        return tuple(sent)

    def _component(self, fields: list[str], number: int) -> str:
        """The first component of the first repetition."""
        field = fields[number] if number < len(fields) else ""
        if not field or field.isalnum():
            return field
        first = field.split(self._repetition, 1)[0].split(self._component_mark, 1)[0]
        return self._unescape(first).strip()


def _patient(identifier: str, birth_date: str) -> Patient:
    """HL7 null says that there is none, and is nobody's number."""
    return Patient("" if identifier == NULL else identifier, "" if birth_date == NULL else birth_date[:8])


def _doubtful(group: OrderGroup, at: str, doubts: Doubts) -> tuple[Finding, ...]:
    return (
        *doubts.held(group.pid[0] if group.pid else "", group.pid, _READ_FIELDS["PID"]),
        *doubts.held(group.orc[0] if group.orc else "", group.orc, _READ_FIELDS["ORC"]),
        *doubts.held(at, group.obr, _READ_FIELDS["OBR"]),
    )
