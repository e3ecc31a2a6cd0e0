"""
Hold how an order is laid out for Acurable, and fill it in: a tree of texts with `{placeholders}`.

A text that is one placeholder becomes its value, of whatever type; one with more around it becomes text. A placeholder
that ends in `?` may be empty, and its key is then left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

KINDS = ("order", "order-update", "order-cancel", "study", "study-cancel", "referral")
SENSORS = ("neck_sensor", "oximeter")
EMIT_ON = ("complete", "reviewed")
TELEPHONES = ("mobile", "unmarked", "telephone")
COUNTIES = ("county", "state", "city")

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_CONTACT = ("patient.name", "patient.email", "patient.mobile")
_ADDRESS = ("address.lines", "address.city", "address.county", "address.postcode")
_PATIENT = ("patient.reference", "patient.dob")
_ORGANISATION = ("organisation.name", "organisation.reference")
_STUDY = ("study.nights", "study.sensors")
_OTHERS = (
    "emit_on",
    "study.requires_phone",
    "study.neck_sensor",
    "study.oximeter",
    "patient.given",
    "patient.family",
    "address.country",
)

# What Acurable documents as required of each body; the layouts of changes are not public at all.
_ALWAYS = ("reference", "study.nights", *_PATIENT)
REQUIRED: Mapping[str, tuple[str, ...]] = {
    "order": (*_ALWAYS, *_ADDRESS, "patient.email", "patient.mobile", *_ORGANISATION),
    "study": (*_ALWAYS, *_ORGANISATION),
    "referral": (*_ALWAYS, "patient.email", "patient.mobile"),
}
FIELDS = frozenset({"reference", *_ADDRESS, *_PATIENT, *_CONTACT, *_ORGANISATION, *_STUDY, *_OTHERS})


class ListedOrganisation(Struct, frozen=True):
    """An organisation that a site orders for; `known_as` are other names and references that orders give it."""

    name: str
    reference: str
    known_as: tuple[str, ...] = ()


class StudyRow(Struct, frozen=True, gc=False):
    """What an order code means: `kind` is `order`, `study` or `referral`; `sensors` are what the study needs."""

    at: str
    system: str
    code: str
    kind: str
    nights: int
    sensors: tuple[str, ...]
    example_in: str = ""
    example_out: str = ""


class OrderLayout(Struct, frozen=True):
    """
    The settings of `acurable/order.toml`, checked.

    Shape: `bodies` by kind (`order`, `order-update`, `order-cancel`, `study`, `study-cancel`, `referral`).
    `phone_questions` are (system, code). `phone_answers` are folded. `activation_names` are the properties of an answer
    that hold the code of a study. `places` name by key the file and line where a setting stands
    (`acurable/order.toml:44`).
    """

    confirmed: bool = False
    sensors: tuple[str, ...] = ()
    emit_on: str = ""
    telephones: tuple[str, ...] = ()
    county: tuple[str, ...] = ()
    organisations: tuple[ListedOrganisation, ...] = ()
    phone_questions: frozenset[tuple[str, str]] = frozenset()
    phone_answers: frozenset[str] = frozenset()
    activation_names: tuple[str, ...] = ()
    bodies: Mapping[str, Any] = {}
    places: Mapping[tuple[str, ...], str] = {}

    def needs(self, kind: str) -> tuple[str, ...]:
        """Name the fields that a body cannot do without, in the order of the layout."""
        found = (match[1] for text in texts(self.bodies[kind]) for match in _PLACEHOLDER.finditer(text))
        return tuple(dict.fromkeys(name for name in found if not name.endswith("?")))

    def uses(self, kind: str) -> frozenset[str]:
        """Name every field that a body has a place for."""
        return frozenset(placeholders(self.bodies[kind]))

    def fill(self, kind: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Make a body of one kind; every field that it needs is in `values`."""
        filled: dict[str, Any] = _fill(self.bodies[kind], values)
        return filled

    def leaves(self, kind: str, values: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
        """Give by its path in a filled body the text of each leaf (`{address.county}`), and where that stands."""
        return {
            path: (template, self.places.get(("body", kind, *keys), ""))
            for path, template, keys in _leaves(self.bodies[kind], values, "", ())
        }


def placeholders(tree: Any) -> Iterator[str]:
    """Name every placeholder of a layout, without the question mark."""
    for text in texts(tree):
        yield from (match[1].removesuffix("?") for match in _PLACEHOLDER.finditer(text))


def texts(tree: Any) -> Iterator[str]:
    """Give every text of a layout, in order."""
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, Mapping):
        for part in tree.values():
            yield from texts(part)
    elif isinstance(tree, list):
        for part in tree:
            yield from texts(part)


def _fill(tree: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(tree, Mapping):
        parts = ((key, _fill(part, values)) for key, part in tree.items())
        return {key: part for key, part in parts if part is not None}
    if isinstance(tree, list):
        return [part for part in (_fill(each, values) for each in tree) if part is not None]
    if not isinstance(tree, str):
        return tree
    whole = _PLACEHOLDER.fullmatch(tree)
    if whole:
        return values.get(whole[1].removesuffix("?"))
    return _PLACEHOLDER.sub(lambda match: _written(values.get(match[1].removesuffix("?"), "")), tree)


def _leaves(
    tree: Any, values: Mapping[str, Any], path: str, keys: tuple[str, ...]
) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Walk a layout as `_fill` does: what is left out there has no path here."""
    if isinstance(tree, Mapping):
        for key, part in tree.items():
            yield from _leaves(part, values, f"{path}.{key}" if path else key, (*keys, key))
    elif isinstance(tree, list):
        kept = (part for part in tree if _fill(part, values) is not None)
        for number, part in enumerate(kept):
            yield from _leaves(part, values, f"{path}[{number}]", keys)
    elif _fill(tree, values) is not None:
        yield path, str(tree), keys


def placeholders_of(text: str) -> list[str]:
    """Name the placeholders of one text."""
    return [match[1].removesuffix("?") for match in _PLACEHOLDER.finditer(text)]


def _written(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
