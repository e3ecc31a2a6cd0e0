"""P1: every observation of an accepted message ends in exactly one state, with a reason."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lab_messages import CHOLESTEROL, GLUCOSE, HDL, LOCAL, TSH, Obx, oru
from translator import Translator
from translator.ledger import Arrival, DestinationPolicy, Ledger

OBX = re.compile(rb"(?:^|[\r\n])[ \t]*OBX\|")
STATES = {"translated", "held", "ignored", "refused"}
POLICIES = {"whoop": DestinationPolicy(loopback=True)}
ENGINE = Translator.load()

CODES = st.sampled_from([CHOLESTEROL, HDL, GLUCOSE, TSH, LOCAL, "", "2093-4^x^LN", "A^B^L^2093-3^C^LN"])
VALUES = st.sampled_from(["185", "<5", "", '""', "TNP", "1,5", "~", "POS", "^5", "5.4", "\\X41\\", "\\"]) | st.text(
    st.characters(blacklist_characters="\r\n\x0b\x1c", blacklist_categories=["Cs"]), max_size=8
)
RESULTS = st.builds(
    Obx,
    CODES,
    VALUES,
    st.sampled_from(["mg/dL", "", "mmol/L", "furlong", '""']),
    st.sampled_from([*"FPCAXDWINORSUVBE", "", "F^x", "unknown"]),
    st.sampled_from(["NM", "SN", "ST", "CWE", "ED", "DT", "MO", "", "TX", "NR", "CE^x"]),
)
REPORT_STATUSES = st.sampled_from([*"OISAPCRFXYZMNW", ""])
MESSAGES = st.builds(oru, st.lists(RESULTS, max_size=6), status=REPORT_STATUSES, processing_id=st.sampled_from("PTD"))


@given(MESSAGES)
def test_every_obx_has_exactly_one_entry(message: bytes) -> None:
    """Entries are numbered as OBX appear, each once, each in one of the four states."""
    outcome = ENGINE.translate(message)

    assert [entry.at for entry in outcome.entries] == [f"OBX[{n + 1}]" for n in range(len(OBX.findall(message)))]
    assert {entry.state for entry in outcome.entries} <= STATES


@given(MESSAGES)
def test_every_entry_says_where_it_went_or_why_not(message: bytes) -> None:
    """A translated entry points at its observation, any other has a reason of the closed list."""
    outcome = ENGINE.translate(message)

    for entry in outcome.entries:
        if entry.state == "translated":
            assert entry.submission is not None
            assert entry.observation is not None
            rows = ENGINE.tables.observations.values()
            sent = outcome.submissions[entry.submission].payload.observations[entry.observation]
            assert (entry.table, sent.code) in {(each.at, each.whoop_code) for each in rows}
        else:
            assert entry.reason in ENGINE.tables.reasons


@given(MESSAGES)
def test_every_sent_observation_comes_from_an_entry(message: bytes) -> None:
    """Nothing is sent that no entry points at."""
    outcome = ENGINE.translate(message)

    pointed = {(entry.submission, entry.observation) for entry in outcome.entries if entry.state == "translated"}
    sent = {
        (number, index)
        for number, submission in enumerate(outcome.submissions)
        for index in range(len(submission.payload.observations))
    }
    assert pointed == sent


@given(MESSAGES)
def test_every_diagnostic_is_in_the_closed_list(message: bytes) -> None:
    """A code that `explain` does not know never appears."""
    outcome = ENGINE.translate(message)

    assert {found.code for found in outcome.diagnostics} <= ENGINE.tables.reasons.keys()


def test_ledger_holds_what_came_in(ledger: Ledger) -> None:
    """The sum of all states is the number of results, whatever became of them."""
    messages = [
        oru([Obx(CHOLESTEROL, "185"), Obx(LOCAL, "3"), Obx(HDL, "", status="X")]),
        oru([Obx(CHOLESTEROL, "185")], processing_id="T"),
        oru([Obx(GLUCOSE, "5.4")], control_id="MSG3"),
    ]

    ledger.accept([Arrival(ENGINE.translate(raw), raw) for raw in messages], POLICIES)

    assert ledger.balance().by_state == Counter(queued=1, held=2, ignored=1, refused=1)
    assert ledger.verify() == []


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param("DELETE FROM entry WHERE id = 1", id="entry-lost"),
        pytest.param("UPDATE entry SET state = 'delivered' WHERE id = 1", id="state-forged"),
        pytest.param("DELETE FROM submission", id="submission-lost"),
        pytest.param("UPDATE message SET raw = x'00'", id="source-lost"),
    ],
)
def test_verify_finds_what_is_missing(damage: str, ledger: Ledger, tmp_path: Path) -> None:
    """Whoever takes a row away or changes it is found out."""
    raw = oru([Obx(CHOLESTEROL, "185"), Obx(HDL, "55")])
    ledger.accept([Arrival(ENGINE.translate(raw), raw)], POLICIES)
    ledger.close()

    with sqlite3.connect(tmp_path / "lab.db") as connection:
        connection.execute(damage)
    connection.close()

    with Ledger.open(tmp_path / "lab.db") as damaged:
        assert damaged.verify()
