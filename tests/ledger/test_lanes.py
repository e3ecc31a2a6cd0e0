"""Which submission may be sent next, and what its end means for the lane."""

from __future__ import annotations

import pytest

from tests.ledger.arrivals import LANES, POLICIES, arrival, report
from tests.ledger.conftest import Clock
from translator.errors import LedgerError
from translator.ledger import Claim, Ledger, Settlement


def claimed(ledger: Ledger) -> Claim:
    """Claim what is due."""
    claim = ledger.claim("whoop")
    assert claim is not None
    return claim


def fill(ledger: Ledger, lane: str, *codes: str) -> None:
    """Queue one submission per code on a lane."""
    ledger.accept([arrival(report({code: "5"}, lane=lane)) for code in codes], POLICIES)


def test_lane_gives_out_one_submission_at_a_time(ledger: Ledger) -> None:
    """P3: while an attempt is open, its lane has nothing more to give."""
    fill(ledger, LANES[0], "HDL", "LDL")
    claimed(ledger)

    assert ledger.claim("whoop") is None


def test_lane_goes_on_in_order(ledger: Ledger) -> None:
    """P3: after an accepted attempt comes the next position."""
    fill(ledger, LANES[0], "HDL", "LDL")
    first = claimed(ledger)
    ledger.settle(first, Settlement("accepted", "201"))

    second = claimed(ledger)

    assert (b"HDL" in first.body, b"LDL" in second.body) == (True, True)


def test_lane_does_not_wait_for_another(ledger: Ledger) -> None:
    """P3: an open attempt on one lane leaves the other free."""
    fill(ledger, LANES[0], "HDL")
    fill(ledger, LANES[1], "HDL")

    assert {claimed(ledger).service_request_id, claimed(ledger).service_request_id} == set(LANES[:2])


@pytest.mark.parametrize(
    ("outcome", "state"),
    [pytest.param("refused", "rejected", id="refused"), pytest.param("unknown", "unknown", id="unknown")],
)
def test_lane_is_blocked_by_what_a_person_must_decide(ledger: Ledger, outcome: str, state: str) -> None:
    """P4: behind a rejected or unknown submission nothing is sent, and it is not sent again."""
    fill(ledger, LANES[0], "HDL", "LDL")

    ledger.settle(claimed(ledger), Settlement(outcome, "read-timeout"))

    assert ledger.claim("whoop") is None
    assert ledger.due_in("whoop") is None
    assert ledger.count("whoop") == {state: 1, "queued": 1}
    assert ledger.balance().by_state == {state: 1, "queued": 1}


def test_lane_that_is_blocked_stays_so_when_more_arrives(ledger: Ledger) -> None:
    """A new message does not wake a blocked lane."""
    fill(ledger, LANES[0], "HDL")
    ledger.settle(claimed(ledger), Settlement("unknown", "read-timeout"))

    fill(ledger, LANES[0], "LDL")

    assert ledger.claim("whoop") is None


def test_lane_waits_for_its_retry(ledger: Ledger, clock: Clock) -> None:
    """P4: a retry is due when its pause is over, not sooner, and keeps its key."""
    fill(ledger, LANES[0], "HDL")
    first = claimed(ledger)
    ledger.settle(first, Settlement("retry", "503", retry_in_s=10))
    assert ledger.claim("whoop") is None
    assert ledger.due_in("whoop") == 10
    clock.move(10)

    second = claimed(ledger)

    assert (second.attempts, second.previous) == (2, "retry")
    assert second.idempotency_key == first.idempotency_key


def test_lane_goes_on_after_the_clock_jumped_back(ledger: Ledger, clock: Clock) -> None:
    """The order comes from positions, so a wrong clock changes none of it."""
    fill(ledger, LANES[0], "HDL", "LDL")
    ledger.settle(claimed(ledger), Settlement("accepted", "201"))
    clock.move(3600)
    ledger.settle(claimed(ledger), Settlement("accepted", "201"))

    assert ledger.verify() == []


def test_recovery_makes_an_open_attempt_unknown(ledger: Ledger) -> None:
    """P4: what a dead process had under way may have been processed."""
    fill(ledger, LANES[0], "HDL")
    claim = claimed(ledger)

    assert len(ledger.recover("whoop")) == 1

    (submission,) = ledger.show(1).submissions
    assert (submission.state, submission.detail) == ("unknown", "killed")
    with pytest.raises(LedgerError, match="settled by somebody else"):
        ledger.settle(claim, Settlement("accepted", "201"))


def test_recovery_finds_nothing_after_a_clean_end(ledger: Ledger) -> None:
    """A settled attempt is not touched again."""
    fill(ledger, LANES[0], "HDL")
    ledger.settle(claimed(ledger), Settlement("accepted", "201"))

    assert ledger.recover("whoop") == []


def test_delivery_lock_has_one_holder(ledger: Ledger, place: str) -> None:
    """A second opener of the same ledger is told that somebody else delivers."""
    with Ledger.open(place) as other, ledger.delivery_lock() as first, other.delivery_lock() as second:
        assert (first, second) == (True, False)


def test_delivery_lock_is_free_again_afterwards(ledger: Ledger, place: str) -> None:
    """The lock goes with its block."""
    with ledger.delivery_lock():
        pass

    with Ledger.open(place) as other, other.delivery_lock() as held:
        assert held


def test_unfinished_counts_what_a_resend_repeats(ledger: Ledger) -> None:
    """A duplicate has no submission, but what it repeats is unknown, and another lane is none of its business."""
    message = arrival(report({"HDL": "5"}))
    ledger.accept([message], POLICIES)
    ledger.settle(claimed(ledger), Settlement("unknown", "read-timeout"))
    fill(ledger, LANES[1], "HDL")

    again = ledger.accept([message], POLICIES)

    assert (ledger.unfinished("whoop", again), ledger.unfinished("whoop"), ledger.unfinished("whoop", [])) == (1, 2, 0)
