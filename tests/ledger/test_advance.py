"""Several lanes go on in one commit, and none pays for the trouble of another."""

from __future__ import annotations

import pytest
from msgspec import structs

from tests.ledger.arrivals import LANES, POLICIES, arrival, report
from tests.ledger.conftest import Clock
from translator.errors import TakenOverError
from translator.ledger import Advanced, Claim, Ledger, Settlement, Step
from translator.record.outcome import Submission

ACCEPTED = Settlement("accepted", "201")


@pytest.fixture
def filled(ledger: Ledger) -> Ledger:
    """Queue two submissions on each of three lanes."""
    ledger.accept([arrival(report({code: "5"}, lane=lane)) for lane in LANES[:3] for code in ("HDL", "LDL")], POLICIES)
    return ledger


def claims(results: list[Advanced]) -> list[Claim]:
    """Take the claims out of some results."""
    return [one for one in results if isinstance(one, Claim)]


def test_advance_opens_every_lane_that_is_due(filled: Ledger) -> None:
    """One attempt per lane, of its first submission."""
    opened = claims(filled.advance([Step(lane) for lane in filled.due_lanes("whoop", 10)]))

    assert [b"HDL" in claim.body for claim in opened] == [True] * 3


def test_advance_settles_and_goes_on(filled: Ledger) -> None:
    """The outcome is in the ledger, and the lane's next submission is open."""
    (first,) = claims(filled.advance([Step(1)]))
    (second,) = claims(filled.advance([Step(1, first, ACCEPTED)]))

    assert b"LDL" in second.body
    assert filled.count("whoop") == {"delivered": 1, "queued": 5}


def test_advance_may_only_settle(filled: Ledger) -> None:
    """At the end of its turn a lane becomes due again."""
    (first,) = claims(filled.advance([Step(1)]))

    assert filled.advance([Step(1, first, ACCEPTED, goes_on=False)]) == [None]
    assert 1 in filled.due_lanes("whoop", 10)


def test_advance_goes_on_with_another_lane_where_its_own_has_nothing_more(filled: Ledger) -> None:
    """The outcome on one lane and the attempt on the next share a commit; a lane that has more goes on itself."""
    (first,) = claims(filled.advance([Step(1)]))
    (second,) = claims(filled.advance([Step(1, first, ACCEPTED, then=2)]))
    (third,) = claims(filled.advance([Step(1, second, ACCEPTED, then=2)]))

    assert [claim.lane_id for claim in (first, second, third)] == [1, 1, 2]
    assert filled.advance([Step(2, third, ACCEPTED, goes_on=False, then=1)]) == [None]
    assert filled.count("whoop") == {"delivered": 3, "queued": 3}


def test_advance_opens_a_lane_that_two_name_once(filled: Ledger) -> None:
    """Who named it first has it."""
    results = filled.advance([Step(99, then=2), Step(98, then=2), Step(2, then=3)])

    assert [one.lane_id if isinstance(one, Claim) else one for one in results] == [2, None, 3]


def test_advance_gives_nothing_for_a_lane_at_work(filled: Ledger) -> None:
    """A job that runs twice finds an attempt open, and leaves."""
    results = filled.advance([Step(1), Step(1)])

    assert [type(one) for one in results] == [Claim, type(None)]


def test_advance_of_a_lane_that_is_not_there_gives_nothing(filled: Ledger) -> None:
    """A job may come late."""
    assert filled.advance([Step(99)]) == [None]


def test_advance_keeps_the_others_where_one_step_fails(filled: Ledger) -> None:
    """An attempt that somebody else settled is an error of its own step only."""
    opened = claims(filled.advance([Step(1), Step(2), Step(3)]))
    filled.recover("whoop")
    again = claims(filled.advance([Step(1)]))
    results = filled.advance([Step(claim.lane_id, claim, ACCEPTED) for claim in opened])

    assert (again, [type(one) for one in results]) == ([], [TakenOverError] * 3)
    assert filled.count("whoop") == {"unknown": 3, "queued": 3}


def test_advance_keeps_an_outcome_where_only_its_neighbour_fails(filled: Ledger) -> None:
    """What was delivered is on record, whatever became of the step beside it."""
    good, bad = claims(filled.advance([Step(1), Step(2)]))
    filled.settle(bad, Settlement("unknown", "read-timeout"))
    results = filled.advance([Step(1, good, ACCEPTED), Step(2, bad, ACCEPTED)])

    assert [type(one) for one in results] == [Claim, TakenOverError]
    assert filled.count("whoop") == {"delivered": 1, "unknown": 1, "queued": 4}


