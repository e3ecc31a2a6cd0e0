"""
Write whom an order or a report is about, as a FHIR Patient.

Source: FHIR R4 Patient, HumanName, ContactPoint, Address.
"""

from __future__ import annotations

from translator.record.order import Address, OrderPatient, PersonName
from translator.write.fhir import Node, identifier, without_empty
from translator.write.times import date

_GENDERS = {"F": "female", "M": "male", "O": "other", "U": "unknown"}
_WORDS = frozenset(_GENDERS.values())


def patient(person: OrderPatient) -> Node:
    """Write the patient; a sex that FHIR has no word for is left out."""
    name, address = _name(person.name), _address(person.address)
    telecoms = [
        {"system": "phone", "use": "mobile", "value": person.mobile},
        {"system": "phone", "use": "home", "value": person.telephone},
        {"system": "phone", "value": person.unmarked},
        {"system": "email", "value": person.email},
    ]
    return without_empty(
        {
            "resourceType": "Patient",
            "identifier": [identifier(reference) for reference in person.references],
            "name": [name] if name else [],
            "telecom": [telecom for telecom in telecoms if telecom["value"]],
            "gender": person.sex if person.sex in _WORDS else _GENDERS.get(person.sex, ""),
            "birthDate": date(person.birth_date),
            "address": [address] if address else [],
        }
    )


def _name(name: PersonName) -> Node:
    return without_empty(
        {
            "family": name.family,
            "given": list(name.given),
            "prefix": [name.prefix] if name.prefix else [],
            "suffix": [name.suffix] if name.suffix else [],
        }
    )


def _address(address: Address) -> Node:
    return without_empty(
        {
            "line": list(address.lines),
            "city": address.city,
            "district": address.county,
            "state": address.state,
            "postalCode": address.postcode,
            "country": address.country,
        }
    )
