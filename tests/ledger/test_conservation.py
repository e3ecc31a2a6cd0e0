"""P1: an outcome that does not add up is refused, with the place where it does not."""

from __future__ import annotations

import pytest
from msgspec import structs

from tests.ledger.arrivals import arrival, report
from translator.errors import LedgerError
from translator.ledger.conservation import check_balance
from translator.record.outcome import FILE_SCHEMA, Entry, Outcome

SOUND = arrival(report({"HDL": "55", "LDL": "90"}), others=[Entry("OBX[3]", "held", "unmapped-code")]).outcome
FIRST, SECOND, HELD = SOUND.entries
(SUBMISSION,) = SOUND.submissions


def entries(*changed: Entry) -> Outcome:
    """Make the sound outcome with other entries."""
    return structs.replace(SOUND, entries=changed)


def test_balance_of_a_sound_outcome_is_accepted() -> None:
    """Everything in its place."""
    check_balance(SOUND)


def test_balance_allows_two_entries_for_one_observation() -> None:
    """The same result sent twice in one message is one observation and two entries."""
    check_balance(entries(FIRST, SECOND, structs.replace(SECOND, at="OBX[4]")))


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        pytest.param(entries(FIRST, HELD), "observation 1 of submission 0 comes from no entry", id="entry-missing"),
        pytest.param(
            entries(FIRST, SECOND, Entry("OBX[3]", "translated", submission=0, observation=2)),
            r"OBX\[3\] is translated into an observation that no submission has",
            id="observation-missing",
        ),
        pytest.param(
            entries(FIRST, SECOND, Entry("OBX[3]", "translated")), r"OBX\[3\] is translated, but", id="no-place"
        ),
        pytest.param(
            entries(FIRST, SECOND, Entry("OBX[3]", "held", submission=0, observation=0)),
            r"OBX\[3\] is held, but",
            id="held-and-sent",
        ),
        pytest.param(entries(FIRST, SECOND, Entry("OBX[3]", "lost")), r"OBX\[3\] is in no state", id="unknown-state"),
        pytest.param(
            structs.replace(SOUND, submissions=(structs.replace(SUBMISSION, sources=SUBMISSION.sources[:1]),)),
            "has sources for only some",
            id="source-missing",
        ),
        pytest.param(
            structs.replace(SOUND, submissions=(SUBMISSION, SUBMISSION)), "two submissions for one", id="lane-twice"
        ),
        pytest.param(structs.replace(SOUND, schema=FILE_SCHEMA), "whole file is no message", id="file"),
    ],
)
def test_balance_names_what_is_missing(outcome: Outcome, said: str) -> None:
    """The first imbalance is told by its place, and without values."""
    with pytest.raises(LedgerError, match=said):
        check_balance(outcome)
