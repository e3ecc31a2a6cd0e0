"""The figures of the first page: counted anew each time while that is cheap, and kept while it is not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.ledger.arrivals import POLICIES, arrival, report
from translator.ledger import Ledger
from translator.web.console_overview import Figures


@pytest.mark.parametrize(
    ("cost", "waits", "counted"),
    [
        pytest.param(0.01, 0.0, 1, id="cheap-is-counted-anew"),
        pytest.param(2.0, 30.0, 0, id="costly-is-kept"),
        pytest.param(2.0, 45.0, 1, id="and-not-for-ever"),
    ],
)
def test_balance_is_counted_no_more_often_than_is_cheap(
    ledger: Ledger, cost: float, waits: float, counted: int
) -> None:
    """What took two seconds to count is kept for forty, whoever asks."""

    def ticks() -> Iterator[float]:
        # Before and after each count; a look that counts nothing asks once.
        now = 1000.0
        yield now
        now += cost
        yield now
        now += waits
        while True:
            yield now
            now += cost

    moments, before = ticks(), ledger.browsing().balance()[0]
    figures = Figures(ledger, lambda: next(moments))
    figures.balance()
    ledger.accept([arrival(report({"HDL": "50"}))], POLICIES)

    _, came_in, balance = figures.balance()

    assert (came_in - before, balance.entries - before) == (counted, counted)
