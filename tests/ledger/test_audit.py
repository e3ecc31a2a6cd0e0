"""`verify` says nothing about a sound ledger, and finds what was tampered with."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.ledger.arrivals import LANES, POLICIES, arrival, report, sqlite_only
from translator.ledger import Ledger, Settlement
from translator.record.outcome import Entry


@pytest.fixture
def used(ledger: Ledger) -> Ledger:
    """Fill a ledger: one delivered, one queued behind an unknown one, duplicates, something held."""
    held = Entry("OBX[9]", "held", "unmapped-code")
    first = arrival(report({"HDL": "55", "LDL": "90"}), others=[held])
    ledger.accept([first, first, arrival(report({"HDL": "55"}, lane=LANES[1]))], POLICIES)
    for outcome in ("accepted", "unknown"):
        claim = ledger.claim("whoop")
        assert claim is not None
        ledger.settle(claim, Settlement(outcome, "-"))
    ledger.accept([arrival(report({"TSH": "2"}, lane=LANES[1]))], POLICIES)
    ledger.accept([arrival(report({"TSH": "2"}, lane=LANES[2]))], POLICIES)
    return ledger


def test_verify_finds_nothing_in_a_sound_ledger(used: Ledger) -> None:
    """Held and unknown are no findings."""
    assert used.verify() == []


@pytest.mark.parametrize(
    ("statement", "code", "at"),
    [
        pytest.param("DELETE FROM entry WHERE id = 3", "unbalanced", "message 1", id="held-entry-deleted"),
        pytest.param("DELETE FROM entry WHERE id = 1", "unbalanced", "submission 1", id="sent-entry-deleted"),
        pytest.param("UPDATE entry SET state = 'queued' WHERE id = 1", "states-differ", "entry 1", id="entry-state"),
        pytest.param(
            "UPDATE entry SET state = 'delivered' WHERE id = 3", "states-differ", "entry 3", id="held-made-delivered"
        ),
        pytest.param(
            "UPDATE submission SET state = 'delivered' WHERE id = 3",
            "not-delivered",
            "submission 3",
            id="queued-made-delivered",
        ),
        pytest.param(
            "UPDATE submission SET state = 'delivered' WHERE id = 3", "out-of-order", "submission 3", id="overtaken"
        ),
        pytest.param(
            "UPDATE submission SET state = 'queued' WHERE id = 1",
            "was-delivered",
            "submission 1",
            id="to-be-sent-twice",
        ),
        pytest.param("DELETE FROM attempt WHERE id = 2", "attempts-differ", "submission 2", id="attempt-deleted"),
        pytest.param("UPDATE lane SET next_position = 7 WHERE id = 1", "gap", "lane 1", id="position-lost"),
        pytest.param("UPDATE lane SET due_at = NULL WHERE id = 3", "stalled", "lane 3", id="lane-asleep"),
        pytest.param("UPDATE lane SET due_at = 1 WHERE id = 2", "stalled", "lane 2", id="blocked-lane-awake"),
        pytest.param(
            "UPDATE submission SET body = substr(body, 2) WHERE id = 1", "body-changed", "submission 1", id="body"
        ),
        pytest.param("UPDATE message SET raw = substr(raw, 2) WHERE id = 1", "raw-changed", "message 1", id="raw"),
        pytest.param(
            "UPDATE attempt SET fence = 9, outcome = 'accepted', submission_id = 3 WHERE id = 2",
            "was-delivered",
            "submission 3",
            id="attempt-moved",
        ),
    ],
)
def test_verify_finds_tampering(
    used: Ledger, tamper: Callable[[str], None], statement: str, code: str, at: str
) -> None:
    """Each change behind the ledger's back is named, with its row."""
    tamper(statement)

    assert (code, at) in {(finding.code, finding.at) for finding in used.verify()}


def test_verify_finds_a_later_submission_delivered_first(ledger: Ledger, tamper: Callable[[str], None]) -> None:
    """The order of the accepted attempts is compared with the positions."""
    ledger.accept([arrival(report({code: "5"})) for code in ("HDL", "LDL")], POLICIES)
    for _ in range(2):
        claim = ledger.claim("whoop")
        assert claim is not None
        ledger.settle(claim, Settlement("accepted", "201"))
    tamper("UPDATE attempt SET fence = 9 WHERE id = 1")

    assert [(finding.code, finding.at) for finding in ledger.verify()] == [("out-of-order", "lane 1")]


@sqlite_only
@pytest.mark.parametrize(
    ("statement", "at"),
    [
        pytest.param("DELETE FROM submission WHERE id = 4", "entry 9", id="submission-deleted"),
        pytest.param("DELETE FROM message WHERE id = 2", "entry 4", id="message-deleted"),
    ],
)
def test_verify_finds_broken_links(used: Ledger, path: Path, statement: str, at: str) -> None:
    """SQLite lets anybody who does not ask for foreign keys break them."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)

    assert ("broken-link", at) in {(finding.code, finding.at) for finding in used.verify()}


@sqlite_only
def test_verify_finds_a_body_of_another_type(used: Ledger, path: Path) -> None:
    """SQLite keeps a value of any type in any column."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE submission SET body = '{}' WHERE id = 1")

    assert ("body-changed", "submission 1") in {(finding.code, finding.at) for finding in used.verify()}
