"""The budget is counted as documented, and headers never ask for a wait that is not enforced."""

from __future__ import annotations

import pytest

from translator.sandbox.rate import RateLimit

LIMIT, LEFT, RESET = b"x-ratelimit-limit", b"x-ratelimit-remaining", b"x-ratelimit-reset"


def test_headers_are_the_documented_ones() -> None:
    """The first call of a minute is told the policy, what is left and when it begins anew."""
    _, headers = RateLimit(100, 60, enforced=True).count(0.0)

    assert dict(headers) == {LIMIT: b"100, 100;window=60, 10000;window=86400", LEFT: b"99", RESET: b"60"}


def test_call_beyond_the_limit_is_one_too_many() -> None:
    """The third call of two is refused."""
    rate = RateLimit(2, 60, enforced=True)

    assert [rate.count(second)[0] for second in (0.0, 1.0, 2.0)] == [False, False, True]


def test_window_begins_anew() -> None:
    """After the reset there is a full budget again."""
    rate = RateLimit(1, 60, enforced=True)
    rate.count(0.0)
    over, headers = rate.count(60.0)

    assert (over, dict(headers)[RESET]) == (False, b"60")


def test_day_leads_once_it_is_nearest() -> None:
    """The day's window leads the headers when it is the next to be hit."""
    rate = RateLimit(20_000, 60, enforced=True)
    _, headers = rate.count(0.0)

    assert dict(headers)[LIMIT] == b"10000, 20000;window=60, 10000;window=86400"


@pytest.mark.parametrize(
    ("enforced", "left"), [pytest.param(True, b"0", id="real"), pytest.param(False, b"1", id="shown")]
)
def test_headers_say_nothing_left_only_where_it_is_true(enforced: bool, left: bytes) -> None:  # noqa: FBT001 - a case column
    """A client that obeys the headers is not stopped by a limit that is only shown."""
    rate = RateLimit(1, 60, enforced=enforced)
    rate.count(0.0)
    over, headers = rate.count(0.0)

    assert (over, dict(headers)[LEFT]) == (enforced, left)
