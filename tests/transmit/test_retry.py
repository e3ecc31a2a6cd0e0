"""When to try again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translator.mapping_files import packaged_tables
from translator.transmit.responses import NO_ANSWERS, OUTCOMES, Answer
from translator.transmit.retry import FIRST_S, LONGEST_ASKED_S, LONGEST_S, Verdict, asked_wait, delay, judge

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
        pytest.param(201, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "17"}, 17, id="nothing-left"),
        pytest.param(201, {"x-ratelimit-remaining": "9", "x-ratelimit-reset": "17"}, None, id="something-left"),
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
    """Retry-After for any answer, X-RateLimit-Reset for 429 and where nothing is left."""
    assert asked_wait(status, headers, NOW) == wait_s


@given(st.text())
def test_asked_wait_of_any_text_is_a_number_or_nothing(text: str) -> None:
    """A header is foreign input: it never raises and never is negative."""
    wait_s = asked_wait(429, {"retry-after": text}, NOW)

    assert wait_s is None or wait_s >= 0


WHOOP = packaged_tables().responses["whoop"]
PAUSED_403 = "the vendor refuses our access: answer 403"
PAUSED_401 = "the vendor refuses our access: answer 401"


@pytest.mark.parametrize(
    ("answer", "attempt", "previous", "resends", "verdict"),
    [
        pytest.param(Answer("201"), 1, "", False, Verdict("accepted"), id="accepted"),
        pytest.param(Answer("201", 7), 1, "", False, Verdict("accepted", closed_s=7), id="accepted-and-asked-to-wait"),
        pytest.param(Answer("422"), 1, "", False, Verdict("refused"), id="dead-letter"),
        pytest.param(Answer("500"), 1, "", False, Verdict("unknown"), id="unknown-waits-for-a-person"),
        pytest.param(Answer("500"), 3, "", True, Verdict("unknown", 1.0, resends=True), id="unknown-goes-again"),
        pytest.param(Answer("read-timeout"), 1, "", False, Verdict("unknown"), id="no-answer"),
        pytest.param(Answer("503"), 1, "", False, Verdict("retry", 0.25), id="first-retry"),
        pytest.param(Answer("503"), 4, "retry", False, Verdict("retry", 2.0), id="fourth-retry"),
        pytest.param(Answer("503"), 99, "retry", False, Verdict("retry", 30.0), id="late-retry"),
        pytest.param(Answer("429", 17), 1, "", False, Verdict("retry", 17.25, 17), id="everybody-waits"),
        pytest.param(Answer("connect-error"), 2, "retry", False, Verdict("retry", 0.5), id="nobody-there"),
        pytest.param(Answer("401"), 1, "", False, Verdict("renew"), id="first-401"),
        pytest.param(Answer("401"), 2, "retry", False, Verdict("renew"), id="401-after-another-trouble"),
        pytest.param(Answer("401"), 2, "renew", False, Verdict("pause", pauses=PAUSED_401), id="second-401"),
        pytest.param(Answer("403"), 1, "", False, Verdict("pause", pauses=PAUSED_403), id="forbidden"),
    ],
)
def test_judge_decides_by_the_table(
    answer: Answer,
    attempt: int,
    previous: str,
    resends: bool,  # noqa: FBT001 - a column of the table
    verdict: Verdict,
) -> None:
    """P4: status or exception, and the attempt, give retry, refuse, unknown or pause, with half the jitter here."""
    assert judge(answer, WHOOP, attempt=attempt, previous=previous, draw=0.5, resends=resends) == verdict


@given(
    st.one_of(st.integers(100, 999).map(str), st.sampled_from(NO_ANSWERS)),
    st.integers(1, 1000),
    st.sampled_from(["", *sorted(OUTCOMES)]),
    draws,
)
def test_judge_never_sends_what_may_have_been_processed_again(
    code: str, attempt: int, previous: str, draw: float
) -> None:
    """P4: only `retry` and `renew` go again, and neither is ever the word for a request that may have arrived."""
    verdict = judge(Answer(code), WHOOP, attempt=attempt, previous=previous, draw=draw)

    assert not verdict.resends
    assert verdict.retry_in_s == 0 or verdict.outcome == "retry"
    assert verdict.outcome not in ("retry", "renew") or code in {
        "401", "429", "503", "connect-error", "connect-timeout", "pool-timeout"
    }  # fmt: skip


@given(st.integers(100, 999).map(str))
def test_judge_without_a_table_for_the_second_401_pauses(code: str) -> None:
    """A table that says nothing about it does not make a loop."""
    assert judge(Answer(code), {code: "renew"}, attempt=2, previous="renew").outcome == "pause"
