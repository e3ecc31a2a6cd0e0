"""
Read the events that vendors send by webhook, known and unknown ones.

WHOOP documents its event whole. Of Acurable's the facts are documented and the names of the properties are not, so
the usual spellings of JSON:API are tried, and what is not found is simply absent.

Source: whoop.md section 3; acurable.md section 6; JSON:API 1.1, document structure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from translator.read.fhir_json import MalformedJsonError, parse
from translator.record.event import INDEXES, Night, ResourceEvent, StudyEvent

_REFERENCES = ("reference", "orderReference", "studyReference", "referralReference")
_KINDS = ("event", "eventType")


class MalformedEventError(ValueError):
    """A body that is no event; the text names the place and never a value."""


def read_resource_event(raw: bytes) -> ResourceEvent:
    """
    Read an event of WHOOP.

    Raises: MalformedEventError where type or resource is missing.
    """
    root = _object(raw)
    kind, resource = _text(root, "event_type"), _text(root, "resource_id")
    if not kind or not resource:
        raise MalformedEventError("event_type and resource_id: both are needed")
    return ResourceEvent(kind, resource.lower())


def read_study_event(raw: bytes) -> StudyEvent:
    """
    Read an event of Acurable.

    Raises: MalformedEventError where it does not say what it is about.
    """
    data = _part(_object(raw), "data")
    attributes = _part(data, "attributes")
    kind = _first(attributes, _KINDS) or _text(data, "type")
    if not kind:
        raise MalformedEventError("data.type: missing or empty")
    reference = _first(attributes, _REFERENCES) or _text(data, "id")
    nights = attributes.get("nights")
    return StudyEvent(kind, reference, tuple(_nights(nights)) if isinstance(nights, list) else ())


def _nights(values: list[Any]) -> Iterator[Night]:
    for number, value in enumerate(values, start=1):
        if not isinstance(value, dict):
            raise MalformedEventError(f"data.attributes.nights[{number - 1}]: must be an object")
        yield Night(
            number=_count(value, "night", number),
            attempt=_count(value, "attempt", 1),
            status=_text(value, "status").upper(),
            severity=_text(value, "severity"),
            indexes=dict(_indexes(value)),
        )


def _indexes(night: Mapping[str, Any]) -> Iterator[tuple[str, Decimal]]:
    """Give the indexes that are there, whether they stand in a part of their own or beside the status."""
    places = (_part(night, "indexes"), night)
    for name in INDEXES:
        for place in places:
            found = place.get(name, place.get(name.lower()))
            if isinstance(found, int | Decimal) and not isinstance(found, bool):
                yield name, Decimal(found)
                break


def _count(value: Mapping[str, Any], name: str, otherwise: int) -> int:
    found = value.get(name, otherwise)
    if not isinstance(found, int) or isinstance(found, bool) or found < 1:
        raise MalformedEventError(f"data.attributes.nights[].{name}: must be a whole number from 1")
    return found


def _object(raw: bytes) -> dict[str, Any]:
    try:
        root = parse(raw)
    except MalformedJsonError as error:
        raise MalformedEventError(str(error)) from None
    if not isinstance(root, dict):
        raise MalformedEventError("$: must be an object")
    return root


def _part(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def _text(value: Mapping[str, Any], name: str) -> str:
    found = value.get(name)
    return found.strip() if isinstance(found, str) else ""


def _first(value: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return next((text for name in names if (text := _text(value, name))), "")
