"""A vendor that does not work is left alone, then tried with one call."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ledger.conftest import Clock
from translator.transmit.circuit import FAILURES, LONGEST_S, Circuit, is_failure
from translator.transmit.responses import NO_ANSWERS


def opened(clock: Clock) -> Circuit:
    """Make a circuit that has just opened."""
    circuit = Circuit(clock, lambda: 0.0)
    for _ in range(FAILURES):
        circuit.failed()
    return circuit


def test_circuit_stays_closed_while_something_succeeds(clock: Clock) -> None:
    """Failures count in a row only."""
    circuit = Circuit(clock, lambda: 0.0)
    for _ in range(10):
        for _ in range(FAILURES - 1):
            circuit.failed()
        circuit.succeeded()

    assert (circuit.state, circuit.admit()) == ("closed", True)


def test_circuit_opens_after_failures_in_a_row(clock: Clock) -> None:
    """Open: nobody is admitted, and it says for how long."""
    circuit = opened(clock)

    assert (circuit.state, circuit.admit(), circuit.wait_s) == ("open", False, 0.5)


def test_circuit_tries_with_one_call(clock: Clock) -> None:
    """Half-open: the first is admitted, the second is not."""
    circuit = opened(clock)
    clock.move(1)

    assert (circuit.state, circuit.admit(), circuit.admit()) == ("half-open", True, False)


def test_circuit_closes_when_the_try_succeeds(clock: Clock) -> None:
    """One success is enough."""
    circuit = opened(clock)
    clock.move(1)
    circuit.admit()
    circuit.succeeded()

    assert (circuit.state, circuit.admit(), circuit.admit()) == ("closed", True, True)


def test_circuit_opens_for_longer_when_the_try_fails(clock: Clock) -> None:
    """Each vain try doubles the time, up to a bound."""
    circuit = opened(clock)
    waits = []
    for _ in range(10):
        clock.move(circuit.wait_s)
        circuit.admit()
        circuit.failed()
        waits.append(circuit.wait_s)

    assert waits[:3] == [1, 2, 4]
    assert max(waits) == LONGEST_S / 2


def test_circuit_lets_another_try_when_one_made_no_call(clock: Clock) -> None:
    """Who was admitted and found nothing to send frees the place."""
    circuit = opened(clock)
    clock.move(1)
    circuit.admit()
    circuit.gave_up()

    assert circuit.admit()


def test_circuit_that_is_open_hears_nothing_new_from_late_failures(clock: Clock) -> None:
    """Calls that were under way when it opened do not open it for longer."""
    circuit = opened(clock)
    circuit.failed()

    assert circuit.wait_s == 0.5


def test_circuit_in_doubt_lets_one_call_try(clock: Clock) -> None:
    """A vendor that refused us last time is asked once before many are."""
    circuit = Circuit(clock, lambda: 0.0)
    circuit.doubt()

    assert (circuit.state, circuit.admit(), circuit.admit()) == ("half-open", True, False)


@given(st.lists(st.sampled_from(["admit", "succeeded", "failed", "gave_up", "wait"]), max_size=60), st.floats(0, 0.99))
def test_circuit_never_waits_for_ever(steps: list[str], draw: float) -> None:
    """Whatever happened, after the longest time somebody is admitted or is trying."""
    clock = Clock()
    circuit = Circuit(clock, lambda: draw)
    for step in steps:
        clock.move(1) if step == "wait" else getattr(circuit, step)()

    clock.move(LONGEST_S)

    assert circuit.is_trying or circuit.admit()


@pytest.mark.parametrize("answer", [*NO_ANSWERS, "500", "502", "503", "504"])
def test_failure_is_what_says_that_the_vendor_does_not_work(answer: str) -> None:
    """No answer, or an answer of a broken server."""
    assert is_failure(answer)


@pytest.mark.parametrize("answer", ["201", "204", "400", "401", "403", "404", "409", "422", "429"])
def test_answer_about_one_request_is_no_failure(answer: str) -> None:
    """A vendor that refuses a request works."""
    assert not is_failure(answer)
