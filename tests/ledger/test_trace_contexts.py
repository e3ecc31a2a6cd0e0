"""A message keeps its trace in the ledger, and an attempt that is asked for it gets it, on both databases."""

from __future__ import annotations

import pytest
from msgspec import structs
from sqlalchemy import select

from tests.ledger.arrivals import LANES, POLICIES, arrival, report
from tests.ledger.conftest import Clock
from translator.ledger import Arrival, Claim, EventArrival, Ledger, Settlement, Step, TracedClaim
from translator.ledger.trace_contexts import trace_context

FIRST, SECOND = (f"00-{number:032x}-{number:016x}-01" for number in (1, 2))


def traced(context: str, lane: int = 0) -> Arrival:
    """Make a message that belongs to a trace; each lane has a patient of its own."""
    sent = report({"HDL": "55"}, lane=LANES[lane], patient=(f"P{lane}", ""))
    return structs.replace(arrival(sent), traceparent=context)


def step_on(ledger: Ledger, *steps: Step) -> list[object]:
    """Take lanes one step on; gives the trace of each attempt, or what there is instead."""
    return [
        (one.traceparent, one.waits_since) if isinstance(one, TracedClaim) else one for one in ledger.advance(steps)
    ]


def test_context_is_kept_with_its_message(ledger: Ledger) -> None:
    """Each message has its own, and one that nobody traces has none."""
    numbers = ledger.accept([traced(FIRST), traced("", 1), traced(SECOND, 2)], POLICIES)

    assert ledger.trace_contexts(numbers) == {numbers[0]: FIRST, numbers[2]: SECOND}


def test_ledger_that_nobody_traces_keeps_nothing(ledger: Ledger) -> None:
    """There is no row for a message without a trace."""
    ledger.accept([traced("", lane) for lane in range(3)], POLICIES)

    with ledger._database.read() as connection:
        assert connection.execute(select(trace_context)).all() == []


def test_attempt_is_told_of_its_trace_and_of_its_wait(ledger: Ledger, clock: Clock) -> None:
    """A first attempt waits since the message came in, whoever opens it."""
    came_in = round(clock() * 1_000_000)
    ledger.accept([traced(FIRST), traced("", 1)], POLICIES)
    clock.move(3600)

    of_first, of_other = ledger.advance([Step(1, traced=True), Step(2, traced=True)])

    assert isinstance(of_first, TracedClaim)
    assert (of_first.traceparent, of_first.waits_since) == (FIRST, came_in)
    assert type(of_other) is Claim


def test_attempt_that_comes_again_waits_since_the_last_one(ledger: Ledger, clock: Clock) -> None:
    """What it waited before that, the attempt before has told."""
    ledger.accept([traced(FIRST)], POLICIES)
    (claim,) = ledger.advance([Step(1, traced=True)])
    assert isinstance(claim, TracedClaim)
    clock.move(5)
    ended = round(clock() * 1_000_000)
    ledger.advance([Step(1, claim, Settlement("retry", "503", 10), goes_on=False)])
    clock.move(60)

    assert step_on(ledger, Step(1, traced=True)) == [(FIRST, ended)]


def test_attempt_that_is_not_asked_for_its_trace_has_none(ledger: Ledger) -> None:
    """Who does not trace, asks the ledger nothing more."""
    ledger.accept([traced(FIRST)], POLICIES)

    (claim,) = ledger.advance([Step(1)])

    assert type(claim) is Claim


def test_lane_without_anything_to_send_has_no_trace(ledger: Ledger) -> None:
    """There is nothing to be told of."""
    ledger.accept([traced(FIRST)], POLICIES)
    ledger.advance([Step(1)])

    assert step_on(ledger, Step(1, traced=True)) == [None]


def test_event_keeps_its_trace(ledger: Ledger) -> None:
    """What follows from a webhook goes on with what it began; the second time changes nothing."""
    told = EventArrival("whoop", "lab_requisition.created", LANES[0], b"{}", traceparent=FIRST)
    ledger.events().keep(told)
    ledger.events().keep(structs.replace(told, traceparent=SECOND))
    (event,) = ledger.events().rows()

    assert ledger.trace_contexts([event.message]) == {event.message: FIRST}


@pytest.mark.parametrize("deed", [pytest.param("prune", id="pruned"), pytest.param("erase", id="erased")])
def test_context_goes_with_its_message(ledger: Ledger, clock: Clock, deed: str) -> None:
    """A caller's own trace names its caller; what still waits keeps its trace."""
    numbers = ledger.accept([traced(FIRST), traced(SECOND, 1)], POLICIES)
    (claim,) = ledger.advance([Step(1, traced=True)])
    assert isinstance(claim, Claim)
    ledger.settle(claim, Settlement("accepted", "201"))
    clock.move(3600)

    if deed == "prune":
        ledger.storage().prune(60, lambda *_: None)
    else:
        ledger.storage().erase("P0")

    assert ledger.trace_contexts(numbers) == {numbers[1]: SECOND}
