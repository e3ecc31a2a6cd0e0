"""
Read OBX-5 by the value type of OBX-2; the meaning of the value is left to the mapping.

One row per type of HL7 table 0125. A type that can hold no lab value is refused, one that a person could decide is
held.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from translator.read.er7 import NULL, Delimiters, Unescape
from translator.record.quantity import read_limit, read_number, read_quantity
from translator.record.values import (
    Absent,
    Cleared,
    Coded,
    Coding,
    Document,
    Range,
    Ratio,
    Text,
    Unusable,
    Value,
)

_ABSENT = Absent()
_CLEARED = Cleared()
_REPEATED = Unusable("value-repeated")
_NOT_NUMERIC = Unusable("value-not-numeric")
_UNTYPED = Unusable("value-type-missing")
_REFUSED = Unusable("value-type-refused", refused=True)
_HELD = Unusable("value-type-held")


class ValueReader:
    """Read values of one message: it knows the delimiters, the escapes and the names of coding systems."""

    def __init__(self, delimiters: Delimiters, unescape: Unescape, systems: Mapping[str, str]) -> None:
        self._delimiters = delimiters
        self._unescape = unescape
        self._systems = systems
        self._readers: dict[str, Callable[[str], Value]] = {
            "NM": self._number,
            "SN": self._structured,
            **dict.fromkeys(("ST", "TX", "FT", "VR"), self._text),
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
            return reader(field)
        return _REFUSED if value_type else _UNTYPED

    def codings(self, field: str) -> tuple[Coding, ...]:
        """
        Give every coding of a CE or CWE field, in order: triplets 1-3, 4-6 and 10-12.

        Shape: a code without a coding system has an empty system. CWE.14 (OID) names the first system where .3 is
        blank, .17 and .20 the others.
        """
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
        return read_quantity(text) or (Text(text) if text else _ABSENT)

    def _structured(self, field: str) -> Value:
        if self._delimiters.repetition in field:
            return _REPEATED
        parts = [self._unescape(part).strip() for part in field.split(self._delimiters.component)]
        comparator, first, separator, second = (*parts, "", "", "", "")[:4]
        if any(parts[4:]) or read_number(first) is None:
            return _NOT_NUMERIC
        if separator or second:
            return _pair(comparator, first, separator, second)
        found = read_number(first) if comparator in {"", "="} else read_limit(comparator, first)
        return found or _NOT_NUMERIC

    def _text(self, field: str) -> Value:
        lines = [self._unescape(part).strip() for part in field.split(self._delimiters.repetition)]
        text = "\n".join(lines).strip()
        return Text(text) if text else _ABSENT

    def _coded(self, field: str) -> Value:
        if self._delimiters.repetition in field:
            return _REPEATED
        parts = field.split(self._delimiters.component)
        original = self._unescape(parts[8]).strip() if len(parts) > 8 else ""
        codings = self.codings(field)
        texts = [self._unescape(parts[at]).strip() for at in (1, 4) if len(parts) > at]
        text = original or next(filter(None, texts), "")
        return Coded(codings, text) if codings or text else _ABSENT

    def _range(self, field: str) -> Value:
        low, _, high = field.partition(self._delimiters.component)
        low, high = self._unescape(low).strip(), self._unescape(high).strip()
        return Range(low, high) if read_number(low) and read_number(high) else _NOT_NUMERIC


def _pair(comparator: str, first: str, separator: str, second: str) -> Value:
    """Read the two-number forms of SN; `+` (as in `2+`) is text."""
    if comparator not in {"", "="}:
        return _NOT_NUMERIC
    if separator == "+" and not second:
        return Text(f"{first}+")
    if read_number(second) is None:
        return _NOT_NUMERIC
    if separator == "-":
        return Range(first, second)
    return Ratio(first, separator, second) if separator in {":", "/"} else _NOT_NUMERIC
