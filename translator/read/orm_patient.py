"""
Read whom an order is for from PID: name, birth date, address, telephones, e-mail.

Where the sender gives several of one kind, the best one for posting a kit and reaching the patient is taken, by tables.

Source: HL7 v2.9 3.4.2 (PID), 2A.3.88 (XPN), 2A.3.83 (XAD), 2A.3.90 (XTN); tables 0190, 0201, 0202.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from translator.read.er7 import NULL, Delimiters, Unescape
from translator.record.order import Address, OrderPatient, PersonName
from translator.record.report import Identifier

# Types of address, the best first; a type that is not here (bad, birth place, office) is never posted to.
_ADDRESSES = {"SH": 0, "M": 1, "H": 2, "L": 3, "C": 4, "": 5, "P": 6}
# The legal name first, then the name as it is used.
_NAMES = {"L": 0, "": 1, "D": 2, "B": 3, "U": 4}
_MOBILE, _NOT_A_VOICE = (
    frozenset({"CP"}),
    frozenset({"FX", "MD", "BP", "TDD", "TTY", "SAT", "NET", "INTERNET", "X.400"}),
)
_DATE = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_LONGEST = 15


class OrderPatientReader:
    """Read PID segments with the same delimiters and charset."""

    def __init__(self, delimiters: Delimiters, unescape: Unescape) -> None:
        self._delimiters = delimiters
        self._unescape = unescape

    def read(self, pid: Sequence[str]) -> OrderPatient:
        """Read one patient; nothing is there where there is no PID."""
        telephones = [*self._repetitions(pid, 13), *self._repetitions(pid, 14)]
        mobile, other, email = _reached([[*map(self._unescape, parts)] for parts in telephones])
        return OrderPatient(
            tuple(self._identifier(parts) for parts in self._repetitions(pid, 3)),
            self._name(_best(self._repetitions(pid, 5), _NAMES, 6)),
            _date((self._repetitions(pid, 7) or [[""]])[0][0]),
            (self._repetitions(pid, 8) or [[""]])[0][0],
            email,
            mobile,
            other,
            self._address(_best(self._repetitions(pid, 11), _ADDRESSES, 6)),
        )

    def _repetitions(self, fields: Sequence[str], number: int) -> list[list[str]]:
        """Give the components of every repetition that says something."""
        field = fields[number] if number < len(fields) else ""
        found = [self._components(part) for part in field.split(self._delimiters.repetition)] if field else []
        return [parts for parts in found if any(parts)]

    def _components(self, part: str) -> list[str]:
        parts = [piece.strip() for piece in part.split(self._delimiters.component)]
        parts = ["" if piece == NULL else piece for piece in parts]
        return parts + [""] * (_LONGEST - len(parts))

    def _parts(self, component: str) -> list[str]:
        """Split a component into its subcomponents and undo escapes."""
        mark = self._delimiters.subcomponent
        return [self._unescape(piece).strip() for piece in (component.split(mark) if mark else [component])]

    def _identifier(self, parts: list[str]) -> Identifier:
        authority = [*self._parts(parts[3]), ""]
        return Identifier(self._unescape(parts[0]), authority[0], authority[1])

    def _name(self, parts: list[str] | None) -> PersonName:
        if parts is None:
            return PersonName()
        given = (self._unescape(part) for part in (parts[1], parts[2]))
        family, suffix, prefix = self._parts(parts[0])[0], self._unescape(parts[3]), self._unescape(parts[4])
        return PersonName(family, tuple(filter(None, given)), prefix, suffix)

    def _address(self, parts: list[str] | None) -> Address:
        """Read XAD; the street stands in one piece or in three: address, street name, house number."""
        if parts is None:
            return Address()
        street = self._parts(parts[0])
        lines = [street[0] or " ".join(filter(None, reversed(street[1:3]))), *self._parts(parts[1])[:1]]
        city, state, postcode, country, county = (self._parts(parts[number])[0] for number in (2, 3, 4, 5, 8))
        return Address(tuple(filter(None, lines)), city, county, state, postcode, country)


def _best(found: list[list[str]], ranks: Mapping[str, int], kind: int) -> list[str] | None:
    """Give the repetition of the best type; the first one of equals."""
    usable = [parts for parts in found if parts[kind] in ranks]
    return min(usable, key=lambda parts: ranks[parts[kind]]) if usable else None


def _reached(telephones: Sequence[list[str]]) -> tuple[str, str, str]:
    """Give the mobile telephone, another one, and the e-mail address: the first of each."""
    mobiles, others, emails = list[str](), list[str](), list[str]()
    for parts in telephones:
        kind = parts[2].upper()
        if "@" in parts[3]:
            emails.append(parts[3])
        elif "@" in parts[0]:
            emails.append(parts[0])
        if kind not in _NOT_A_VOICE and (number := _number(parts)):
            (mobiles if kind in _MOBILE else others).append(number)
    return (mobiles or [""])[0], (others or [""])[0], (emails or [""])[0]


def _number(parts: list[str]) -> str:
    """XTN gives a number as text (1), unformatted (12), or in pieces: country, area, local number."""
    whole = parts[0] if "@" not in parts[0] else ""
    country = f"+{parts[4].lstrip('+')}" if parts[4] and parts[6] else ""
    return whole or parts[11] or "".join((country, parts[5], parts[6]))


def _date(text: str) -> str:
    match = _DATE.match(text)
    return "-".join(match.groups()) if match else text
