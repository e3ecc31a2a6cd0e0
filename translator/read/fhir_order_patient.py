"""
Read whom a ServiceRequest is for from a Patient: name, birth date, address, telephones, e-mail.

Source: FHIR R4 Patient, HumanName, Address, ContactPoint.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import TypeAlias

from translator.read.fhir_json import Node, obj, objects, text
from translator.read.fhir_value import identifier
from translator.record.order import Address, OrderPatient, PersonName

# The best first; what is old, or only for bills, is never used.
_NAMES = {"official": 0, "usual": 1, "": 2, "temp": 3}
_ADDRESSES = {"home": 0, "": 1, "temp": 2}
_OLD = "old"
_DAY = len("2026-01-05")
_LAST = Decimal("Infinity")
# By system and use; a telephone of another use than these is marked as something else.
_KINDS = {("phone", "mobile"): "mobile", ("sms", ""): "mobile", ("phone", ""): "unmarked", ("email", ""): "email"}
_ADDRESS_PARTS = {
    "lines": "line", "city": "city", "county": "district", "state": "state", "postcode": "postalCode",
    "country": "country",
}  # fmt: skip
# Which of its list an element is, and the element.
Numbered: TypeAlias = tuple[int, Node]


def read_patient(node: Node, time: str = "") -> OrderPatient:
    """Read one patient as of a time, such as that of the order."""
    numbers = {kind: text(point, "value") for kind, (_, point) in _numbers(node, time).items()}
    return OrderPatient(
        tuple(identifier(item) for _, item in _references(node)),
        _name(_best(objects(node, "name"), _NAMES)[1]),
        text(node, "birthDate"),
        text(node, "gender"),
        numbers.get("email", ""),
        numbers.get("mobile", ""),
        numbers.get("telephone", ""),
        _address(_best(_addresses(node, time), _ADDRESSES)[1]),
        numbers.get("unmarked", ""),
    )


def patient_places(node: Node, time: str, at: str) -> dict[str, tuple[str, ...]]:
    """Name where in the Patient at a position each part stands."""
    number, name = _best(objects(node, "name"), _NAMES)
    found: dict[str, tuple[str, ...]] = {
        kind: (f"telecom[{n}].value",) for kind, (n, _) in _numbers(node, time).items()
    }
    found["references"] = tuple(f"identifier[{n}].value" for n, _ in _references(node))
    found["birth_date"] = ("birthDate",)
    found["name"] = tuple(f"name[{number}].{part}" for part in ("given", "family", "text") if part in name)
    number, _ = _best(_addresses(node, time), _ADDRESSES)
    found |= {part: (f"address[{number}].{name}",) for part, name in _ADDRESS_PARTS.items()}
    return {f"patient.{part}": tuple(f"{at}.{place}" for place in places) for part, places in found.items()}


def _references(node: Node) -> list[Numbered]:
    return [each for each in objects(node, "identifier") if text(each[1], "use") != _OLD]


def _addresses(node: Node, time: str) -> list[Numbered]:
    return [each for each in objects(node, "address") if not _is_over(each[1], time)]


def _is_over(node: Node, time: str) -> bool:
    """Tell what was good until a day before the time; where nobody says a day, it is good."""
    until = text(obj(node, "period"), "end")[:_DAY]
    return bool(until and time) and until < time[: len(until)]


def _best(found: Iterable[Numbered], ranks: Mapping[str, int]) -> Numbered:
    usable = [each for each in found if text(each[1], "use") in ranks]
    return min(usable, key=lambda each: ranks[text(each[1], "use")]) if usable else (0, {})


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


def _points(node: Node, time: str) -> list[Numbered]:
    """Give the ways to reach somebody, the preferred first."""
    found = [each for each in objects(node, "telecom") if not _is_over(each[1], time)]
    usable = [each for each in found if text(each[1], "use") != _OLD and text(each[1], "value")]
    return sorted(usable, key=lambda each: _rank(each[1]))


def _rank(point: Node) -> Decimal | int:
    rank = point.get("rank")
    return rank if isinstance(rank, Decimal | int) else _LAST


def _numbers(node: Node, time: str) -> dict[str, Numbered]:
    """Give the first of each kind: `mobile`, `unmarked`, `telephone`, `email`."""
    found: dict[str, Numbered] = {}
    for each in _points(node, time):
        system, use = text(each[1], "system"), text(each[1], "use")
        kind = _KINDS.get((system, use)) or _KINDS.get((system, "")) or ""
        if kind == "unmarked" and use:
            kind = "telephone"
        if kind:
            found.setdefault(kind, each)
    return found


def _texts(node: Node, key: str) -> Iterator[str]:
    items = node.get(key)
    for item in items if isinstance(items, list) else [items]:
        if isinstance(item, str) and item.strip():
            yield item.strip()
