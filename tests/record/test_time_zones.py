"""Times without an offset, where the sender's clocks stand."""

from __future__ import annotations

import pytest

from translator.record.time_zones import is_time_zone, moment


@pytest.mark.parametrize(
    ("text", "expected", "is_ambiguous"),
    [
        pytest.param("20260301101000", "20260301091000.000000", False, id="winter"),
        pytest.param("20260701101000", "20260701081000.000000", False, id="summer"),
        pytest.param("20260701101000+0000", "20260701101000.000000", False, id="offset-wins"),
        pytest.param("20261025013000", "20261024233000.000000", False, id="before-the-repeated-hour"),
        pytest.param("20261025023000", "20261025003000.000000", True, id="repeated-hour"),
        pytest.param("2026-10-25T02:30:00", "20261025003000.000000", True, id="repeated-hour-fhir"),
        pytest.param("20261025023000+0100", "20261025013000.000000", False, id="repeated-hour-with-offset"),
        pytest.param("20261025033000", "20261025023000.000000", False, id="after-the-repeated-hour"),
        pytest.param("20260329023000", "20260329013000.000000", False, id="hour-that-never-was"),
        pytest.param("20261025", "20261024220000.000000", False, id="day-without-an-hour"),
        pytest.param("0001", "", False, id="before-all-time"),
        pytest.param("nonsense", "", False, id="no-time"),
    ],
)
def test_time_without_an_offset_is_read_in_its_zone(text: str, expected: str, is_ambiguous: bool) -> None:  # noqa: FBT001 - a case
    """The sender's clocks stand somewhere; an hour that they show twice is said to be ambiguous."""
    assert moment(text, "Europe/Berlin") == (expected, is_ambiguous)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("Europe/Berlin", True, id="zone"),
        pytest.param("UTC", True, id="utc"),
        pytest.param("Europe/Atlantis", False, id="no-such-zone"),
        pytest.param("", False, id="empty"),
        pytest.param("../etc/passwd", False, id="path"),
        pytest.param("Europe", False, id="folder"),
    ],
)
def test_time_zone_has_a_name_of_the_database(name: str, expected: bool) -> None:  # noqa: FBT001 - a case
    """Only names of the IANA database are zones."""
    assert is_time_zone(name) is expected
