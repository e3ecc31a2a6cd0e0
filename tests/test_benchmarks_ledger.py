"""The ledger stays within its limit of time for taking messages in."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from benchmarks.ledger import arrivals, fill, measure
from tests.ledger.keys import secret_key
from translator.ledger import Ledger


def test_measured_messages_are_on_lanes_of_their_own() -> None:
    """Each is accepted whole, so that the rate is that of new results and not of re-sends."""
    lanes = [one.service_request_id for each in itertools.islice(arrivals(), 50) for one in each.outcome.submissions]

    assert len(set(lanes)) == len(lanes)


def test_measured_ledger_is_sound(tmp_path: Path) -> None:
    """What was filled and measured balances."""
    with Ledger.open(tmp_path / "lab.db") as ledger:
        source = arrivals()
        fill(ledger, source, 500)
        rates = measure(ledger, source, messages=64)

        assert (rates.entries >= 500, rates.accepted > 0, rates.settled > 0) == (True, True, True)
        assert ledger.verify() == []


@pytest.mark.bench
@pytest.mark.parametrize("sealed", [pytest.param(False, id="open"), pytest.param(True, id="sealed")])
def test_messages_are_taken_in_fast_enough(tmp_path: Path, sealed: bool) -> None:  # noqa: FBT001 - a table of cases
    """At least 1,500 standard messages a second in batches of 64, each batch on disk; the best of three."""
    with Ledger.open(tmp_path / "lab.db", key=secret_key() if sealed else None) as ledger:
        source = arrivals()

        assert max(measure(ledger, source).accepted for _ in range(3)) >= 1_500
