"""What closes the gate to a destination, and what opens it again."""

from __future__ import annotations

import pytest

from tests.ledger.conftest import Clock
from translator.transmit.circuit import FAILURES
from translator.transmit.gate import Gate


@pytest.fixture
def gate(clock: Clock) -> Gate:
    """Make an open gate."""
    return Gate(clock, lambda: 0.0)


def test_gate_is_open_at_first(gate: Gate) -> None:
    """Nothing is known against the vendor."""
    assert (gate.is_open, gate.admit(), gate.lowest, gate.wait_s) == (True, True, 0, 0)


def test_gate_says_what_keeps_submissions_back(gate: Gate) -> None:
    """The last answer, or the rate; nothing once the vendor takes something."""
    told = [gate.hindrance]
    for answer in ("connect-error", "429", "201"):
        gate.heard(answer)
        told.append(gate.hindrance)
    gate.spent(10, urgent=False)

    assert [*told, gate.hindrance] == ["", "last answer: connect-error", "last answer: 429", "", "the rate is used up"]


def test_gate_is_shut_as_long_as_the_vendor_asks(gate: Gate, clock: Clock) -> None:
    """A shorter wish does not shorten a longer one."""
    gate.shut(10)
    gate.shut(3)
    clock.move(9)
    before = gate.admit()
    clock.move(1)

    assert (before, gate.admit()) == (False, True)


def test_gate_is_never_shut_for_more_than_a_day(gate: Gate) -> None:
    """An absurd wish does not stop delivery for ever."""
    gate.shut(1e12)

    assert gate.wait_s == 86_400


def test_gate_lets_urgent_ones_use_the_reserve(gate: Gate, clock: Clock) -> None:
    """Rate that is used up for ordinary submissions leaves a rest for urgent ones."""
    gate.spent(30, urgent=False)

    assert (gate.is_open, gate.lowest, gate.room_in_s) == (True, 1, 30)
    clock.move(30)
    assert gate.lowest == 0


def test_gate_is_shut_when_even_the_reserve_is_spent(gate: Gate) -> None:
    """Then nobody may call."""
    gate.spent(30, urgent=True)

    assert (gate.is_open, gate.wait_s) == (False, 30)


def test_gate_is_shut_while_it_is_paused(gate: Gate) -> None:
    """Only a person helps, or the next process."""
    gate.paused = "the vendor refuses our access: answer 403"
    before = gate.admit()
    gate.reopen()

    assert (before, gate.admit()) == (False, True)


def test_gate_is_shut_by_its_circuit(gate: Gate, clock: Clock) -> None:
    """A vendor that does not work is tried with one call."""
    for _ in range(FAILURES):
        gate.heard("connect-error")
    shut = gate.is_open
    clock.move(1)

    assert (shut, gate.circuit, gate.admit(), gate.admit(), gate.is_trying) == (False, "half-open", True, False, True)


def test_gate_that_is_resumed_forgets_what_was_wrong(gate: Gate) -> None:
    """A person who resumes wants a call now."""
    gate.shut(1000)
    for _ in range(FAILURES):
        gate.heard("503")
    gate.reopen()

    assert gate.admit()


def test_gate_does_not_take_a_refusal_for_a_proof(gate: Gate) -> None:
    """In doubt, one call at a time until something is really taken."""
    gate.doubt()
    gate.admit()
    gate.heard("401")
    still = (gate.admit(), gate.admit())
    gate.heard("201")

    assert (still, gate.admit(), gate.admit()) == ((True, False), True, True)