def test_urgent_lane_comes_first(ledger: Ledger, clock: Clock) -> None:
    """A correction overtakes the lanes that have waited for longer."""
    for lane in LANES[:3]:
        ledger.accept([arrival(report({"HDL": "5"}, lane=lane))], POLICIES)
        clock.move(1)
    ledger.accept([arrival(report({"HDL": "5"}, lane=LANES[3], status="corrected"))], POLICIES)

    assert ledger.due_lanes("whoop", 10) == [4, 1, 2, 3]
    assert ledger.due_lanes("whoop", 10, lowest=1) == [4]
    assert ledger.due_lanes("whoop", 2, besides=[4]) == [1, 2]


@pytest.mark.parametrize(
    ("codes", "first"),
    [
        pytest.param({"LDL"}, LANES[2], id="new-critical-result"),
        pytest.param({"HDL"}, LANES[0], id="critical-result-that-was-sent-before"),
        pytest.param(set(), LANES[0], id="nothing-critical"),
    ],
)
def test_critical_result_comes_first(ledger: Ledger, clock: Clock, codes: set[str], first: str) -> None:
    """What the laboratory marks as critical overtakes other lanes; what the vendor has of it already does not."""
    ledger.accept([arrival(report({"HDL": "55"}, lane=LANES[2]))], POLICIES)
    (claim,) = claims(ledger.advance([Step(1)]))
    ledger.settle(claim, ACCEPTED)
    ledger.accept([arrival(report({"HDL": "55"}, lane=LANES[0]))], POLICIES)
    clock.move(1)

    ledger.accept([arrival(critical(report({"HDL": "55", "LDL": "300"}, lane=LANES[2]), codes))], POLICIES)

    next_one = ledger.claim("whoop")
    assert next_one is not None
    assert next_one.service_request_id == first


def critical(submission: Submission, codes: set[str]) -> Submission:
    """Mark the results of some codes as critical."""
    sources = [structs.replace(source, critical=source.code in codes) for source in submission.sources]
    return structs.replace(submission, sources=tuple(sources))


def test_urgent_submission_pulls_its_lane_forward(ledger: Ledger) -> None:
    """What is before it in its lane goes first, and at once; then the lane is ordinary again."""
    ledger.accept([arrival(report({"HDL": "5"}, lane=lane)) for lane in LANES[:2]], POLICIES)
    ledger.accept([arrival(report({"LDL": "5"}, lane=LANES[1], status="corrected", at="20260102080000"))], POLICIES)
    order = []
    for _ in range(2):
        claim = ledger.claim("whoop")
        assert claim is not None
        order.append(claim.lane_id)
        ledger.settle(claim, ACCEPTED)
    ledger.accept([arrival(report({"TSH": "5"}, lane=LANES[1], at="20260103080000"))], POLICIES)

    assert (order, ledger.due_lanes("whoop", 10, lowest=1)) == ([2, 2], [])


def test_unknown_goes_again_where_the_destination_allows_it(filled: Ledger, clock: Clock) -> None:
    """`on_unknown = "resend"`: the attempt is on record as unknown, and its submission is queued."""
    (claim,) = claims(filled.advance([Step(1)]))
    filled.settle(claim, Settlement("unknown", "read-timeout", retry_in_s=5, resends=True))
    clock.move(5)
    (again,) = claims(filled.advance([Step(1)]))

    assert (again.submission_id, again.previous, again.attempts) == (claim.submission_id, "unknown", 2)
    assert filled.verify() == []


def test_killed_attempt_goes_again_where_the_destination_allows_it(filled: Ledger) -> None:
    """The same for a process that died."""
    filled.advance([Step(1)])

    assert len(filled.recover("whoop", resends=True)) == 1
    assert 1 in filled.due_lanes("whoop", 10)
    assert filled.verify() == []


def test_clock_set_back_stalls_no_lane(filled: Ledger, clock: Clock) -> None:
    """A retry that was due in ten seconds is not due in an hour when the clock goes back by one."""
    (claim,) = claims(filled.advance([Step(1)]))
    filled.settle(claim, Settlement("retry", "503", retry_in_s=10))
    clock.move(-3600)
    before = filled.due_lanes("whoop", 10)
    filled.recover("whoop")

    assert (before, sorted(filled.due_lanes("whoop", 10))) == ([], [1, 2, 3])


def test_clock_set_back_before_anything_was_sent_stalls_no_lane(ledger: Ledger, clock: Clock) -> None:
    """Messages that came in before count for the clock, too."""
    ledger.accept([arrival(report({"HDL": "5"}))], POLICIES)
    clock.move(-3600)
    ledger.recover("whoop")

    assert ledger.due_lanes("whoop", 10) == [1]
