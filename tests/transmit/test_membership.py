"""When a worker of a cluster may still send, and when the others may take it for dead."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translator.errors import ConfigError
from translator.transmit.membership import ALONE, Member, Terms

TERMS = Terms(dead_after_s=90, call_s=41)


class Clock:
    """A clock that stands until it is moved."""

    now = 1000.0

    def __call__(self) -> float:
        """Give the time."""
        return self.now


@given(st.floats(5, 3600), st.floats(0.1, 3600))
def test_call_that_begins_in_time_ends_before_anybody_is_taken_for_dead(dead_after_s: float, call_s: float) -> None:
    """Whatever the terms: the last moment to begin, and the longest call, are over before the silence is."""
    terms = Terms(dead_after_s, call_s)

    assert terms.lease_s + terms.call_s < terms.dead_after_s


@pytest.mark.parametrize(
    ("call_s", "is_fit"),
    [
        pytest.param(41, True, id="timeout-of-30-seconds"),
        pytest.param(60, True, id="longest"),
        pytest.param(61, False, id="too-long"),
        pytest.param(100, False, id="longer-than-the-silence"),
    ],
)
def test_terms_leave_room_for_reports_that_are_late(call_s: float, *, is_fit: bool) -> None:
    """A host whose calls may last too long is refused at the start, with what to do."""
    terms = Terms(90, call_s)

    if is_fit:
        terms.check()
    else:
        with pytest.raises(ConfigError, match="smaller timeout_s"):
            terms.check()


@pytest.mark.parametrize(
    ("silence_s", "is_certain"),
    [
        pytest.param(0, True, id="just-reported"),
        pytest.param(TERMS.lease_s - 0.1, True, id="reports-are-late"),
        pytest.param(TERMS.lease_s, False, id="cut-off"),
    ],
)
def test_worker_sends_only_while_it_has_reported(silence_s: float, *, is_certain: bool) -> None:
    """By its own clock, from before it asked."""
    clock = Clock()
    member = Member(TERMS, clock)
    member.enlisted(7, clock.now)

    clock.now += silence_s

    assert member.is_certain == is_certain


def test_worker_is_certain_again_when_it_has_reported() -> None:
    """Only its own report counts, not that of the worker for what is urgent."""
    clock = Clock()
    member = Member(TERMS, clock)
    member.enlisted(7, clock.now)
    clock.now += 2 * TERMS.lease_s

    member.reported(8, clock.now)
    after_other = member.is_certain
    member.reported(7, clock.now)

    assert (after_other, member.is_certain) == (False, True)


def test_worker_that_is_not_listed_yet_sends_nothing() -> None:
    """Nobody would miss it."""
    assert not Member(TERMS, Clock()).is_certain


def test_whoever_delivers_alone_asks_nobody() -> None:
    """Without a cluster there is no limit to a call but its own waits."""
    assert (ALONE.worker, ALONE.is_certain, ALONE.call_s) == (0, True, None)
