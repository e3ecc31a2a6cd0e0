"""
Say when to try again: full jitter under a growing bound, and never sooner than the vendor asks. (pure)

Source: RFC 9110 section 10.2.3 for Retry-After; whoop.md section 10 for X-RateLimit-Reset.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

FIRST_S = 0.5
LONGEST_S = 60.0
LONGEST_ASKED_S = 86_400.0
"""The widest window of the vendor's rate limit is a day."""


def delay(attempt: int, draw: float, asked_s: float | None = None) -> float:
    """
    Give the pause before the next attempt.

    Shape: `attempt` counts from 1; `draw` is a random number in [0, 1), drawn by the caller.
    Units: seconds; `asked_s` is what the vendor asked for, or None.
    """
    # The exponent is bounded, too: two to the power of a week's attempts is no number that one wants to make.
    bound = min(LONGEST_S, FIRST_S * (1 << min(attempt - 1, 16)))
    if asked_s is None:
        return draw * bound
    return min(asked_s, LONGEST_ASKED_S) + draw * FIRST_S


def asked_wait(status: int, headers: Mapping[str, str], now: float) -> float | None:
    """
    Read how long the vendor asks us to wait.

    Shape: `headers` in lower case. X-RateLimit-Reset comes with every answer, so it counts only for 429.
    Units: seconds; `now` in seconds since 1970, since Retry-After may be a date.
    Absent: None where nothing is asked, or it cannot be read.
    """
    asked = headers.get("retry-after", "").strip()
    if not asked and status == 429:  # noqa: PLR2004 - HTTP's number for "too many requests"
        asked = headers.get("x-ratelimit-reset", "").strip()
    return _seconds(asked, now) if asked else None


def _seconds(text: str, now: float) -> float | None:
    if text.isascii() and text.isdecimal():
        # A bound before the conversion: Python refuses to read a number of thousands of digits.
        return float(min(int(text[:9]), LONGEST_ASKED_S)) if len(text) <= 9 else LONGEST_ASKED_S  # noqa: PLR2004
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.fromtimestamp(now, UTC)).total_seconds())
