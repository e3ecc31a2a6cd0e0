"""
Say what an answer means for its submission and for everybody: the retry policy as one table. (pure)

| what the answer means | the submission                     | the destination                                |
|-----------------------|------------------------------------|------------------------------------------------|
| `accepted`            | is delivered                       | waits as long as the vendor asks               |
| `refused`             | is rejected: a dead letter         | goes on                                        |
| `unknown`             | waits for a person, or goes again  | goes on; too many in a row open the circuit    |
| `retry`               | goes again, with growing pauses    | waits as long as the vendor asks               |
| `renew`               | goes again at once                 | gets a fresh token                             |
| `renew` once more     | goes again when somebody resumes   | is paused                                      |
| `pause`               | goes again when somebody resumes   | is paused                                      |
| `conflict` after      | is delivered: the vendor has it    | goes on                                        |
|   an `unknown`        |                                    |                                                |
| any other `conflict`  | is rejected: a dead letter         | goes on                                        |

Pauses have full jitter under a growing bound, and are never shorter than the vendor asks.

Source: RFC 9110 section 10.2.3 for Retry-After; whoop.md section 10 for X-RateLimit-*.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from msgspec import Struct

from translator.transmit.responses import Answer, outcome_of

FIRST_S = 0.5
LONGEST_S = 60.0
LONGEST_ASKED_S = 86_400.0
"""The widest window of the vendor's rate limit is a day."""

SECOND_401 = "second-401"


class Verdict(Struct, frozen=True):
    """
    What follows from an answer.

    Shape: `outcome` is one of `OUTCOMES`; `resends` queues an unknown submission again; `pauses` says why nobody may
    call the destination until somebody resumes it, or is empty.
    Units: the submission goes again after `retry_in_s`; the destination gets no call for `closed_s`.
    """

    outcome: str
    retry_in_s: float = 0.0
    closed_s: float = 0.0
    resends: bool = False
    pauses: str = ""


def judge(
    answer: Answer,
    responses: Mapping[str, str],
    *,
    attempt: int,
    previous: str = "",
    doubted: bool = False,
    draw: float = 0.0,
    resends: bool = False,
) -> Verdict:
    """
    Decide about one attempt.

    Shape: `attempt` counts from 1, `previous` is the outcome of the attempt before, `draw` a random number in
    [0, 1). `doubted` says that any attempt before was `unknown`. `resends` is the destination's `on_unknown`.
    """
    outcome = outcome_of(answer.code, responses)
    if outcome == previous == "renew":
        # The token was fresh then: another one will not help.
        outcome = outcome_of(SECOND_401, responses) if SECOND_401 in responses else "pause"
    if outcome == "conflict":
        # The reference was free before the attempt of which nobody knew, so it is that attempt that has it now.
        outcome = "accepted" if doubted else "refused"
    goes_again = outcome == "retry" or (outcome == "unknown" and resends)
    asked_s = None if answer.wait_s is None else min(answer.wait_s, LONGEST_ASKED_S)
    return Verdict(
        outcome,
        retry_in_s=delay(attempt, draw, asked_s) if goes_again else 0.0,
        closed_s=asked_s or 0.0,
        resends=goes_again and outcome == "unknown",
        pauses=f"the vendor refuses our access: answer {answer.code}" if outcome == "pause" else "",
    )


def delay(attempt: int, draw: float, asked_s: float | None = None, longest_s: float = LONGEST_S) -> float:
    """
    Give the pause before the next attempt.

    Shape: `attempt` counts from 1; `draw` is a random number in [0, 1), drawn by the caller.
    Units: seconds; `asked_s` is what the vendor asked for, or None; `longest_s` bounds a pause that it did not ask for.
    """
    # The exponent is bounded, too: two to the power of a week's attempts is no number that one wants to make.
    bound = min(longest_s, FIRST_S * (1 << min(attempt - 1, 16)))
    if asked_s is None:
        return draw * bound
    return min(asked_s, LONGEST_ASKED_S) + draw * FIRST_S


def asked_wait(status: int, headers: Mapping[str, str], now: float) -> float | None:
    """
    Read how long the vendor asks us to wait.

    Shape: `headers` in lower case. X-RateLimit-Reset comes with every answer, so it counts only for 429 and where
    X-RateLimit-Remaining says that nothing is left.
    Units: seconds; `now` in seconds since 1970, since Retry-After may be a date.
    Absent: None where nothing is asked, or it cannot be read.
    """
    asked = headers.get("retry-after", "").strip()
    spent = status == 429 or headers.get("x-ratelimit-remaining", "").strip() == "0"  # noqa: PLR2004 - HTTP's number
    if not asked and spent:
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
