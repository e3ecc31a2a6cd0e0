"""
Read a WHOOP requisition, strict about what is acted on and patient about all else.

Ids, codes and states decide what is confirmed and ordered, so a document without them is not read at all. Of the
patient only the id is published for every partner; whatever else is there is taken where it has its documented name.

Source: whoop.md sections 4 and 5; the vendor's own examples leave `appointments` and `intent` out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from translator.read.fhir_json import MalformedJsonError, parse
from translator.record.order import OrderPatient, PersonName
from translator.record.report import Identifier
from translator.record.requisition import Appointment, RequestedTest, Requisition

SYSTEM = "WHOOP"

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_ADDRESS = ("flat_no", "building", "landmark", "area", "emirate")
_PAPERS = ("emirates_id", "passport_no")


class MalformedRequisitionError(ValueError):
    """A document that is no requisition; the text names the place and never a value."""


def read_requisition(raw: bytes) -> Requisition:
    """
    Read one requisition.

    Raises: MalformedRequisitionError where it is no JSON, or has not what is acted on.
    """
    try:
        root = parse(raw)
    except MalformedJsonError as error:
        raise MalformedRequisitionError(str(error)) from None
    document = _object(root, "$")
    tests = document.get("service_requests")
    if not isinstance(tests, list):
        raise MalformedRequisitionError("service_requests: must be a list")
    read = tuple(_test(each, f"service_requests[{number}]") for number, each in enumerate(tests))
    if len({test.id for test in read}) != len(read):
        raise MalformedRequisitionError("service_requests: one id stands twice")
    return Requisition(
        id=_uuid(document, "id", ""),
        created_at=_text(document, "created_at"),
        updated_at=_text(document, "updated_at"),
        tests=read,
        patient=_patient(_object(document.get("patient"), "patient")),
        appointments=tuple(_appointments(document)),
    )


def is_uuid(text: str) -> bool:
    """Tell a UUID as the vendor writes it, in either case."""
    return _UUID.fullmatch(text.lower()) is not None


def _test(value: object, at: str) -> RequestedTest:
    test = _object(value, at)
    return RequestedTest(
        id=_uuid(test, "id", at),
        code=_needed(test, "code", at),
        status=_needed(test, "status", at).lower(),
        task_status=_text(test, "task_business_status"),
        description=_text(test, "task_description"),
    )


def _patient(patient: Mapping[str, Any]) -> OrderPatient:
    references = [Identifier(_needed(patient, "id", "patient"), namespace=SYSTEM)]
    references += [Identifier(_text(patient, name), namespace=name) for name in _PAPERS if _text(patient, name)]
    given = _text(patient, "first_name")
    return OrderPatient(
        references=tuple(references),
        name=PersonName(_text(patient, "last_name"), (given,) if given else ()),
        birth_date=_text(patient, "birth_date"),
        sex=_text(patient, "gender"),
        email=_text(patient, "email"),
        mobile=_text(patient, "phone"),
    )


def _appointments(document: Mapping[str, Any]) -> list[Appointment]:
    found = document.get("appointments")
    parts = [part for part in found if isinstance(part, dict)] if isinstance(found, list) else []
    return [_appointment(part) for part in parts]


def _appointment(part: Mapping[str, Any]) -> Appointment:
    tests = part.get("service_request_ids")
    address = part.get("collection_address")
    named = [one.lower() for one in tests if isinstance(one, str)] if isinstance(tests, list) else []
    lines = [_text(address, name) for name in _ADDRESS] if isinstance(address, dict) else []
    return Appointment(
        tests=tuple(named),
        starts_at=_text(part, "start_time"),
        slot=_text(part, "slot_id"),
        address=tuple(filter(None, lines)),
    )


def _object(value: object, at: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise MalformedRequisitionError(f"{at}: must be an object")
    return value


def _text(value: Mapping[str, Any], name: str) -> str:
    found = value.get(name)
    return found.strip() if isinstance(found, str) else ""


def _needed(value: Mapping[str, Any], name: str, at: str) -> str:
    text = _text(value, name)
    if not text:
        raise MalformedRequisitionError(f"{at}.{name}: missing or empty")
    return text


def _uuid(value: Mapping[str, Any], name: str, at: str) -> str:
    text = _needed(value, name, at).lower()
    if not is_uuid(text):
        raise MalformedRequisitionError(f"{at}.{name}: must be a UUID".lstrip("."))
    return text
