"""The source of what is sent carries the sender's own time."""

from __future__ import annotations

import pytest

from translator.record.report import Report
from translator.translate.source import ordered_at


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        pytest.param(("20260301101000", "20260301120000"), "20260301101000.000000", id="best-first"),
        pytest.param(("", "20260301120000"), "20260301120000.000000", id="first-is-not-sent"),
        pytest.param(("soon", "20260301120000"), "20260301120000.000000", id="first-is-no-time"),
        pytest.param(("", "soon"), "", id="none-is-a-time"),
        pytest.param((), "", id="none-sent"),
    ],
)
def test_first_time_that_is_one_orders_a_report(times: tuple[str, ...], expected: str) -> None:
    """A time that cannot be read is never guessed at."""
    assert ordered_at(Report("OBR[1]", times=times)) == expected
