"""A snapshot of a study is the same, older, newer, or nobody can tell; each case in the vendor's own words."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.translate.test_study_report import NIGHTS
from translator.record.event import Night, StudyEvent
from translator.translate.study_revision import CONTRADICTS, FIRST, NEWER, OLDER, SAME, compare, newest


def valid(number: int = 1, ahi: str = "7.1", attempt: int = 1, severity: str = "mild") -> Night:
    """Make an attempt with a result."""
    return Night(number, attempt, "VALID", severity, {"AHI3": Decimal(ahi)})


def finished(*nights: Night) -> StudyEvent:
    """Make the last event of a study."""
    return StudyEvent("study-finished", "O-1", nights)


PENDING = Night(2, 1, "PENDING")
RUNNING = Night(2, 1, "IN_PROGRESS")
INVALID = Night(2, 1, "INVALID")
MORE = Night(1, 1, "VALID", "mild", {"AHI3": Decimal("7.1"), "ODI3": Decimal("4.0")})


@pytest.mark.parametrize(
    ("snapshots", "last"),
    [
        pytest.param([finished(valid())], FIRST, id="the-first"),
        pytest.param([finished(valid()), finished(valid())], SAME, id="the-same"),
        pytest.param([finished(valid(ahi="7.1")), finished(valid(ahi="7.10"))], SAME, id="the-same-number"),
        pytest.param(
            [finished(valid(), valid(2)), finished(valid(2), valid())], SAME, id="nights-in-another-order"
        ),
        pytest.param([finished(valid()), finished(valid(ahi="8.4"))], NEWER, id="another-value"),
        pytest.param([finished(valid()), finished(valid(severity="severe"))], NEWER, id="another-severity"),
        pytest.param([finished(valid(2)), finished(INVALID)], NEWER, id="result-taken-back"),
        pytest.param([finished(valid(), PENDING), finished(valid(), valid(2))], NEWER, id="a-night-more"),
        pytest.param([finished(valid()), finished(valid(), valid(1, attempt=2))], NEWER, id="an-attempt-more"),
        pytest.param([finished(valid()), finished(MORE)], NEWER, id="an-index-more"),
        pytest.param([finished(MORE), finished(valid())], OLDER, id="an-index-less"),
        pytest.param([finished(valid(), valid(2)), finished(valid(), RUNNING)], OLDER, id="a-night-not-yet-done"),
        pytest.param([finished(valid(), RUNNING), finished(valid(), PENDING)], OLDER, id="not-yet-begun"),
        pytest.param([finished(valid(), valid(2)), finished(valid())], OLDER, id="a-night-less"),
        pytest.param(
            [finished(valid(), valid(2)), finished(valid(ahi="9"), PENDING)], CONTRADICTS, id="both-ways"
        ),
        pytest.param(
            [finished(valid()), finished(valid(ahi="8")), finished(valid())], SAME, id="the-first-told-again"
        ),
        pytest.param(
            [finished(valid(), valid(2)), finished(valid()), finished(valid(), valid(2, "9"))],
            NEWER,
            id="newer-than-the-newest-not-than-the-last",
        ),
    ],
)  # fmt: skip
def test_snapshot_is_compared_with_the_newest_before_it(snapshots: list[StudyEvent], last: str) -> None:
    """Attempt by attempt; values as numbers."""
    assert compare(snapshots)[-1] == last


def test_newest_snapshot_counts() -> None:
    """What came last may be older."""
    relations = compare([finished(valid(), PENDING), finished(valid(), valid(2)), finished(valid())])

    assert (relations, newest(relations)) == ((FIRST, NEWER, OLDER), 1)


@given(st.lists(st.lists(NIGHTS, max_size=4), min_size=1, max_size=5))
def test_what_was_told_before_changes_nothing(studies: list[list[Night]]) -> None:
    """Whatever came, each of it told again is the same."""
    snapshots = [finished(*nights) for nights in studies]

    relations = compare([*snapshots, *snapshots])

    assert set(relations[len(snapshots) :]) == {SAME}
    assert newest(relations) == newest(compare(snapshots))
