"""
Write whom an order or a report is about, as PID.

Source: HL7 v2.5.1 3.4.2 (PID), 2.A.88 (XPN), 2.A.84 (XAD), 2.A.89 (XTN), tables 0200, 0201, 0202.
"""

from __future__ import annotations

from translator.record.order import Address, OrderPatient, PersonName
from translator.record.report import Identifier
from translator.write.er7 import components, escape, repetitions, segment

# A name has to stand there: this says that it is not known (table 0200, U).
_NO_NAME = "^^^^^^U"
_NUMBER_AT = 12
_SEXES = {"female": "F", "male": "M", "other": "O", "unknown": "U"}


def pid(patient: OrderPatient) -> str:
    """Write PID; the birth date goes without its dashes."""
    telecoms = [
        _telephone("CP", patient.mobile),
        _telephone("PH", patient.telephone),
        _telephone("", patient.unmarked),
        components("", "NET", "Internet", patient.email) if patient.email else "",
    ]
    fields = {
        1: "1",
        3: repetitions([_identifier(reference) for reference in patient.references]),
        5: _name(patient.name),
        7: escape(patient.birth_date.replace("-", "")),
        8: _sex(patient.sex),
        11: _address(patient.address),
        13: repetitions(telecoms),
    }
    return segment("PID", fields)


def _sex(sent: str) -> str:
    """Write the letter of table 0001; a word that it has none for is left out."""
    return _SEXES.get(sent.lower(), escape(sent) if len(sent) == 1 else "")


def _identifier(reference: Identifier) -> str:
    """Write CX; who gave the number out stands in its fourth component."""
    authority = "&".join([escape(reference.namespace), escape(reference.universal_id)]).rstrip("&")
    return f"{escape(reference.value)}^^^{authority}".rstrip("^")


def _name(name: PersonName) -> str:
    first, *others = name.given or ("",)
    return components(name.family, first, " ".join(others), name.suffix, name.prefix) or _NO_NAME


def _address(address: Address) -> str:
    street, *others = address.lines or ("",)
    written = [street, ", ".join(others), address.city, address.state, address.postcode, address.country]
    return components(*written, "", "", address.county)


def _telephone(equipment: str, number: str) -> str:
    """Write a number that is not cut into parts: HL7 has a component of its own for it."""
    return components("", "PRN", equipment, *[""] * (_NUMBER_AT - 4), number) if number else ""
