"""`translator unknown` and `translator rejected`, about what was brought to the lab."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import CommandLine
from tests.test_lab_side import REQUISITION, take
from translator.ledger import LabThing, Ledger

REASON = ("--reason", "asked the lab")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Make a ledger with one requisition, whose order is on its way to the lab."""
    path = tmp_path / "translator.db"
    with Ledger.open(path) as ledger:
        take(ledger)
        ledger.lab().begin(thing(ledger), repeats=False)
    return path


def thing(ledger: Ledger) -> LabThing:
    """Name the order."""
    return LabThing("order", REQUISITION, ledger.requisitions().message(REQUISITION), "C1")


def end(path: Path, outcome: str, answer: str) -> None:
    """Let the lab, or its silence, say what became of it."""
    with Ledger.open(path) as ledger:
        ledger.lab().end(thing(ledger), outcome, answer, repeats=False)


def lines(raw: bytes) -> list[dict[str, Any]]:
    """Read JSON Lines."""
    return [json.loads(line) for line in raw.splitlines()]


@pytest.mark.parametrize(
    ("outcome", "answer", "verb", "reason"),
    [
        pytest.param("unknown", "read-timeout", "unknown", "outcome-unknown", id="unknown"),
        pytest.param("refused", "AR", "rejected", "vendor-refused", id="refused"),
    ],
)
def test_what_the_lab_did_not_take_is_listed(
    command_line: CommandLine, place: Path, outcome: str, answer: str, verb: str, reason: str
) -> None:
    """Beside the submissions, by an id of its own; the requisition says so, too."""
    end(place, outcome, answer)

    (line,) = lines(command_line(verb, "list").stdout)
    requisitions = command_line("requisitions", "list")

    assert (line["id"], line["service_request_id"], line["destination"], line["kind"]) == (
        "lab:1", REQUISITION, "lab", "order",
    )  # fmt: skip
    assert (line["reason"], line["answer"], line["state"]) == (reason, answer, verb)
    assert requisitions.returncode == 1
    assert lines(requisitions.stdout)[0]["requisition"]["held"] == reason


@pytest.mark.parametrize("name", ["lab:1", REQUISITION])
def test_decision_is_previewed_then_carried_out(command_line: CommandLine, place: Path, name: str) -> None:
    """By the id, or by the requisition."""
    end(place, "unknown", "read-timeout")

    preview = command_line("unknown", "accept", name, *REASON)
    still = lines(command_line("unknown", "list").stdout)
    done = command_line("unknown", "accept", name, *REASON, "--yes")

    assert (preview.returncode, len(still), done.returncode) == (0, 1, 0)
    assert lines(command_line("unknown", "list").stdout) == []
    with Ledger.open(place) as ledger:
        assert ledger.requisitions().unordered() == []


def test_order_for_the_lab_is_shown_with_its_decisions(command_line: CommandLine, place: Path) -> None:
    """What was decided before stands below."""
    end(place, "unknown", "read-timeout")
    command_line("unknown", "resend", "lab:1", *REASON, "--yes")
    with Ledger.open(place) as ledger:
        ledger.lab().begin(thing(ledger), repeats=False)
    end(place, "unknown", "disconnected")

    table = command_line("unknown", "show", "lab:1", "--format", "table")
    (line,) = lines(command_line("unknown", "show", "lab:1", "--format", "json").stdout)

    assert (line["attempts"], line["control_id"], line["answer"]) == (2, "C1", "disconnected")
    assert b"asked the lab" in table.stdout


@pytest.mark.parametrize("name", ["lab:7", "lab:x", "lab:"])
def test_nothing_of_that_name_is_said(command_line: CommandLine, place: Path, name: str) -> None:
    """Exit code 1, and nothing is done."""
    end(place, "unknown", "read-timeout")

    assert command_line("unknown", "drop", name, *REASON, "--yes").returncode == 1
    assert len(lines(command_line("unknown", "list").stdout)) == 1
