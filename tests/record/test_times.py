"""A sender's time sorts as the moment that it means, and what is no time is empty."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from translator.record.times import sortable


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("2024", "20240101000000.000000", id="year"),
        pytest.param("202405", "20240501000000.000000", id="month"),
        pytest.param("20240509", "20240509000000.000000", id="day"),
        pytest.param("2024050910", "20240509100000.000000", id="hour"),
        pytest.param("202405091015", "20240509101500.000000", id="minute"),
        pytest.param("20240509101530", "20240509101530.000000", id="second"),
        pytest.param("20240509101530.5", "20240509101530.500000", id="fraction"),
        pytest.param("20240509101530.1234567", "20240509101530.123456", id="long-fraction"),
        pytest.param("20240509101530+0200", "20240509081530.000000", id="offset-east"),
        pytest.param("202405090015-0530", "20240509054500.000000", id="offset-west"),
        pytest.param("20240101+0100", "20231231230000.000000", id="offset-over-the-new-year"),
        pytest.param("0999", "09990101000000.000000", id="year-before-1000"),
        pytest.param("2024-05", "20240501000000.000000", id="fhir-month"),
        pytest.param("2024-05-09", "20240509000000.000000", id="fhir-day"),
        pytest.param("2024-05-09T10:15:30Z", "20240509101530.000000", id="fhir-utc"),
        pytest.param("2024-05-09T10:15:30.25+02:00", "20240509081530.250000", id="fhir-offset"),
        pytest.param("2024-05-09T10:15", "20240509101500.000000", id="fhir-without-seconds"),
        pytest.param("2024-02-29", "20240229000000.000000", id="leap-day"),
    ],
)
def test_time_sorts(text: str, expected: str) -> None:
    """Missing parts count as the earliest moment; an offset is brought to UTC."""
    assert sortable(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", "today", "20245", "2024051", "20240509101", "202405091015301", "2024.5", "20240509.5"),
        *("20241301", "20240230", "20230229", "2024050925", "202405091060", "20240509101560", "00000101"),
        *("20240509+02", "20240509+9999", "20240509+0260", "20240509Z", " 20240509", "20240509\n"),
        *("2024-5-9", "2024-05-09T10", "2024-05-09 10:15:30", "2024-05-09T10:15:301", "2024-05-09T10:15:30+15:00"),
        *("2024-05-09Z", "00010101000000+0100", "99991231235959-0100", "\uff12\uff10\uff12\uff14", '""'),
    ],
)
def test_what_is_no_time_is_empty(text: str) -> None:
    """Nothing is invented and nothing is an error."""
    assert sortable(text) == ""


MOMENTS = st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31))  # noqa: DTZ001 - the zone is drawn apart
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


def as_hl7(moment: datetime) -> str:
    """Write a moment as an HL7 DTM."""
    return f"{moment.year:04}{moment:%m%d%H%M%S.%f%z}"


def as_fhir(moment: datetime) -> str:
    """Write a moment as a FHIR dateTime."""
    return moment.isoformat()


@given(
    one=st.builds(datetime.replace, MOMENTS, tzinfo=ZONES),
    other=st.builds(datetime.replace, MOMENTS, tzinfo=ZONES),
    write=st.tuples(st.sampled_from([as_hl7, as_fhir]), st.sampled_from([as_hl7, as_fhir])),
)
@settings(deadline=None)
def test_times_sort_as_moments_do(one: datetime, other: datetime, write: tuple[object, object]) -> None:
    """Whatever the form and the offset, the earlier moment sorts first, and equal moments are equal."""
    first, second = (sortable(form(moment)) for form, moment in zip(write, (one, other), strict=True))  # type: ignore[operator]

    assert (first < second, first == second) == (one < other, one == other)


@given(moment=MOMENTS)
def test_time_without_offset_is_the_senders_clock(moment: datetime) -> None:
    """It sorts as if its clock were UTC."""
    assert sortable(as_hl7(moment)) == sortable(as_fhir(moment.replace(tzinfo=UTC)))


@given(text=st.text(max_size=20) | st.text(alphabet="0123456789-+:.TZ", max_size=30))
@settings(max_examples=300, deadline=None)
def test_any_text_sorts(text: str) -> None:
    """Every text gives a form of one length, or nothing."""
    assert len(sortable(text)) in {0, len("20240101000000.000000")}
