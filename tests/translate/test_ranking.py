"""Which of several sources of one WHOOP code counts."""

from __future__ import annotations

import pytest

from tests.observations import written
from translator.record.outcome import PayloadObservation
from translator.record.values import Absent
from translator.translate.codes import LOINC, Match
from translator.translate.observation import Verdict
from translator.translate.ranking import contenders
from translator.translate.route import Route
from translator.translate.tables import ObservationRow, StatusRow

CALCULATED, DIRECT, MOLES = "13457-7", "18262-6", "22748-8"
STATUS = StatusRow("", "F", "send", "final", "")
RANK = {"LDL": (DIRECT, CALCULATED)}


def verdict(code: str, number: int = 112, status: str = "final") -> Verdict:
    """Make a translated LDL of one source."""
    row = ObservationRow("whoop/observations.csv:6", LOINC, code, "", "LDL", "numeric")
    payload = PayloadObservation("LDL", number, None, "mg/dL", status)
    return Verdict(written("OBX[1]", (), Absent()), "translated", "", status, Route(Match(row), STATUS), payload)


@pytest.mark.parametrize(
    ("codes", "left"),
    [
        pytest.param([CALCULATED, DIRECT], [DIRECT], id="best-wins"),
        pytest.param([DIRECT, DIRECT, CALCULATED], [DIRECT, DIRECT], id="best-stands-twice"),
        pytest.param([CALCULATED, DIRECT, MOLES], [CALCULATED, DIRECT, MOLES], id="one-has-no-rank"),
        pytest.param([MOLES, MOLES], [MOLES, MOLES], id="none-has-a-rank"),
    ],
)
def test_source_of_the_highest_rank_is_left(codes: list[str], left: list[str]) -> None:
    """The others are ignored by name, and without a rank nobody is."""
    verdicts = [verdict(code, number) for number, code in enumerate(codes)]

    contending = contenders(verdicts, RANK)

    assert [each.row.code for each in contending if each.row] == left
    assert {(each.state, each.reason) for each in verdicts if each not in contending} <= {("ignored", "outranked")}


def test_text_without_a_result_yields_to_a_result() -> None:
    """Why one source could not be obtained does not matter where another one was."""
    verdicts = [verdict(DIRECT, status="cancelled"), verdict(CALCULATED)]

    assert contenders(verdicts, RANK) == [verdicts[1]]
    assert (verdicts[0].state, verdicts[0].reason, verdicts[0].payload) == ("ignored", "not-obtained", None)


def test_texts_without_any_result_are_all_left() -> None:
    """There is nothing that they could yield to."""
    verdicts = [verdict(DIRECT, status="cancelled"), verdict(CALCULATED, status="cancelled")]

    assert contenders(verdicts, RANK) == verdicts
