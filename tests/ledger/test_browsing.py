"""A walk through the ledger by numbers, on both databases."""

from __future__ import annotations

import pytest

from tests.ledger.arrivals import LANES, POLICIES, arrival, report
from tests.ledger.conftest import Clock
from translator.errors import LedgerError
from translator.ledger import Ledger, Settlement
from translator.record.correlation import CorrelationRow
from translator.record.outcome import Entry


def test_balance_counts_what_came_in_and_what_is_there(ledger: Ledger) -> None:
    """Both come to the same, for an empty ledger, too."""
    empty = ledger.browsing().balance()
    held = Entry("OBX[9]", "held", reason="unmapped-code")
    ledger.accept([arrival(report({"HDL": "50", "LDL": "90"}), others=[held])], POLICIES)

    came_in, balance = ledger.browsing().balance()

    assert (empty[0], empty[1].entries) == (0, 0)
    assert (came_in, balance.entries, balance.by_state) == (3, 3, {"held": 1, "queued": 2})


def test_messages_are_listed_by_page(ledger: Ledger) -> None:
    """The newest first; the next page begins below the last one."""
    ledger.accept([arrival(report({"HDL": str(number)}, lane=LANES[number])) for number in range(5)], POLICIES)
    browsing = ledger.browsing()

    pages = [[row.message for row in browsing.messages(before=before, limit=2)] for before in (None, 4, 2, 1)]

    assert pages == [[5, 4], [3, 2], [1], []]
    assert [row.message for row in browsing.messages(state="queued", before=3)] == [2, 1]
    assert browsing.messages(state="held") == []


def test_lanes_that_wait_for_people_come_first(ledger: Ledger, clock: Clock) -> None:
    """What is undecided stands before what is only queued, then the oldest; what is delivered is not listed."""
    for number, outcome in enumerate(("accepted", "unknown", "refused")):
        clock.move(1)
        ledger.accept([arrival(report({"HDL": "50"}, lane=LANES[number]))], POLICIES)
        claim = ledger.claim("whoop")
        assert claim is not None
        ledger.settle(claim, Settlement(outcome, "x"))
    urgent = report({"HDL": "50"}, lane=LANES[4], status="corrected", each="corrected")
    for submission in (report({"HDL": "50"}, lane=LANES[3]), urgent):
        clock.move(1)
        ledger.accept([arrival(submission), arrival(submission)], POLICIES)

    rows = ledger.browsing().lanes()

    told = [(row.state, row.unknown, row.rejected, row.queued, row.is_urgent) for row in rows]
    assert told == [
        ("unknown", 1, 0, 0, False), ("rejected", 0, 1, 0, False), ("queued", 0, 0, 1, False),
        ("queued", 0, 0, 1, True),
    ]  # fmt: skip
    assert [row.since for row in rows] == sorted(row.since for row in rows)
    assert ledger.browsing().lanes(limit=1) == rows[:1]


def test_lane_shows_everything_that_was_ever_on_it(ledger: Ledger) -> None:
    """In order of positions, with the messages that speak of it."""
    ledger.accept([arrival(report({"HDL": "50"}))], POLICIES)
    claim = ledger.claim("whoop")
    assert claim is not None
    ledger.settle(claim, Settlement("accepted", "201"))
    ledger.accept([arrival(report({"HDL": "55"}, status="corrected", each="corrected"))], POLICIES)

    lane = ledger.browsing().lane(claim.lane_id)

    assert (lane.service_request_id, lane.destination, lane.messages) == (LANES[0], "whoop", (1, 2))
    assert [(step.position, step.state, step.answer) for step in lane.steps] == [
        (1, "delivered", "201"), (2, "queued", ""),
    ]  # fmt: skip
    assert ledger.browsing().lanes_of(2) == [claim.lane_id]


def test_lane_that_is_not_there_is_said(ledger: Ledger) -> None:
    """A number that leads nowhere is an error that names it."""
    with pytest.raises(LedgerError, match="no lane 7"):
        ledger.browsing().lane(7)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        pytest.param("M1", [2, 1], id="control-id"),
        pytest.param(LANES[1], [2], id="service-request"),
        pytest.param(LANES[1].upper(), [2], id="service-request-in-capitals"),
        pytest.param("A-77", [2], id="number-of-an-order"),
        pytest.param("m1", [], id="another-case"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_messages_are_found_by_the_numbers_of_others(ledger: Ledger, words: str, found: list[int]) -> None:
    """Exactly, since a part of a number is another number."""
    ledger.accept([arrival(report({"HDL": "1"}, lane=LANES[number])) for number in range(2)], POLICIES)
    ledger.correlate([CorrelationRow("orders.csv:2", "A-77", LANES[1])])

    assert ledger.browsing().find(words) == found
