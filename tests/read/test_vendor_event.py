"""Events of both vendors are read, known and unknown ones, and nothing else is."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translator.read.vendor_event import MalformedEventError, read_resource_event, read_study_event
from translator.record.event import Night, ResourceEvent, StudyEvent


def study(kind: str = "study-attempt-completed", **attributes: Any) -> bytes:
    """Write an event of Acurable."""
    return json.dumps({"data": {"type": kind, "attributes": attributes}}).encode()


@pytest.mark.parametrize("kind", ["lab_requisition.created", "clinical_report_review.requested", "something.new"])
def test_event_of_whoop_is_read_whatever_its_kind(kind: str) -> None:
    """Type and resource are all there is; the vendor may invent more of both."""
    raw = json.dumps({"event_type": kind, "resource_id": "E7", "more": 1}).encode()

    assert read_resource_event(raw) == ResourceEvent(kind, "e7")


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"[]", id="list"),
        pytest.param(b'{"event_type":"lab_requisition.created"}', id="no-resource"),
        pytest.param(b'{"resource_id":"e7"}', id="no-type"),
        pytest.param(b'{"event_type":7,"resource_id":"e7"}', id="type-is-a-number"),
        pytest.param(b'{"event_type":"a","event_type":"b","resource_id":"e7"}', id="one-key-twice"),
    ],
)
def test_what_is_no_event_of_whoop_is_refused(raw: bytes) -> None:
    """Without type and resource nobody knows what it is about."""
    with pytest.raises(MalformedEventError):
        read_resource_event(raw)


def test_every_night_is_read_as_written() -> None:
    """An event is a snapshot: all nights, each attempt of its own, numbers with their digits."""
    raw = (
        b'{"data":{"type":"study-attempt-completed","attributes":{"reference":"R1","nights":['
        b'{"night":1,"attempt":1,"status":"INVALID"},'
        b'{"night":1,"attempt":2,"status":"valid","severity":"mild","indexes":{"AHI3":5.10,"ODI4":4}},'
        b'{"night":2,"attempt":1,"status":"PENDING","indexes":null}]}}}'
    )

    found = read_study_event(raw)

    assert (found.kind, found.reference, found.is_finished) == ("study-attempt-completed", "R1", False)
    assert [(night.number, night.attempt, night.status) for night in found.nights] == [
        (1, 1, "INVALID"), (1, 2, "VALID"), (2, 1, "PENDING"),
    ]  # fmt: skip
    (valid,) = found.valid_nights
    assert valid == Night(1, 2, "VALID", "mild", {"AHI3": Decimal("5.10"), "ODI4": Decimal(4)})
    assert str(valid.indexes["AHI3"]) == "5.10"


@pytest.mark.parametrize(
    ("attributes", "reference"),
    [
        pytest.param({"reference": "R1", "orderReference": "R2"}, "R1", id="reference"),
        pytest.param({"orderReference": "R2"}, "R2", id="order-reference"),
        pytest.param({}, "", id="none"),
    ],
)
def test_reference_is_found_under_the_usual_names(attributes: dict[str, str], reference: str) -> None:
    """The vendor's name for it is not published."""
    assert read_study_event(study(**attributes)).reference == reference


def test_reference_may_be_the_id_of_the_data() -> None:
    """JSON:API names a resource by its id."""
    raw = b'{"data":{"type":"orders","id":"R3","attributes":{"event":"order-activated"}}}'

    assert read_study_event(raw) == StudyEvent("order-activated", "R3")


def test_indexes_may_stand_beside_the_status() -> None:
    """Where they stand is not published either; what is no number is no index."""
    found = read_study_event(study(nights=[{"AHI3": True, "ahi4": 7, "ODI3": "9"}]))

    assert found.nights == (Night(1, 1, indexes={"AHI4": Decimal(7)}),)


@pytest.mark.parametrize("kind", ["referral-finished", "STUDY_FINISHED", "orderFinished"])
def test_finished_event_says_so(kind: str) -> None:
    """However the vendor spells it, no more nights will come."""
    assert read_study_event(study(kind)).is_finished


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"\xff", id="no-json"),
        pytest.param(b"{}", id="no-data"),
        pytest.param(study(""), id="no-type"),
        pytest.param(study(nights=["x"]), id="night-is-text"),
        pytest.param(study(nights=[{"night": 0}]), id="night-zero"),
        pytest.param(study(nights=[{"attempt": "2"}]), id="attempt-is-text"),
        pytest.param(study(nights=[{"night": True}]), id="night-is-true"),
    ],
)
def test_what_is_no_event_of_acurable_is_refused(raw: bytes) -> None:
    """What cannot be told apart later is not guessed."""
    with pytest.raises(MalformedEventError):
        read_study_event(raw)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    """Nothing else than the one error comes out."""
    for reader in (read_resource_event, read_study_event):
        with pytest.raises(MalformedEventError):
            reader(raw)
