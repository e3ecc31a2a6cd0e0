"""What an answer means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translator.transmit.responses import NO_ANSWERS, OUTCOMES, outcome_of

TABLE = {
    "201": "accepted",
    "2xx": "accepted",
    "404": "refused",
    "4xx": "refused",
    "connect-error": "retry",
    "418": "tea",
}


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        pytest.param("201", "accepted", id="exact"),
        pytest.param("204", "accepted", id="by-class"),
        pytest.param("422", "refused", id="by-class-of-four-hundreds"),
        pytest.param("500", "unknown", id="class-not-listed"),
        pytest.param("connect-error", "retry", id="no-answer-listed"),
        pytest.param("read-timeout", "unknown", id="no-answer-not-listed"),
        pytest.param("418", "unknown", id="outcome-that-does-not-exist"),
    ],
)
def test_response_is_looked_up(answer: str, outcome: str) -> None:
    """The exact answer, then its class, then unknown."""
    assert outcome_of(answer, TABLE) == outcome


@given(st.one_of(st.integers(100, 999).map(str), st.sampled_from(NO_ANSWERS), st.text(min_size=1)))
def test_response_without_a_table_is_never_taken_for_done(answer: str) -> None:
    """P4: an empty table accepts nothing and resends nothing."""
    assert outcome_of(answer, {}) == "unknown"


@given(st.integers(100, 999).map(str), st.dictionaries(st.sampled_from(["201", "2xx", "5xx"]), st.text()))
def test_response_is_always_one_of_the_outcomes(answer: str, table: dict[str, str]) -> None:
    """Whatever a table says, the dispatcher gets a word that it knows."""
    assert outcome_of(answer, table) in OUTCOMES
