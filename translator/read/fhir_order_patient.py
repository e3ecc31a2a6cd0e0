"""
Read whom a ServiceRequest is for from a Patient: name, birth date, address, telephones, e-mail.

Source: FHIR R4 Patient, HumanName, Address, ContactPoint.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from translator.read.fhir_json import Node, obj, objects, text
from translator.read.fhir_value import identifier
from translator.record.order import Address, OrderPatient, PersonName

# The best first; what is old, or only for bills, is never used.
_NAMES = {"official": 0, "usual": 1, "": 2, "temp": 3}
_ADDRESSES = {"home": 0, "": 1, "temp": 2}
_OLD = "old"
_DAY = len("2026-01-05")


def read_patient(node: Node, time: str = "") -> OrderPatient:
    """Read one patient as of a time, such as that of the order."""
    points = _points(node, time)
    numbers = _numbers(points)
    return OrderPatient(
        tuple(identifier(item) for _, item in objects(node, "identifier") if text(item, "use") != _OLD),
        _name(_best(objects(node, "name"), _NAMES)),
        text(node, "birthDate"),
        text(node, "gender"),
        next((text(point, "value") for point in points if text(point, "system") == "email"), ""),
        numbers.get("mobile", ""),
        numbers.get("telephone", ""),
        _address(_best((each for each in objects(node, "address") if not _is_over(each[1], time)), _ADDRESSES)),
        numbers.get("unmarked", ""),
    )


def _is_over(node: Node, time: str) -> bool:
    """Tell what was good until a day before the time; where nobody says a day, it is good."""
    until = text(obj(node, "period"), "end")[:_DAY]
    return bool(until and time) and until < time[: len(until)]


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


def _points(node: Node, time: str) -> list[Node]:
    """Give the ways to reach somebody, the preferred first."""
    found = [point for _, point in objects(node, "telecom") if not _is_over(point, time)]
    usable = [point for point in found if text(point, "use") != _OLD and text(point, "value")]
    return sorted(usable, key=_rank)


def _rank(point: Node) -> float:
    rank = point.get("rank")
    return float(rank) if isinstance(rank, Decimal | int) else math.inf


def _numbers(points: Iterable[Node]) -> dict[str, str]:
    """Give the first number of each kind: `mobile`, `unmarked`, `telephone`."""
    found: dict[str, str] = {}
    for point in points:
        system, use = text(point, "system"), text(point, "use")
        if system == "sms" or (system == "phone" and use == "mobile"):
            found.setdefault("mobile", text(point, "value"))
        elif system == "phone":
            found.setdefault("telephone" if use else "unmarked", text(point, "value"))
    return found


def _texts(node: Node, key: str) -> Iterator[str]:
    items = node.get(key)
    for item in items if isinstance(items, list) else [items]:
        if isinstance(item, str) and item.strip():
            yield item.strip()
