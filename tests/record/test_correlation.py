"""An order number stands for what its source's rows say, each service request once."""

from __future__ import annotations

import pytest

from translator.record.correlation import Correlation, CorrelationHit, CorrelationRow

ONE = "11111111-0000-4000-8000-000000000001"
TWO = "22222222-0000-4000-8000-000000000002"
ROWS = (
    CorrelationRow("orders.csv:2", "A-1", ONE, source="north", key_type="placer", patient="P-1", panel="LIPID_PANEL"),
    CorrelationRow("orders.csv:3", "A-1", TWO, source="south"),
    CorrelationRow("orders.csv:4", "A-2", ONE),
    CorrelationRow("orders.csv:5", "A-2", ONE),
    CorrelationRow("orders.csv:6", "A-3", ONE),
    CorrelationRow("orders.csv:7", "A-3", TWO, expires="2024-05-01"),
)


@pytest.mark.parametrize(
    ("source", "key_type", "key", "expected"),
    [
        pytest.param("north", "placer", "A-1", [ONE], id="row-of-the-source"),
        pytest.param("south", "filler", "A-1", [TWO], id="row-of-any-type"),
        pytest.param("north", "filler", "A-1", [], id="row-of-another-type"),
        pytest.param("", "placer", "A-1", [], id="row-of-another-source"),
        pytest.param("west", "group", "A-2", [ONE], id="same-row-twice"),
        pytest.param("", "group", "A-3", [ONE, TWO], id="two-service-requests"),
        pytest.param("north", "placer", "A-", [], id="beginning-of-a-key"),
        pytest.param("north", "placer", "a-1", [], id="another-case"),
        pytest.param("north", "placer", "", [], id="no-key"),
    ],
)
def test_key_finds_the_rows_of_its_source(source: str, key_type: str, key: str, expected: list[str]) -> None:
    """The whole key, of the source that asks or of any, and of the type asked for or of any."""
    hits = Correlation(ROWS, source)(key_type, key)

    assert [hit.service_request_id for hit in hits] == expected


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        pytest.param("", [ONE, TWO], id="no-day"),
        pytest.param("2024-04-30", [ONE, TWO], id="before"),
        pytest.param("2024-05-01", [ONE, TWO], id="on-the-day"),
        pytest.param("2024-05-02", [ONE], id="after"),
    ],
)
def test_row_that_has_expired_is_no_hit(today: str, expected: list[str]) -> None:
    """A row counts up to its day; one without a day always."""
    hits = Correlation(ROWS, today=today)("placer", "A-3")

    assert [hit.service_request_id for hit in hits] == expected


def test_hit_says_whom_it_belongs_to() -> None:
    """Type, patient and panel are the row's own."""
    assert Correlation(ROWS, "north")("placer", "A-1") == (CorrelationHit(ONE, "placer", "P-1", "", "LIPID_PANEL"),)
    assert Correlation(ROWS)("filler", "A-2") == (CorrelationHit(ONE),)


def test_rows_of_one_service_request_that_differ_are_two_hits() -> None:
    """A table that contradicts itself is not decided here."""
    rows = (CorrelationRow("a:2", "K", ONE, patient="P-1"), CorrelationRow("a:3", "K", ONE, patient="P-2"))

    assert [hit.patient for hit in Correlation(rows)("placer", "K")] == ["P-1", "P-2"]
