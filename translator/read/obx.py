"""
Read OBX segments, in runs of those that stand alike: what each says, in a form that many share.

A feed has few forms (codes, type, unit, status), so each is made once; values are never remembered.

Source: HL7 v2.9 7.4.2 (OBX).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from msgspec import structs

from translator.read.doubts import Doubts
from translator.read.er7 import NULL, Delimiters, Unescape
from translator.read.value import ValueReader
from translator.record.flags import CRITICAL, OFF_SCALE, off_scale
from translator.record.quantity import LONGEST
from translator.record.report import Finding, Form, Observation
from translator.record.values import Absent, Numeric, Value

# What an OBX is by where it stands: the reason why it is no result, if it is none, and what keeps it from being sent.
Standing: TypeAlias = tuple[str, tuple[Finding, ...]]

_ANSWERS = frozenset({"QST", "SCI"})
_ANSWER = "ask-at-order-entry"
_NO_TYPE = frozenset({"", NULL, "RSLT"})
_NO_REASON = frozenset({"", NULL})
# OBX-32 (v2.9) says why there is no value, as dataAbsentReason does in FHIR.
_DATA_ABSENT = Absent("data-absent")
# Fields before OBX-13 are read one by one; what is behind them only where it reaches as far as OBX-29.
_LAST = 13
_TYPE_BEHIND, _REASON_BEHIND = 29 - _LAST, 32 - _LAST
# What translation, matching or routing reads: what is doubtful there holds, elsewhere it warns.
_JUDGED = (2, 3, 4, 5, 6, 11)
# The usual flags, which say neither.
_CALM = frozenset({"", "N", "H", "L", "A"})
_MEMO_SIZE = 4096
# Nearly every message has fewer OBX, so that no name is written anew.
_NAMES = tuple(f"OBX[{number}]" for number in range(1000))


class ObxReader:
    """Read the OBX segments of messages with the same delimiters, escapes and names of coding systems."""

    def __init__(self, delimiters: Delimiters, unescape: Unescape, values: ValueReader) -> None:
        self._delimiters = delimiters
        self._unescape = unescape
        self._values = values
        self._forms: dict[tuple[str, str, str, str], Form] = {}

    @property
    def remembered(self) -> int:
        """How many forms are kept."""
        return len(self._forms)

    def run(self, lines: Sequence[str], before: int, standing: Standing, doubts: Doubts) -> list[Observation]:
        """
        Read lines that stand alike; `before` counts the OBX before them.

        One step is taken for all lines before the next one: that is a fifth faster than line by line.
        """
        separator = self._delimiters.field
        rows = [line.split(separator, _LAST) for line in lines]
        for row in rows:
            if len(row) <= _LAST:
                row.extend([""] * (_LAST + 1 - len(row)))
        place, findings = standing
        forms = self._forms_of(rows)
        observations = [
            Observation(at, form, value, row[4], place, findings, not row[11] and not any(row[6:_LAST]))
            for at, row, form, value in zip(
                _names(before, len(rows)), rows, forms, self._values_of(rows, forms), strict=True
            )
        ]
        for index, row in enumerate(rows):
            if row[4] and not row[4].isalnum():
                observations[index] = structs.replace(observations[index], sub_id=self._sub_id(row[4]))
            if row[8] not in _CALM:
                observations[index] = self._flagged(observations[index], row[8])
            if row[_LAST].count(separator) >= _TYPE_BEHIND:
                observations[index] = self._with_type(observations[index], row[_LAST].split(separator))
        if doubts.is_certain:
            return observations
        return [self._judged(*each, doubts) for each in zip(observations, rows, strict=True)]

    def _forms_of(self, rows: Sequence[list[str]]) -> list[Form]:
        known, make = self._forms.get, self._form
        return [known((row[2], row[3], row[6], row[11])) or make(row[2], row[3], row[6], row[11]) for row in rows]

    def _values_of(self, rows: Sequence[list[str]], forms: list[Form]) -> list[Value]:
        """Read every OBX-5; where a value brings its own unit, its form is changed in place."""
        # A sender with its own way to write numbers has none that may be taken as they stand.
        plain = "NM" if self._values.numbers is None else None
        values: list[Value] = []
        for index, row in enumerate(rows):
            sent = row[5]
            # Nearly every value: digits, with at most one point, hold no delimiter and no escape.
            if row[2] == plain and sent.replace(".", "", 1).isdecimal() and sent.isascii() and len(sent) <= LONGEST:
                values.append(Numeric(sent))
            else:
                forms[index], value = self._value(forms[index], sent)
                values.append(value)
        return values

    @staticmethod
    def _judged(observation: Observation, row: list[str], doubts: Doubts) -> Observation:
        held = doubts.held(observation.at, row, _JUDGED)
        return structs.replace(observation, findings=held) if held else observation

    def _form(self, kind: str, codes: str, unit: str, status: str) -> Form:
        if len(self._forms) >= _MEMO_SIZE:
            self._forms.clear()
        component = self._delimiters.component
        sent, system = self._unit(unit)
        found = self._forms[kind, codes, unit, status] = Form(
            self._values.codings(codes),
            kind.split(component, 1)[0].strip(),
            "" if sent == NULL else sent,
            system,
            sent == NULL,
            status.split(component, 1)[0].strip(),
        )
        return found

    def _unit(self, field: str) -> tuple[str, str]:
        """OBX-6 is coded: the identifier counts, the text only where there is no identifier."""
        if not field:
            return "", ""
        codings = self._values.codings(field)
        if codings:
            return codings[0].code, codings[0].system
        parts = field.split(self._delimiters.component)
        return (self._unescape(parts[1]).strip() if len(parts) > 1 else ""), ""

    def _value(self, form: Form, sent: str) -> tuple[Form, Value]:
        """Read OBX-5; a composite quantity brings its own unit."""
        if form.value_type != "CQ":
            return form, self._values(form.value_type, sent)
        value, unit = self._values.composite(sent, NULL if form.no_unit else form.unit)
        return structs.replace(form, unit="" if unit == NULL else unit, no_unit=unit == NULL), value

    def _flagged(self, seen: Observation, flags: str) -> Observation:
        """
        Heed what OBX-8 says: a critical result is sent first; off the scale, a number only bounds the result.

        Source: HL7 table 0078 `HH`, `LL`, `AA`; `<` and `>`.
        """
        codes = {flag.split(self._delimiters.component, 1)[0].strip() for flag in self._repetitions(flags)}
        marks, value = codes & OFF_SCALE, seen.value
        if marks:
            value = off_scale(value, marks, self._values.numbers)
        return structs.replace(seen, value=value, critical=not codes.isdisjoint(CRITICAL))

    def _repetitions(self, field: str) -> list[str]:
        return [self._unescape(part) for part in field.split(self._delimiters.repetition)]

    def _sub_id(self, field: str) -> str:
        """Give OBX-4 as a whole, since what a component means differs by version (ST, OG), in one spelling."""
        component, subcomponent = self._delimiters.component, self._delimiters.subcomponent
        if component in field or (subcomponent and subcomponent in field):
            field = field.replace(component, "^").replace(subcomponent or "&", "&").rstrip("^&")
        return self._unescape(field).strip()

    def _with_type(self, seen: Observation, behind: list[str]) -> Observation:
        """
        Heed OBX-29 and OBX-32: answers to questions of the order form are no results, wherever they stand.

        Source: HL7 v2.9 7.4.2.29, table 0936; 7.4.2.32.
        """
        kind = behind[_TYPE_BEHIND].split(self._delimiters.component, 1)[0].strip()
        place, findings = seen.place, seen.findings
        if kind in _ANSWERS:
            place = _ANSWER
        elif kind not in _NO_TYPE:
            text = "nobody says what this type of observation is"
            findings = (*findings, Finding("observation-type", f"{seen.at}-29", text))
        reason = behind[_REASON_BEHIND].strip() if len(behind) > _REASON_BEHIND else ""
        value = _DATA_ABSENT if isinstance(seen.value, Absent) and reason not in _NO_REASON else seen.value
        return structs.replace(seen, value=value, place=place, findings=findings)


def _names(before: int, count: int) -> Sequence[str]:
    last = before + count
    if last < len(_NAMES):
        return _NAMES[before + 1 : last + 1]
    return [f"OBX[{number}]" for number in range(before + 1, last + 1)]
