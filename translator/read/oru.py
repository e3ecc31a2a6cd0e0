"""
Turn the segments of a result message into reports: what stands in OBR and OBX, and what each OBX is.

Source: HL7 v2.9 7.4.1 (OBR), 7.4.2 (OBX).
"""

from __future__ import annotations

from msgspec import Struct

from translator.read.doubts import Doubts
from translator.read.er7 import NULL, Delimiters, Unescape
from translator.read.order_group import OrderGroup, OrderNumberReader
from translator.read.value import ValueReader
from translator.read.walk import Standing, Walk
from translator.record.report import Finding, Observation, Patient, Report
from translator.record.values import Absent

_ANSWERS = frozenset({"QST", "SCI"})
_ANSWER = "ask-at-order-entry"
_FORM, _FORM_CODE = "order-form", "68991-9"
_MICROBIOLOGY = "MB"
_REFLEX = frozenset("GA")

# What translation, matching or routing reads of each segment: what is doubtful there holds, elsewhere it warns.
_READ_FIELDS = {"PID": (3, 7), "ORC": (2, 3, 4), "OBR": (2, 3, 4, 25), "OBX": (2, 3, 4, 5, 6, 11)}
# OBX-32 (v2.9) says why there is no value, as dataAbsentReason does in FHIR.
_DATA_ABSENT = Absent("data-absent")
_OBX_PAD = [""] * 12


class Groups(Struct, frozen=True):
    """The order groups of a message, with what holds the message and what merely should be known."""

    reports: tuple[Report, ...]
    held: tuple[Finding, ...]
    findings: tuple[Finding, ...]


class OruReader:
    """
    Turn segments into reports.

    Shape: one Report per OBR, and one with an empty `at` for OBX outside every order. `time` is the message's own
    time, used where OBR-22 is blank.
    """

    def __init__(
        self,
        delimiters: Delimiters,
        unescape: Unescape,
        values: ValueReader,
        numbers: OrderNumberReader | None = None,
        *,
        doubts: Doubts,
    ) -> None:
        self._delimiters = delimiters
        self._unescape = unescape
        self._values = values
        self._doubts = doubts
        self._is_doubtful = bool(doubts)
        self._numbers = numbers or OrderNumberReader(delimiters, unescape)

    def read(self, segments: list[str], time: str, *, layout: str = "ORU^R01", placed: bool = True) -> Groups:
        """
        Walk the segments once, in order.

        Shape: `layout` is the message type that says in which order segments come; `placed` is false where no order can
        have been placed before the message.
        """
        walk = Walk(self._observation, self._standing, layout)
        walk.over(segments, self._delimiters.field)
        reports = [self._report(group, time, placed=placed) for group in walk.groups]
        if walk.orphans:
            reports.append(Report("", observations=tuple(walk.orphans)))
        return Groups(tuple(reports), tuple(walk.held), self._doubts.remarks(segments))

    def _standing(self, obr: list[str]) -> Standing:
        """Say of an order whether its observations are results, and what keeps each of them from being sent."""
        if len(obr) > 24 and self._component(obr, 24) == _MICROBIOLOGY:
            return "", (Finding("microbiology", "OBR-24", "isolates have no place in a flat list of codes"),)
        if len(obr) > 26 and obr[26].strip() not in {"", NULL} and self._component(obr, 11) not in _REFLEX:
            return "", (Finding("child-result", "OBR-26", "these results belong to one result of another order"),)
        form = len(obr) > 4 and _FORM_CODE in obr[4]
        if form and any(coding.code == _FORM_CODE for coding in self._values.codings(obr[4])):
            return _FORM, ()
        return "", ()

    def _observation(self, fields: list[str], number: int, place: str, findings: tuple[Finding, ...]) -> Observation:
        at = f"OBX[{number}]"
        if len(fields) < 12:
            fields = fields + _OBX_PAD
        elif len(fields) > 29 and fields[29]:
            place, findings = self._by_type(at, fields[29], place, findings)
        form = self._values.form(fields)
        value_type, unit = form.value_type, form.unit
        value = self._values(value_type, fields[5])
        if value_type == "CQ":
            value, unit = self._values.composite(fields[5], unit)
        if len(fields) > 32 and isinstance(value, Absent) and fields[32].strip() not in {"", NULL}:
            value = _DATA_ABSENT
        return Observation(
            at,
            form.codes,
            value,
            value_type,
            "" if unit == NULL else unit,
            form.unit_system,
            unit == NULL,
            form.status,
            self._sub_id(fields[4]) if fields[4] else "",
            place,
            self._doubts.held(at, fields, _READ_FIELDS["OBX"]) or findings if self._is_doubtful else findings,
            not fields[11] and not any(fields[6:13]),
        )

    def _by_type(self, at: str, field: str, place: str, findings: tuple[Finding, ...]) -> Standing:
        """
        Read OBX-29: answers to questions of the order form are no results, wherever they stand.

        Source: HL7 v2.9 7.4.2.29, table 0936.
        """
        kind = field.split(self._delimiters.component, 1)[0].strip()
        if kind in _ANSWERS:
            return _ANSWER, findings
        if kind in {"", NULL, "RSLT"}:
            return place, findings
        return place, (
            *findings,
            Finding("observation-type", f"{at}-29", "nobody says what this type of observation is"),
        )

    def _sub_id(self, field: str) -> str:
        """Give OBX-4 as a whole, since what a component means differs by version (ST, OG), in one spelling."""
        if field.isalnum():
            return field
        component, subcomponent = self._delimiters.component, self._delimiters.subcomponent
        if component in field or (subcomponent and subcomponent in field):
            field = field.replace(component, "^").replace(subcomponent or "&", "&").rstrip("^&")
        return self._unescape(field).strip()

    def _report(self, group: OrderGroup, time: str, *, placed: bool) -> Report:
        at = f"OBR[{group.number}]"
        numbers = self._numbers.read(group)
        return Report(
            at,
            status=self._component(group.obr, 25),
            status_at=at + "-25",
            panel=self._values.codings(_field(group.obr, 4)),
            service_requests=numbers.requests,
            keys=numbers.keys,
            parents=numbers.parents,
            is_reflex=self._component(group.obr, 11) in _REFLEX,
            is_placed=placed,
            specimens=self._specimens(group),
            filler=numbers.filler,
            patient=Patient(self._component(group.pid, 3), self._component(group.pid, 7)[:8]),
            times=(self._component(group.obr, 22), time),
            observations=tuple(group.observations),
            findings=(
                *self._doubts.held("PID", group.pid, _READ_FIELDS["PID"]),
                *self._doubts.held("ORC", group.orc, _READ_FIELDS["ORC"]),
                *self._doubts.held(at, group.obr, _READ_FIELDS["OBR"]),
            ),
        )

    def _specimens(self, group: OrderGroup) -> tuple[str, ...]:
        """Give the codes of SPM-4 and, of older versions, OBR-15 (whose first component has subcomponents)."""
        subcomponent = self._delimiters.subcomponent
        older = self._component(group.obr, 15)
        sent = [
            *(self._component(spm, 4) for spm in group.spm),
            older.split(subcomponent, 1)[0] if subcomponent else older,
        ]
        return tuple(dict.fromkeys(filter(None, sent)))

    def _component(self, fields: list[str], number: int) -> str:
        """The first component of the first repetition."""
        field = _field(fields, number)
        if not field:
            return ""
        first = field.split(self._delimiters.repetition, 1)[0]
        return self._unescape(first.split(self._delimiters.component, 1)[0]).strip()


def _field(fields: list[str], number: int) -> str:
    return fields[number] if number < len(fields) else ""
