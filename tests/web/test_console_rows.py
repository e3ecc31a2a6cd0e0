"""A table row is shown as its file has it."""

from __future__ import annotations

import pytest

from translator.mapping_files import packaged_tables
from translator.web.console_rows import TableRows, rows_of

TABLES = packaged_tables()


@pytest.mark.parametrize(
    "key",
    [pytest.param(("http://loinc.org", "2085-9"), id="hdl"), pytest.param(("http://loinc.org", "883-9"), id="abo")],
)
def test_row_of_a_place_is_the_one_that_decided(key: tuple[str, str]) -> None:
    """The place that a step names leads to the row with that code."""
    row = TABLES.observations[key]

    cells = dict(TableRows().cells(row.at))

    assert (cells["system"], cells["code"], cells["whoop_code"]) == (*key, row.whoop_code)


def test_row_of_a_site_is_found() -> None:
    """A place below sites/ leads into the site's own table."""
    cells = dict(TableRows("example").cells("sites/example/acurable/study-codes.csv:2"))

    assert "code" in cells


@pytest.mark.parametrize(
    "at",
    [
        pytest.param("", id="nothing"),
        pytest.param("whoop/observations.csv", id="no-line"),
        pytest.param("whoop/observations.csv:1", id="header"),
        pytest.param("whoop/observations.csv:999999", id="no-such-line"),
        pytest.param("whoop/nothing.csv:2", id="no-such-table"),
        pytest.param("acurable/order.toml:22", id="no-rows"),
        pytest.param("sites/gone/whoop/observations.csv:2", id="no-such-site"),
    ],
)
def test_place_of_no_row_has_no_cells(at: str) -> None:
    """What is not there any more is not shown, and breaks nothing; neither does a site that is gone."""
    assert rows_of("no-such-site").cells(at) == ()
