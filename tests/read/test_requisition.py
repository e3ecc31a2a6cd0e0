"""A requisition is read as the vendor's documents show it, or not at all."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translator.read.requisition import MalformedRequisitionError, is_uuid, read_requisition
from translator.record.order import PersonName
from translator.record.requisition import Appointment, RequestedTest

REQUISITION = "e72719d6-0dbb-4eb3-9ccc-781b563fc3d3"
LIPIDS = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
MEMBER = "b2c1a1de-5717-4562-b3fc-2c963f66afa6"


def requisition(**parts: Any) -> dict[str, Any]:
    """Make a requisition as small as the vendor's own example, with other or more parts."""
    return {
        "id": REQUISITION,
        "created_at": "2026-01-02T03:04:05.000Z",
        "updated_at": "2026-01-02T03:04:06.000Z",
        "service_requests": [{"id": LIPIDS, "status": "active", "code": "LIPID_PANEL", "task_business_status": None}],
        "patient": {"id": MEMBER},
    } | parts


def read(document: object) -> Any:
    """Read a document."""
    return read_requisition(json.dumps(document).encode())


def test_requisition_without_optional_parts_is_read() -> None:
    """The vendor's examples have no intent, no appointments, and of the patient an id."""
    found = read(requisition())

    assert (found.id, found.created_at, found.appointments) == (REQUISITION, "2026-01-02T03:04:05.000Z", ())
    assert found.tests == (RequestedTest(LIPIDS, "LIPID_PANEL", "active"),)
    assert found.tests[0].is_active
    assert [one.value for one in found.patient.references] == [MEMBER]


def test_member_is_read_where_the_vendor_shows_one() -> None:
    """Name, birth date and how to reach somebody stand under the published names."""
    patient = {
        "id": MEMBER, "first_name": "Ada", "last_name": "Example", "birth_date": "1980-02-03", "gender": "female",
        "email": "ada@example.org", "phone": "+971500000000", "passport_no": "X1", "emirates_id": 5,
    }  # fmt: skip

    found = read(requisition(patient=patient)).patient

    assert (found.name, found.birth_date, found.sex) == (PersonName("Example", ("Ada",)), "1980-02-03", "female")
    assert (found.email, found.mobile) == ("ada@example.org", "+971500000000")
    assert [(one.value, one.namespace) for one in found.references] == [(MEMBER, "WHOOP"), ("X1", "passport_no")]


def test_appointments_are_read_with_their_place() -> None:
    """An appointment names its service requests and where the member is met."""
    whole = {
        "service_request_ids": [LIPIDS.upper()],
        "start_time": "2026-01-05T08:00:00Z",
        "slot_id": "7",
        "collection_address": {"building": "Tower 1", "area": "Marina", "emirate": "Dubai", "flat_no": "12"},
    }

    found = read(requisition(appointments=[whole, {"start_time": "2026-01-06T08:00:00Z"}, "odd"])).appointments

    assert found[0] == Appointment((LIPIDS,), "2026-01-05T08:00:00Z", "7", ("12", "Tower 1", "Marina", "Dubai"))
    assert found[1] == Appointment((), "2026-01-06T08:00:00Z")
    assert len(found) == 2


def test_ids_are_read_in_lower_case() -> None:
    """A UUID is the same in either case, and lanes are named in lower case."""
    request = {"id": LIPIDS.upper(), "status": "ACTIVE", "code": "CBC", "task_description": "fasting"}

    found = read(requisition(id=REQUISITION.upper(), service_requests=[request]))

    assert (found.id, found.tests) == (REQUISITION, (RequestedTest(LIPIDS, "CBC", "active", "", "fasting"),))


@pytest.mark.parametrize(
    ("document", "place"),
    [
        pytest.param([], r"\$", id="no-object"),
        pytest.param(requisition(id="7"), "^id", id="id-is-no-uuid"),
        pytest.param(requisition(service_requests=None), "service_requests", id="no-service-requests"),
        pytest.param(requisition(service_requests=["x"]), r"service_requests\[0\]", id="service-request-is-text"),
        pytest.param(
            requisition(service_requests=[{"id": LIPIDS, "status": "active"}]),
            r"service_requests\[0\].code",
            id="no-code",
        ),
        pytest.param(
            requisition(service_requests=[{"id": LIPIDS, "code": "CBC"}]),
            r"service_requests\[0\].status",
            id="no-status",
        ),
        pytest.param(
            requisition(service_requests=[{"id": LIPIDS, "code": "CBC", "status": "active"}] * 2),
            "twice",
            id="one-id-twice",
        ),
        pytest.param(requisition(patient={}), "patient.id", id="no-member"),
        pytest.param(requisition(patient=None), "patient", id="no-patient"),
    ],
)
def test_requisition_without_what_is_acted_on_is_not_read(document: object, place: str) -> None:
    """The place is named, and no value."""
    with pytest.raises(MalformedRequisitionError, match=place) as raised:
        read(document)

    assert LIPIDS not in str(raised.value)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    """Nothing else than the one error comes out."""
    with pytest.raises(MalformedRequisitionError):
        read_requisition(raw)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param(REQUISITION + "/status", id="path"),
        pytest.param(REQUISITION.replace("-", ""), id="no-hyphens"),
        pytest.param(f"{{{REQUISITION}}}", id="braces"),
    ],
)
def test_only_a_whole_uuid_is_one(text: str) -> None:
    """What goes into a URL is a UUID and nothing more."""
    assert is_uuid(REQUISITION.upper())
    assert not is_uuid(text)
