"""
Walk the segments of a result message by a small state machine: which OBX is a result, and of which order.

OBX stands in five places of ORU^R01; only those after OBR and before SPM or DEV are results. The walk follows the
segments as they come, not a version's schema, since senders mix versions.

Source: HL7 v2.9 7.3.1 (ORU^R01), 4.5.1 (ORC), 4.5.3 (OBR).
"""

from __future__ import annotations

from msgspec import Struct

from translator.read.er7 import NULL, Delimiters, Unescape
from translator.read.value import ValueReader
from translator.record.report import Finding, Identifier, Observation, Patient, Report

_NO_RESULT = "not-a-result-position"
_CONTINUED = {"ADD": "a segment is continued by ADD", "DSC": "the message continues in another one (DSC)"}

# What translation, matching or routing reads of each segment: undeclared high bytes there hold, elsewhere they warn.
_READ_FIELDS = {"PID": (3, 7), "ORC": (2, 3, 4), "OBR": (2, 3, 4, 25), "OBX": (2, 3, 4, 5, 6, 11)}
_OBX_PAD = [""] * 12


class Groups(Struct, frozen=True):
    """The order groups of a message, with what holds the message and what merely should be known."""

    reports: tuple[Report, ...]
    held: tuple[Finding, ...]
    findings: tuple[Finding, ...]


class _Group(Struct):
    """One OBR with the PID and ORC that it stands under; `fresh` tells its own ORC from an earlier OBR's."""

    number: int
    obr: list[str]
    orc: list[str]
    fresh: bool
    pid: list[str]
    observations: list[Observation]


class OruReader:
    """
    Turn segments into reports.

    Shape: one Report per OBR, and one with an empty `at` for OBX outside every order. `time` is the message's own
    time, used where OBR-22 is blank.
    """

    def __init__(self, delimiters: Delimiters, unescape: Unescape, values: ValueReader, *, undeclared: bool) -> None:
        self._delimiters = delimiters
        self._unescape = unescape
        self._values = values
        self._undeclared = undeclared

    def read(self, segments: list[str], time: str) -> Groups:
        """Walk the segments once, in order."""
        groups, orphans, held = self._walk(segments)
        reports = [self._report(group, time) for group in groups]
        if orphans:
            reports.append(Report("", observations=tuple(orphans)))
        return Groups(tuple(reports), tuple(held), self._warnings(segments))

    def _walk(self, segments: list[str]) -> tuple[list[_Group], list[Observation], list[Finding]]:
        separator = self._delimiters.field
        groups: list[_Group] = []
        orphans: list[Observation] = []
        held: list[Finding] = []
        pid: list[str] = []
        orc: list[str] = []
        fresh = False
        place, target = _NO_RESULT, orphans
        count = 0
        for segment in segments:
            name = segment[:3]
            if name == "OBX":
                count += 1
                target.append(self._observation(segment.split(separator), count, place))
            elif name == "OBR":
                groups.append(_Group(len(groups) + 1, segment.split(separator), orc, fresh, pid, []))
                place, target, fresh = "", groups[-1].observations, False
            elif name == "ORC":
                orc, fresh = segment.split(separator), True
                place, target = _NO_RESULT, orphans
            elif name == "PID":
                pid, orc, fresh = segment.split(separator), [], False
                place, target = _NO_RESULT, orphans
            elif name in {"SPM", "DEV"}:
                place = _NO_RESULT
            elif name in _CONTINUED:
                held.append(Finding("message-continued", name, _CONTINUED[name]))
        return groups, orphans, held

    def _observation(self, fields: list[str], number: int, place: str) -> Observation:
        at = f"OBX[{number}]"
        if len(fields) < 12:
            fields = fields + _OBX_PAD
        component = self._delimiters.component
        value_type = fields[2].split(component, 1)[0].strip()
        unit, unit_system = self._unit(fields[6])
        return Observation(
            at,
            self._values.codings(fields[3]),
            self._values(value_type, fields[5]),
            value_type,
            "" if unit == NULL else unit,
            unit_system,
            unit == NULL,
            fields[11].split(component, 1)[0].strip(),
            self._unescape(fields[4]).strip(),
            place,
            self._undeclared_in("OBX", at, fields),
        )

    def _unit(self, field: str) -> tuple[str, str]:
        """OBX-6 is coded: the identifier counts, the text only where there is no identifier."""
        if not field:
            return "", ""
        codings = self._values.codings(field)
        if codings:
            return codings[0].code, codings[0].system
        parts = field.split(self._delimiters.component)
        return (self._unescape(parts[1]).strip() if len(parts) > 1 else ""), ""

    def _report(self, group: _Group, time: str) -> Report:
        at = f"OBR[{group.number}]"
        placer, filler = self._identifier(group.obr, 2), self._identifier(group.obr, 3)
        order_placer = self._identifier(group.orc, 2)
        own = group.fresh or not placer.value or placer.value == order_placer.value
        order_filler = self._identifier(group.orc, 3) if group.fresh or not filler.value else Identifier()
        requests = ((at + "-2", placer), ("ORC-2", order_placer if own else Identifier()))
        keys = (
            *(("placer", *request) for request in requests),
            ("filler", at + "-3", filler),
            ("filler", "ORC-3", order_filler),
            ("group", "ORC-4", self._identifier(group.orc, 4) if own else Identifier()),
        )
        return Report(
            at,
            status=self._component(group.obr, 25),
            status_at=at + "-25",
            panel=self._values.codings(_field(group.obr, 4)),
            service_requests=tuple(request for request in requests if request[1].value),
            keys=tuple(key for key in keys if key[2].value),
            filler=filler if filler.value else order_filler,
            patient=Patient(self._component(group.pid, 3), self._component(group.pid, 7)[:8]),
            times=(self._component(group.obr, 22), time),
            observations=tuple(group.observations),
            findings=(
                *self._undeclared_in("PID", "PID", group.pid),
                *self._undeclared_in("ORC", "ORC", group.orc),
                *self._undeclared_in("OBR", at, group.obr),
            ),
        )

    def _component(self, fields: list[str], number: int) -> str:
        """The first component of the first repetition."""
        field = _field(fields, number).split(self._delimiters.repetition, 1)[0]
        return self._unescape(field.split(self._delimiters.component, 1)[0]).strip()

    def _identifier(self, fields: list[str], number: int) -> Identifier:
        field = _field(fields, number).split(self._delimiters.repetition, 1)[0]
        if not field or field == NULL:
            return Identifier()
        parts = [self._unescape(part).strip() for part in field.split(self._delimiters.component)]
        return Identifier(*[*parts, "", ""][:3])

    def _undeclared_in(self, name: str, at: str, fields: list[str]) -> tuple[Finding, ...]:
        if not self._undeclared:
            return ()
        return tuple(
            Finding("undeclared-bytes", f"{at}-{number}", "bytes above 127 and MSH-18 declares no charset")
            for number in _READ_FIELDS[name]
            if not _field(fields, number).isascii()
        )

    def _warnings(self, segments: list[str]) -> tuple[Finding, ...]:
        """Name the segments whose undeclared bytes nobody reads."""
        if not self._undeclared:
            return ()
        names = dict.fromkeys(segment[:3] for segment in segments if not segment.isascii())
        return tuple(Finding("undeclared-bytes", name, "MSH-18 declares no charset") for name in names)


def _field(fields: list[str], number: int) -> str:
    return fields[number] if number < len(fields) else ""
