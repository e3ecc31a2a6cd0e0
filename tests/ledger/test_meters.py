"""What a monitor counts, on both databases."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.ledger.arrivals import LANES, POLICIES, arrival, report
from tests.ledger.conftest import Clock
from translator.ledger import Ledger, Marks, Settlement, Waiting
from translator.ledger.meters import OVERTAKING_US
from translator.record.outcome import Entry

HELD = Entry("OBX[9]", "held", reason="unmapped-code")
LATER_S = OVERTAKING_US / 1_000_000 + 1


def deliver(ledger: Ledger, outcome: str, answer: str) -> None:
    """Make one attempt that ends so."""
    claim = ledger.claim("whoop")
    assert claim is not None
    ledger.settle(claim, Settlement(outcome, answer))


def test_what_came_since_is_counted_once(ledger: Ledger, clock: Clock) -> None:
    """A mark leaves what was before it, and the next one what was counted."""
    ledger.accept([arrival(report({"HDL": "50"}))], POLICIES)
    marks = ledger.meters().marks()
    ledger.accept([arrival(report({"LDL": "90"}, lane=LANES[1])), arrival(others=[HELD])], POLICIES)
    clock.move(LATER_S)

    passed = ledger.meters().since(marks)
    again = ledger.meters().since(passed.marks)

    assert passed.messages == {("", "translated"): 1, ("", "held"): 1}
    assert (again.messages, again.marks) == ({}, passed.marks)


def test_attempt_is_counted_when_it_has_ended(ledger: Ledger, clock: Clock) -> None:
    """One that was open at the last look is not lost, though newer ones were counted meanwhile."""
    ledger.accept([arrival(report({"HDL": "50"})), arrival(report({"LDL": "90"}, lane=LANES[1]))], POLICIES)
    first = ledger.claim("whoop")
    assert first is not None
    deliver(ledger, "unknown", "read-timeout")
    clock.move(LATER_S)

    passed = ledger.meters().since(Marks())
    clock.move(30)
    ledger.settle(first, Settlement("accepted", "201"))
    later = ledger.meters().since(passed.marks)

    assert (dict(passed.attempts), passed.delays, len(passed.marks.open)) == ({("whoop", "unknown"): 1}, [], 1)
    assert (dict(later.attempts), later.marks.open) == ({("whoop", "accepted"): 1}, ())
    assert later.delays == [("whoop", LATER_S + 30)]


def test_what_waits_is_counted_by_destination_and_state(ledger: Ledger, clock: Clock) -> None:
    """With the time of the oldest; what is delivered waits no more."""
    ledger.accept([arrival(report({"HDL": "50"}))], POLICIES)
    deliver(ledger, "accepted", "201")
    clock.move(10)
    since = round(clock() * 1_000_000)
    ledger.accept(
        [arrival(report({"HDL": "51"}, lane=LANES[1])), arrival(report({"HDL": "52"}, lane=LANES[2]))], POLICIES
    )
    clock.move(10)
    ledger.accept([arrival(report({"HDL": "53"}, lane=LANES[3]))], POLICIES)
    deliver(ledger, "refused", "422")

    found = sorted(ledger.meters().waiting(), key=lambda one: one.state)

    assert found == [Waiting("whoop", "queued", 2, since), Waiting("whoop", "rejected", 1, since)]


def test_tally_counts_everything(ledger: Ledger) -> None:
    """Entries by state and reason; what is held by cause, whole messages too; nothing is missing."""
    other = arrival(others=[HELD, Entry("OBX[10]", "ignored", reason="no-result")])
    ledger.accept([arrival(report({"HDL": "50", "LDL": "90"})), other], POLICIES)

    tally, held = ledger.meters().tally(), ledger.meters().held()

    assert tally.entries == {("queued", ""): 2, ("held", "unmapped-code"): 1, ("ignored", "no-result"): 1}
    assert (tally.imbalance, held) == (0, {"unmapped-code": 1})


@pytest.mark.parametrize(
    ("statement", "imbalance"),
    [
        pytest.param("DELETE FROM entry WHERE reason = 'unmapped-code'", 1, id="an-entry-is-gone"),
        pytest.param("UPDATE message SET entry_count = entry_count + 2", 4, id="more-came-in-than-is-there"),
    ],
)
def test_imbalance_is_seen(ledger: Ledger, tamper: Callable[[str], None], statement: str, imbalance: int) -> None:
    """What is missing in one message is not made good by what is too much in another."""
    ledger.accept([arrival(report({"HDL": "50"})), arrival(others=[HELD])], POLICIES)

    tamper(statement)

    assert ledger.meters().tally().imbalance == imbalance
