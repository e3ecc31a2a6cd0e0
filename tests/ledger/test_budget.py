"""The rate that a destination grants is never passed, whoever asks and whatever the clock does."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ledger.arrivals import LANES, POLICIES, arrival, report
from tests.ledger.conftest import Clock
from translator.ledger import Claim, Later, Ledger, RateBudget, RateUse, Settlement, Step

TEN_A_MINUTE = RateBudget(per_minute=10)


def ask(ledger: Ledger, budget: RateBudget, lane: int) -> Claim | Later | None:
    """Ask for the next submission of a lane."""
    (result,) = ledger.advance([Step(lane, budget=budget)])
    assert not isinstance(result, Exception)
    return result


def fill(ledger: Ledger, count: int, status: str = "final") -> None:
    """Queue one submission on each of some new lanes."""
    known = len(ledger.messages())
    lanes = [f"{LANES[0][:-4]}{number:04}" for number in range(known, known + count)]
    ledger.accept([arrival(report({"HDL": "5"}, lane=lane, status=status)) for lane in lanes], POLICIES)


def test_budget_keeps_a_tenth_for_urgent_submissions(ledger: Ledger) -> None:
    """Nine ordinary calls a minute of ten; the tenth is for a correction."""
    fill(ledger, 10)
    fill(ledger, 2, status="corrected")
    results = [ask(ledger, TEN_A_MINUTE, lane) for lane in range(1, 13)]

    assert [type(one) for one in results] == [Claim] * 9 + [Later, Claim, Later]
    assert [one.urgent for one in results if isinstance(one, Later)] == [False, True]


def test_budget_says_when_there_is_room_again(ledger: Ledger, clock: Clock) -> None:
    """Who comes back at the time that was named gets in."""
    fill(ledger, 10)
    results = [ask(ledger, TEN_A_MINUTE, lane) for lane in range(1, 11)]
    later = results[-1]
    assert isinstance(later, Later)

    clock.seconds = later.at / 1_000_000

    assert 60 <= later.at / 1_000_000 - 1_800_000_000 <= 61
    assert isinstance(ask(ledger, TEN_A_MINUTE, 10), Claim)


def test_budget_that_is_spent_opens_no_attempt(ledger: Ledger) -> None:
    """Nothing looks as if it had been sent, and the lane keeps its place."""
    fill(ledger, 2)
    ask(ledger, RateBudget(per_minute=1), 1)
    ask(ledger, RateBudget(per_minute=1), 2)

    assert ledger.show(2).submissions[0].attempts == ()
    assert ledger.due_lanes("whoop", 5) == [2]
    assert ledger.verify() == []


def test_budget_of_a_day_holds_where_that_of_a_minute_has_room(ledger: Ledger, clock: Clock) -> None:
    """Both windows count."""
    fill(ledger, 3)
    budget = RateBudget(per_minute=10, per_day=2)
    first = ask(ledger, budget, 1)
    clock.move(3600)
    second, third = ask(ledger, budget, 2), ask(ledger, budget, 3)

    assert [type(one) for one in (first, second, third)] == [Claim, Claim, Later]
    assert isinstance(third, Later)
    assert third.at / 1_000_000 - clock.seconds == pytest.approx(82_800, abs=1440)


def test_budget_counts_calls_for_tokens_too(ledger: Ledger) -> None:
    """A token costs a call, and a look tells how many there were."""
    fill(ledger, 1)
    ledger.destinations().count_call("whoop", RateBudget(2, 100))
    ask(ledger, RateBudget(2, 100), 1)

    assert ledger.destinations().rate_use("whoop") == [RateUse(60, 2), RateUse(86_400, 2)]


def test_budget_without_limits_writes_nothing(ledger: Ledger) -> None:
    """The sandbox's rate is nobody's business; who asks is told of the attempts, and not that there were none."""
    fill(ledger, 1)
    ask(ledger, RateBudget(), 1)

    with ledger._database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM rate_use").scalar_one() == 0
    assert ledger.destinations().rate_use("whoop") == [RateUse(60, 1), RateUse(86_400, 1)]


def test_budget_survives_a_clock_that_is_set_back(ledger: Ledger, clock: Clock) -> None:
    """What was counted in the future counts as of now: the limit holds, and nobody waits for an hour."""
    fill(ledger, 12)
    for lane in range(1, 10):
        ask(ledger, TEN_A_MINUTE, lane)
    clock.move(-3600)
    # The lanes became due at a time that is now ahead.
    ledger.wake_all("whoop")
    refused = ask(ledger, TEN_A_MINUTE, 10)
    clock.move(62)

    assert isinstance(refused, Later)
    assert refused.at / 1_000_000 - (clock.seconds - 62) <= 62
    assert isinstance(ask(ledger, TEN_A_MINUTE, 10), Claim)


@settings(max_examples=20, deadline=None)
@given(waits=st.lists(st.floats(0, 40), min_size=1, max_size=60), limit=st.integers(1, 9))
def test_budget_is_never_passed_in_any_minute(
    waits: list[float], limit: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whenever they come, no span of sixty seconds has more than the limit."""
    clock = Clock()
    times: list[float] = []
    with Ledger.open(tmp_path_factory.mktemp("rate") / "lab.db", clock=clock) as ledger:
        fill(ledger, 1, status="corrected")
        for wait_s in waits:
            clock.move(wait_s)
            claim = ask(ledger, RateBudget(per_minute=limit), 1)
            if isinstance(claim, Claim):
                times.append(clock.seconds)
                ledger.settle(claim, Settlement("retry", "503"))

    assert times
    for moment in times:
        assert sum(moment - 60 < other <= moment for other in times) <= limit
