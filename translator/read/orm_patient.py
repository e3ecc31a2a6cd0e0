"""
Read whom an order is for from PID: name, birth date, address, telephones, e-mail.

Where the sender gives several of one kind, the best one for posting a kit and reaching the patient is taken, by tables.

Source: HL7 v2.9 3.4.2 (PID), 2A.3.88 (XPN), 2A.3.83 (XAD), 2A.3.90 (XTN); tables 0190, 0201, 0202.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

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
_ADDRESS_PARTS = {"city": 3, "state": 4, "postcode": 5, "country": 6, "county": 9}
_DAY = len("20260105")


class _Repetition(NamedTuple):
    """One repetition of a field that says something: where it stands in its segment (`-11[2]`), and its components."""

    at: str
    parts: list[str]


class _Reached(NamedTuple):
    """A number or an address under which somebody is reached, and where it stands."""

    text: str
    places: tuple[str, ...]


class _Chosen(NamedTuple):
    """What of a PID counts."""

    references: list[_Repetition]
    name: _Repetition | None
    address: _Repetition | None
    numbers: Mapping[str, _Reached]


class OrderPatientReader:
    """Read PID segments with the same delimiters and charset."""

    def __init__(self, delimiters: Delimiters, unescape: Unescape) -> None:
        self._delimiters = delimiters
        self._unescape = unescape

    def read(self, pid: Sequence[str], time: str = "") -> OrderPatient:
        """Read one patient as of a time, such as that of the message; nothing is there where there is no PID."""
        chosen = self._choose(pid, time)
        reached = {kind: found.text for kind, found in chosen.numbers.items()}
        return OrderPatient(
            tuple(self._identifier(each.parts) for each in chosen.references),
            self._name(chosen.name.parts if chosen.name else None),
            _date(self._first(pid, 7)),
            self._first(pid, 8),
            reached.get("email", ""),
            reached.get("mobile", ""),
            reached.get("telephone", ""),
            self._address(chosen.address.parts if chosen.address else None),
            reached.get("unmarked", ""),
        )

    def places(self, pid: Sequence[str], time: str, at: str) -> dict[str, tuple[str, ...]]:
        """Name where in the PID at a position each part of the patient stands."""
        references, name, address, numbers = self._choose(pid, time)
        found = {kind: reached.places for kind, reached in numbers.items()}
        found["references"] = tuple(f"{each.at}.1" for each in references)
        found["birth_date"] = ("-7",)
        if name is not None:
            found["name"] = tuple(f"{name.at}.{n}" for n in (2, 3, 1) if name.parts[n - 1])
        if address is not None:
            found["lines"] = tuple(f"{address.at}.{n}" for n in (1, 2) if address.parts[n - 1])
            found |= {part: (f"{address.at}.{n}",) for part, n in _ADDRESS_PARTS.items()}
        return {f"patient.{part}": tuple(f"{at}{place}" for place in places) for part, places in found.items()}

    def _choose(self, pid: Sequence[str], time: str) -> _Chosen:
        reached = [each for number in (13, 14, 40) for each in self._repetitions(pid, number)]
        telephones = [each for each in reached if not self._is_over(each.parts, time, _UNTIL)]
        addresses = [
            each
            for each in self._repetitions(pid, 11)
            if not (self._is_over(each.parts, time, _UNTIL) or self._is_over(each.parts, time, _RANGE))
        ]
        return _Chosen(
            self._repetitions(pid, 3),
            _best(self._repetitions(pid, 5), _NAMES, 6),
            _best(addresses, _ADDRESSES, 6),
            _reached([_Repetition(each.at, [*map(self._unescape, each.parts)]) for each in telephones]),
        )

    def _is_over(self, parts: list[str], time: str, place: int) -> bool:
        """Tell what was good until a day before the time; where nobody says a day, it is good."""
        until = self._parts(parts[place])[-1][:_DAY]
        return until.isdigit() and time[:_DAY].isdigit() and until < time[: len(until)]

    def _first(self, fields: Sequence[str], number: int) -> str:
        found = self._repetitions(fields, number)
        return found[0].parts[0] if found else ""

    def _repetitions(self, fields: Sequence[str], number: int) -> list[_Repetition]:
        """Give the components of every repetition that says something."""
        field = fields[number] if number < len(fields) else ""
        parts = field.split(self._delimiters.repetition) if field else []
        found = [_Repetition(f"-{number}[{n}]", self._components(part)) for n, part in enumerate(parts, start=1)]
        return [each for each in found if any(each.parts)]

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


def _best(found: list[_Repetition], ranks: Mapping[str, int], kind: int) -> _Repetition | None:
    """Give the repetition of the best type; the first one of equals."""
    usable = [each for each in found if each.parts[kind].upper() in ranks]
    return min(usable, key=lambda each: ranks[each.parts[kind].upper()]) if usable else None


def _reached(telephones: Sequence[_Repetition]) -> dict[str, _Reached]:
    """Give the first of each kind: `mobile`, `unmarked`, `telephone`, `email`."""
    found: dict[str, _Reached] = {}
    for at, parts in telephones:
        kind = parts[2].upper()
        # XTN has a component for an e-mail address, but many senders put it where a number belongs.
        for number in (4, 1):
            if "@" in parts[number - 1]:
                found.setdefault("email", _Reached(parts[number - 1], (f"{at}.{number}",)))
        if kind not in _NOT_A_VOICE and (telephone := _number(at, parts)).text:
            is_personal = parts[1].upper() == _PERSONAL and kind in _UNSAID
            is_mobile = kind in _MOBILE or is_personal
            found.setdefault("mobile" if is_mobile else "telephone" if kind else "unmarked", telephone)
    return found


def _number(at: str, parts: list[str]) -> _Reached:
    """XTN gives a number as text (1), unformatted (12), or in pieces: country, area, local number."""
    if parts[0] and "@" not in parts[0]:
        match = _TN.fullmatch(parts[0])
        return _Reached(match[1] if match else parts[0], (f"{at}.1",))
    if parts[11]:
        return _Reached(parts[11], (f"{at}.12",))
    country = f"+{parts[4].lstrip('+')}" if parts[4] and parts[6] else ""
    places = tuple(f"{at}.{n}" for n in (5, 6, 7) if parts[n - 1])
    return _Reached("".join((country, parts[5], parts[6])), places)


def _date(text: str) -> str:
    match = _DATE.fullmatch(text)
    return "-".join(match.groups()) if match else text
