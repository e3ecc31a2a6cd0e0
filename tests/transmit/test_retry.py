"""When to try again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translator.transmit.retry import FIRST_S, LONGEST_ASKED_S, LONGEST_S, asked_wait, delay

draws = st.floats(0, 1, exclude_max=True)
NOW = 1_800_000_000.0  # Fri, 15 Jan 2027 08:00:00 GMT


@given(st.integers(1, 10_000), draws)
def test_delay_stays_under_its_bound(attempt: int, draw: float) -> None:
    """Full jitter: anything from nothing to the bound, which never passes a minute."""
    assert 0 <= delay(attempt, draw) <= LONGEST_S


@given(st.integers(1, 100), draws)
def test_delay_grows_with_the_attempts(attempt: int, draw: float) -> None:
    """With the same draw a later attempt never waits less."""
    assert delay(attempt, draw) <= delay(attempt + 1, draw)


@given(st.integers(1, 100), draws, st.floats(0, LONGEST_ASKED_S))
def test_delay_is_never_shorter_than_asked(attempt: int, draw: float, asked_s: float) -> None:
    """The vendor's word counts, and workers that heard it do not all come back at once."""
    assert asked_s <= delay(attempt, draw, asked_s) <= asked_s + FIRST_S


@given(draws, st.floats(0, 1e300))
def test_delay_is_never_longer_than_a_day(draw: float, asked_s: float) -> None:
    """An absurd header does not stop delivery for ever."""
    assert delay(1, draw, asked_s) <= LONGEST_ASKED_S + FIRST_S


@pytest.mark.parametrize(
    ("status", "headers", "wait_s"),
    [
        pytest.param(429, {"x-ratelimit-reset": "17"}, 17, id="rate-limit"),
        pytest.param(503, {"x-ratelimit-reset": "17"}, None, id="rate-header-of-an-answer-that-is-no-429"),
        pytest.param(503, {"retry-after": "5"}, 5, id="retry-after"),
        pytest.param(429, {"retry-after": "5", "x-ratelimit-reset": "17"}, 5, id="retry-after-goes-first"),
        pytest.param(503, {"retry-after": "Fri, 15 Jan 2027 08:01:00 GMT"}, 60, id="date"),
        pytest.param(503, {"retry-after": "Fri, 15 Jan 2027 08:01:00 -0000"}, 60, id="date-without-a-zone"),
        pytest.param(503, {"retry-after": "Fri, 15 Jan 2027 07:00:00 GMT"}, 0, id="date-in-the-past"),
        pytest.param(503, {"retry-after": "soon"}, None, id="unreadable"),
        pytest.param(503, {"retry-after": "9" * 9000}, LONGEST_ASKED_S, id="thousands-of-digits"),
        pytest.param(429, {}, None, id="nothing-asked"),
    ],
)
def test_asked_wait_reads_the_headers(status: int, headers: dict[str, str], wait_s: float | None) -> None:
    """Retry-After for any answer, X-RateLimit-Reset for 429 only."""
    assert asked_wait(status, headers, NOW) == wait_s


@given(st.text())
def test_asked_wait_of_any_text_is_a_number_or_nothing(text: str) -> None:
    """A header is foreign input: it never raises and never is negative."""
    wait_s = asked_wait(429, {"retry-after": text}, NOW)

    assert wait_s is None or wait_s >= 0
