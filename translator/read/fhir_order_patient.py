"""
Read whom a ServiceRequest is for from a Patient: name, birth date, address, telephones, e-mail.

Source: FHIR R4 Patient, HumanName, Address, ContactPoint.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from translator.read.fhir_json import Node, objects, text
from translator.read.fhir_value import identifier
from translator.record.order import Address, OrderPatient, PersonName

# The best first; what is old, or only for bills, is never used.
_NAMES = {"official": 0, "usual": 1, "": 2, "temp": 3}
_ADDRESSES = {"home": 0, "": 1, "temp": 2}
_OLD = "old"


def read_patient(node: Node) -> OrderPatient:
    """Read one patient."""
    mobile, other = _telephones(_points(node, "phone"))
    return OrderPatient(
        tuple(identifier(item) for _, item in objects(node, "identifier") if text(item, "use") != _OLD),
        _name(_best(objects(node, "name"), _NAMES)),
        text(node, "birthDate"),
        text(node, "gender"),
        next((text(point, "value") for point in _points(node, "email")), ""),
        mobile,
        other,
        _address(_best(objects(node, "address"), _ADDRESSES)),
    )


def _best(found: Iterable[tuple[int, Node]], ranks: Mapping[str, int]) -> Node:
    usable = [node for _, node in found if text(node, "use") in ranks]
    return min(usable, key=lambda node: ranks[text(node, "use")]) if usable else {}


def _name(node: Node) -> PersonName:
    """Read the parts of a name; one that is written in one piece only is kept whole."""
    given, family = tuple(_texts(node, "given")), text(node, "family")
    if not given and not family:
        family = text(node, "text")
    return PersonName(family, given, " ".join(_texts(node, "prefix")), " ".join(_texts(node, "suffix")))


def _address(node: Node) -> Address:
    return Address(
        tuple(_texts(node, "line")),
        text(node, "city"),
        text(node, "district"),
        text(node, "state"),
        text(node, "postalCode"),
        text(node, "country"),
    )


def _points(node: Node, system: str) -> list[Node]:
    found = [point for _, point in objects(node, "telecom") if text(point, "system") == system]
    return [point for point in found if text(point, "use") != _OLD and text(point, "value")]


def _telephones(points: Iterable[Node]) -> tuple[str, str]:
    """Give the first telephone that is marked as mobile, and the first other one."""
    mobiles, others = list[str](), list[str]()
    for point in points:
        (mobiles if text(point, "use") == "mobile" else others).append(text(point, "value"))
    return (mobiles or [""])[0], (others or [""])[0]


def _texts(node: Node, key: str) -> Iterator[str]:
    items = node.get(key)
    for item in items if isinstance(items, list) else [items]:
        if isinstance(item, str) and item.strip():
            yield item.strip()
