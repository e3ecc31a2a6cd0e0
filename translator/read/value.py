"""
Read OBX-5 by the value type of OBX-2; the meaning of the value is left to the mapping.

One row per type of HL7 table 0125. A type that can hold no lab value is refused, one that a person could decide is
held.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from translator.read.er7 import NULL, Delimiters, Unescape
from translator.record.number_form import NumberForm
from translator.record.quantity import COMPARATORS, read_number, read_quantity
from translator.record.values import (
    Absent,
    Cleared,
    Coded,
    Coding,
    Document,
    Limit,
    Numeric,
    Range,
    Ratio,
    Text,
    Unusable,
    Value,
)

_MEMO_SIZE = 4096
# Where a triplet begins, and where the OID of its coding system stands, counted from 0.
_TRIPLETS = ((0, 13), (3, 16), (9, 19))
_ABSENT = Absent()
_CLEARED = Cleared()
_REPEATED = Unusable("value-repeated")
_NOT_NUMERIC = Unusable("value-not-numeric")
_TWO_UNITS = Unusable("unit-contradicts")
_IN_PART = Unusable("local-escape")
_UNTYPED = Unusable("value-type-missing")
_REFUSED = Unusable("value-type-refused", refused=True)
_HELD = Unusable("value-type-held")


class ValueReader:
    """Read values of one message: it knows the delimiters, the escapes and the names of coding systems."""

    def __init__(
        self,
        delimiters: Delimiters,
        unescape: Unescape,
        systems: Mapping[str, str],
        numbers: NumberForm | None = None,
        *,
        composite_quantity: bool = False,
    ) -> None:
        self._delimiters = delimiters
        self._unescape = unescape
        # NUL, which is in no text, where MSH-2 declares no escape character.
        self._escape = delimiters.escape or "\0"
        self._systems = systems
        self.numbers = numbers
        self._reads_composite = composite_quantity
        self._codings: dict[str, tuple[Coding, ...]] = {}
        self._readers: dict[str, Callable[[str], Value]] = {
            "NM": self._number,
            "SN": self._structured,
            "ST": self._text,
            **dict.fromkeys(("TX", "FT"), self._prose),
            "VR": self._bounds,
            **dict.fromkeys(("CE", "CWE", "CNE", "CF", "IS", "ID"), self._coded),
            "NR": self._range,
            "ED": lambda _: Document("embedded"),
            "RP": lambda _: Document("referenced"),
            **dict.fromkeys(("DT", "TM", "TS", "DTM", "DR", "CQ"), lambda _: _HELD),
        }

    def __call__(self, value_type: str, field: str) -> Value:
        """
        Read one OBX-5.

        Absent: an empty field gives Absent, `""` gives Cleared, whatever the type.
        """
        sent = field.strip()
        if not sent:
            return _ABSENT
        if sent == NULL:
            return _CLEARED
        reader = self._readers.get(value_type)
        if reader is not None:
            value = reader(field)
            return _in_part(value) if self._escape in field and self._unescape.leaves_out(field) else value
        return _UNTYPED if value_type in {"", NULL} else _REFUSED

    def codings(self, field: str) -> tuple[Coding, ...]:
        """
        Give every coding of a CE or CWE field, in order: triplets 1-3, 4-6 and 10-12.

        Shape: a code without a coding system has an empty system. CWE.14 (OID) names the first system where .3 is
        blank, .17 and .20 the others. Fields are remembered, so this is for codes and units, not for answers.
        """
        found = self._codings.get(field)
        if found is None:
            if len(self._codings) >= _MEMO_SIZE:
                self._codings.clear()
            found = self._codings[field] = self._triplets(self._texts(field))
        return found

    def _texts(self, field: str) -> list[str]:
        """Give the components of a field, as they were meant."""
        parts = field.split(self._delimiters.component)
        if self._escape in field:
            parts = [self._unescape(part) for part in parts]
        return [part.strip() for part in parts]

    def _triplets(self, parts: Sequence[str]) -> tuple[Coding, ...]:
        count, systems = len(parts), self._systems
        found = []
        for at, oid in _TRIPLETS:
            if at >= count or not parts[at]:
                continue
            text = parts[at + 1] if at + 1 < count else ""
            name = (parts[at + 2] if at + 2 < count else "") or (parts[oid] if oid < count else "")
            found.append(Coding(systems.get(name, name), parts[at], text))
        return tuple(found)

    def _number(self, field: str) -> Value:
        if self._delimiters.repetition in field:
            return _REPEATED
        text = self._unescape(field).strip()
        return read_quantity(text, self.numbers) or (Text(text) if text else _ABSENT)

    def _structured(self, field: str) -> Value:
        if self._delimiters.repetition in field:
            return _REPEATED
        parts = self._texts(field)
        comparator, first, separator, second, *more = (*parts, "", "", "", "")
        number = read_number(first, self.numbers)
        if number is None or any(more):
            return _word(parts)
        if separator or second:
            return _pair(comparator, self._plain(first), separator, self._plain(second))
        if comparator in {"", "="}:
            return number
        sign = COMPARATORS.get(comparator.upper())
        return _NOT_NUMERIC if sign is None else Limit(sign, number.plain or number.lexical)

    def composite(self, field: str, unit: str) -> tuple[Value, str]:
        """
        Read a CQ where the site says so: a number and its unit, which may stand in OBX-6 as well.

        Shape: the unit is that of CQ.2, else that of OBX-6; two that differ make the value unusable.
        Source: HL7 v2.6 2.A.14 CQ.
        """
        if not self._reads_composite or field.strip() in {"", NULL}:
            return self("CQ", field), unit
        number, *more = field.split(self._delimiters.component)
        if self._delimiters.repetition in field:
            return _REPEATED, unit
        if any(more[1:]):
            return _NOT_NUMERIC, unit
        subcomponent = self._delimiters.subcomponent
        sent = "".join(more)
        texts = [self._unescape(part).strip() for part in (sent.split(subcomponent) if subcomponent else [sent])]
        own = next(filter(None, texts[:2]), "")
        if own and unit and own != unit:
            return _TWO_UNITS, unit
        return self._number(number), own or unit

    def _plain(self, text: str) -> str:
        """Write a number in the form of HL7; what is no number of this sender is nothing that could be read as one."""
        return text if self.numbers is None else self.numbers.plain(text) or ("?" if text else "")

    def _text(self, field: str) -> Value:
        if self._delimiters.repetition in field:
            lines = [self._unescape(part).strip() for part in field.split(self._delimiters.repetition)]
            text = "\n".join(lines).strip()
        else:
            text = self._unescape(field).strip()
        return Text(text) if text else _ABSENT

    def _prose(self, field: str) -> Value:
        value = self._text(field)
        return Text(value.text, prose=True) if isinstance(value, Text) else value

    def _coded(self, field: str) -> Value:
        if self._delimiters.repetition in field:
            return self._repeated(field)
        parts = self._texts(field)
        codings = self._triplets(parts)
        text = parts[8] if len(parts) > 8 else ""
        text = text or next((parts[at] for at in (1, 4) if len(parts) > at and parts[at]), "")
        return Coded(codings, text) if codings or text else _ABSENT

    def _repeated(self, field: str) -> Value:
        """Join several answers as the lab worded them; one without words would be a bare code."""
        answers = [self._coded(answer) for answer in field.split(self._delimiters.repetition) if answer.strip()]
        texts = [answer.text for answer in answers if isinstance(answer, Coded) and answer.text]
        return Text("\n".join(texts)) if len(texts) == len(answers) else _REPEATED

    def _bounds(self, field: str) -> Value:
        """Read VR: two bounds, which need not be numbers."""
        if self._delimiters.repetition in field:
            return _REPEATED
        low, *more = (self._unescape(part).strip() for part in field.split(self._delimiters.component))
        if any(more[1:]):
            return _NOT_NUMERIC
        if more and more[0]:
            return self._range(field)
        return Text(low) if low else _ABSENT

    def _range(self, field: str) -> Value:
        low, _, high = field.partition(self._delimiters.component)
        low, high = (self._plain(self._unescape(part).strip()) for part in (low, high))
        return Range(low, high) if read_number(low) and read_number(high) else _word(self._texts(field))


def _in_part(value: Value) -> Value:
    """Read a value of which something was left out: its text may be sent, a number in it may have been another one."""
    match value:
        case Numeric() | Limit() | Ratio() | Range():
            return _IN_PART
        case Text():
            return Text(value.text, prose=True)
    return value


def _word(parts: Sequence[str]) -> Value:
    """Read a word where a number belongs, such as QNS: it may say that there is none, but never becomes one."""
    said = [part for part in parts if part]
    if len(said) != 1 or said[0].upper() in COMPARATORS or any(map(str.isdigit, said[0])):
        return _NOT_NUMERIC
    return Text(said[0], prose=True) if any(map(str.isalpha, said[0])) else _NOT_NUMERIC


def _pair(comparator: str, first: str, separator: str, second: str) -> Value:
    """Read the two-number forms of SN; `+` (as in `2+`) is text."""
    sign = "" if comparator == "=" else COMPARATORS.get(comparator, comparator)
    if separator == "+" and not second and not sign:
        return Text(f"{first}+")
    if read_number(second) is None or sign not in {"", *COMPARATORS.values()}:
        return _NOT_NUMERIC
    if separator == "-" and not sign:
        return Range(first, second)
    return Ratio(first, separator, second, sign) if separator in {":", "/"} else _NOT_NUMERIC
