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
# A personal number (table 0201) moves with the person, whatever it is reached by.
_PERSONAL, _UNSAID = "PRS", frozenset({"", "PH"})
_DATE = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:[0-9]{2}){0,3}(?:\.[0-9]{1,4})?(?:[+-][0-9]{4})?")
# TN of older versions goes on behind the number: extension, beeper, a remark.
_TN = re.compile(r"([-+()0-9 ./]{7,}?)(?:X[0-9]+)?(?:B[0-9]+)?(?:C.*)?")
_LONGEST = 15
# Where XAD and XTN say until when they are good: since v2.7 in a component of its own.
_RANGE, _UNTIL = 11, 13
_DAY = len("20260105")


class OrderPatientReader:
    """Read PID segments with the same delimiters and charset."""

    def __init__(self, delimiters: Delimiters, unescape: Unescape) -> None:
        self._delimiters = delimiters
        self._unescape = unescape

    def read(self, pid: Sequence[str], time: str = "") -> OrderPatient:
        """Read one patient as of a time, such as that of the message; nothing is there where there is no PID."""
        reached = [parts for number in (13, 14, 40) for parts in self._repetitions(pid, number)]
        telephones = [[*map(self._unescape, parts)] for parts in reached if not self._is_over(parts, time, _UNTIL)]
        addresses = [
            parts
            for parts in self._repetitions(pid, 11)
            if not (self._is_over(parts, time, _UNTIL) or self._is_over(parts, time, _RANGE))
        ]
        numbers = _numbers(telephones)
        return OrderPatient(
            tuple(self._identifier(parts) for parts in self._repetitions(pid, 3)),
            self._name(_best(self._repetitions(pid, 5), _NAMES, 6)),
            _date((self._repetitions(pid, 7) or [[""]])[0][0]),
            (self._repetitions(pid, 8) or [[""]])[0][0],
            _email(telephones),
            numbers.get("mobile", ""),
            numbers.get("telephone", ""),
            self._address(_best(addresses, _ADDRESSES, 6)),
            numbers.get("unmarked", ""),
        )

    def _is_over(self, parts: list[str], time: str, place: int) -> bool:
        """Tell what was good until a day before the time; where nobody says a day, it is good."""
        until = self._parts(parts[place])[-1][:_DAY]
        return until.isdigit() and time[:_DAY].isdigit() and until < time[: len(until)]

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
    usable = [parts for parts in found if parts[kind].upper() in ranks]
    return min(usable, key=lambda parts: ranks[parts[kind].upper()]) if usable else None


def _numbers(telephones: Sequence[list[str]]) -> dict[str, str]:
    """Give the first number of each kind: `mobile`, `unmarked`, `telephone`."""
    found: dict[str, str] = {}
    for parts in telephones:
        kind = parts[2].upper()
        if kind not in _NOT_A_VOICE and (number := _number(parts)):
            is_personal = parts[1].upper() == _PERSONAL and kind in _UNSAID
            is_mobile = kind in _MOBILE or is_personal
            found.setdefault("mobile" if is_mobile else "telephone" if kind else "unmarked", number)
    return found


def _email(telephones: Sequence[list[str]]) -> str:
    """Give the first e-mail address: XTN has a component for it, but many senders put it where a number belongs."""
    offered = (part for parts in telephones for part in (parts[3], parts[0]))
    return next((part for part in offered if "@" in part), "")


def _number(parts: list[str]) -> str:
    """XTN gives a number as text (1), unformatted (12), or in pieces: country, area, local number."""
    whole = parts[0] if "@" not in parts[0] else ""
    if match := _TN.fullmatch(whole):
        whole = match[1]
    country = f"+{parts[4].lstrip('+')}" if parts[4] and parts[6] else ""
    return whole or parts[11] or "".join((country, parts[5], parts[6]))


def _date(text: str) -> str:
    match = _DATE.fullmatch(text)
    return "-".join(match.groups()) if match else text
