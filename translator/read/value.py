"""
Read OBX-5 by the value type of OBX-2; the meaning of the value is left to the mapping.

One row per type of HL7 table 0125. A type that can hold no lab value is refused, one that a person could decide is
held.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct

from translator.read.er7 import NULL, Delimiters, Unescape
from translator.record.number_form import NumberForm
from translator.record.quantity import COMPARATORS, read_limit, read_number, read_quantity
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
_ABSENT = Absent()
_CLEARED = Cleared()
_REPEATED = Unusable("value-repeated")
_NOT_NUMERIC = Unusable("value-not-numeric")
_TWO_UNITS = Unusable("unit-contradicts")
_IN_PART = Unusable("local-escape")
_UNTYPED = Unusable("value-type-missing")
_REFUSED = Unusable("value-type-refused", refused=True)
_HELD = Unusable("value-type-held")


class ObxForm(Struct, frozen=True, gc=False):
    """What OBX-2, 3, 6 and 11 say of a result, of which a feed has few: its type, codes, unit and status."""

    value_type: str
    codes: tuple[Coding, ...]
    unit: str
    unit_system: str
    status: str


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
        self._systems = systems
        self._numbers = numbers
        self._reads_composite = composite_quantity
        self._forms: dict[tuple[str, str, str, str], ObxForm] = {}
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
        if value_type == "NM" and self._numbers is None and (plain := read_number(field)):
            # Nearly every NM: digits hold no delimiter and no escape.
            return plain
        sent = field.strip()
        if not sent:
            return _ABSENT
        if sent == NULL:
            return _CLEARED
        reader = self._readers.get(value_type)
        if reader is not None:
            value = reader(field)
            return _in_part(value) if self._unescape.leaves_out(field) else value
        return _UNTYPED if value_type in {"", NULL} else _REFUSED

    def form(self, fields: list[str]) -> ObxForm:
        """Read what OBX says of a result beside its value; forms are remembered, values never."""
        key = (fields[2], fields[3], fields[6], fields[11])
        found = self._forms.get(key)
        if found is None:
            if len(self._forms) >= _MEMO_SIZE:
                self._forms.clear()
            component = self._delimiters.component
            value_type, status = (fields[number].split(component, 1)[0].strip() for number in (2, 11))
            found = ObxForm(value_type, self.codings(fields[3]), *self._unit(fields[6]), status)
            self._forms[key] = found
        return found

    def _unit(self, field: str) -> tuple[str, str]:
        """OBX-6 is coded: the identifier counts, the text only where there is no identifier."""
        if not field:
            return "", ""
        codings = self.codings(field)
        if codings:
            return codings[0].code, codings[0].system
        parts = field.split(self._delimiters.component)
        return (self._unescape(parts[1]).strip() if len(parts) > 1 else ""), ""

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
            found = self._codings[field] = self._triplets(field)
        return found

    def _triplets(self, field: str) -> tuple[Coding, ...]:
        parts = [self._unescape(part).strip() for part in field.split(self._delimiters.component)]
        parts += [""] * (20 - len(parts))
        triplets = [
            (parts[0], parts[1], parts[2] or parts[13]),
            (parts[3], parts[4], parts[5] or parts[16]),
            (parts[9], parts[10], parts[11] or parts[19]),
        ]
        return tuple(Coding(self._systems.get(name, name), code, text) for code, text, name in triplets if code)

    def _number(self, field: str) -> Value:
        if self._delimiters.repetition in field:
            return _REPEATED
        text = self._unescape(field).strip()
        return read_quantity(text, self._numbers) or (Text(text) if text else _ABSENT)

    def _structured(self, field: str) -> Value:
        if self._delimiters.repetition in field:
            return _REPEATED
        parts = [self._unescape(part).strip() for part in field.split(self._delimiters.component)]
        comparator, first, separator, second = (*parts, "", "", "", "")[:4]
        if any(parts[4:]) or read_number(first, self._numbers) is None:
            return _NOT_NUMERIC
        if separator or second:
            return _pair(comparator, self._plain(first), separator, self._plain(second))
        if comparator in {"", "="}:
            found: Value | None = read_number(first, self._numbers)
        else:
            found = read_limit(comparator, self._plain(first))
        return found or _NOT_NUMERIC

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
        return text if self._numbers is None else self._numbers.plain(text) or ("?" if text else "")

    def _text(self, field: str) -> Value:
        lines = [self._unescape(part).strip() for part in field.split(self._delimiters.repetition)]
        text = "\n".join(lines).strip()
        return Text(text) if text else _ABSENT

    def _prose(self, field: str) -> Value:
        value = self._text(field)
        return Text(value.text, prose=True) if isinstance(value, Text) else value

    def _coded(self, field: str) -> Value:
        if self._delimiters.repetition in field:
            return self._repeated(field)
        parts = field.split(self._delimiters.component)
        original = self._unescape(parts[8]).strip() if len(parts) > 8 else ""
        codings = self._triplets(field)
        texts = [self._unescape(parts[at]).strip() for at in (1, 4) if len(parts) > at]
        text = original or next(filter(None, texts), "")
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
        return Range(low, high) if read_number(low) and read_number(high) else _NOT_NUMERIC


def _in_part(value: Value) -> Value:
    """Read a value of which something was left out: its text may be sent, a number in it may have been another one."""
    match value:
        case Numeric() | Limit() | Ratio() | Range():
            return _IN_PART
        case Text():
            return Text(value.text, prose=True)
    return value


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
