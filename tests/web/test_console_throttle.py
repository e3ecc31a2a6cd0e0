"""Guessing costs time, mistyping does not, and nobody can fill the memory."""

from __future__ import annotations

import pytest

from tests.ledger.conftest import Clock
from translator.web.console_throttle import FORGOTTEN_AFTER_S, FREE, LONGEST_WAIT_S, MOST_KEYS, Throttle


@pytest.mark.parametrize(
    ("failures", "wait"),
    [
        pytest.param(0, 0.0, id="nobody"),
        pytest.param(FREE - 1, 0.0, id="mistyped"),
        pytest.param(FREE, 15.0, id="first-wait"),
        pytest.param(FREE + 1, 30.0, id="doubled"),
        pytest.param(FREE + 100, LONGEST_WAIT_S, id="longest"),
    ],
)
def test_wait_doubles_up_to_a_limit(failures: int, wait: float) -> None:
    """Each wrong password after the free ones doubles the wait."""
    throttle = Throttle(Clock())
    for _ in range(failures):
        throttle.fail(["a"])

    assert throttle.wait_s(["a", "b"]) == wait


def test_wait_passes_and_the_right_password_ends_it() -> None:
    """Time is all that a wait takes; who was right begins anew."""
    clock = Clock()
    throttle = Throttle(clock)
    for _ in range(FREE):
        throttle.fail(["a", "b"])

    clock.move(10)
    left = throttle.wait_s(["a"])
    clock.move(5)
    over = throttle.wait_s(["a"])
    throttle.fail(["a"])
    throttle.forget(["a"])

    assert (left, over, throttle.wait_s(["a"])) == (5.0, 0.0, 0.0)


def test_failures_are_forgotten_after_an_hour() -> None:
    """A wrong password of this morning is none of this afternoon."""
    clock = Clock()
    throttle = Throttle(clock)
    for _ in range(FREE - 1):
        throttle.fail(["a"])

    clock.move(FORGOTTEN_AFTER_S)
    throttle.fail(["a"])

    assert throttle.wait_s(["a"]) == 0.0


def test_memory_is_bounded() -> None:
    """Who invents names pushes the oldest out."""
    throttle = Throttle(Clock())
    for _ in range(FREE):
        throttle.fail(["first"])
    throttle.fail(f"name-{number}" for number in range(MOST_KEYS))

    assert throttle.wait_s(["first"]) == 0.0
    assert len(throttle._known) == MOST_KEYS
