"""A person sees how destinations stand, pauses them and lets them go on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import CommandLine
from tests.lab_messages import CHOLESTEROL, Obx, oru
from tests.sandbox_process import SandboxProcess
from translator.ledger import Ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """Make an empty ledger in the folder of the command line."""
    Ledger.open(tmp_path / "translator.db").close()
    return tmp_path / "translator.db"


@pytest.mark.usefixtures("ledger")
def test_pause_is_shown_and_lifted(command_line: CommandLine) -> None:
    """Paused is a finding; resumed is not, and resuming twice is."""
    paused = command_line("ledger", "pause", "whoop", "--reason", "planned work")
    shown = command_line("ledger", "destinations")
    resumed = [command_line("ledger", "resume", "whoop").returncode for _ in range(2)]
    after = command_line("ledger", "destinations")

    line = json.loads(shown.stdout)
    assert (paused.returncode, shown.returncode, resumed, after.returncode) == (0, 1, [0, 1], 0)
    assert (line["destination"], line["state"], line["why"]) == ("whoop", "paused", "planned work")
    assert (json.loads(after.stdout)["state"], line["calls_last_day"]) == ("open", 0)


@pytest.mark.usefixtures("ledger")
def test_destination_that_is_paused_with_all_says_what_to_resume(command_line: CommandLine) -> None:
    """As after a restore: one alone cannot go on, and the way on is named."""
    command_line("ledger", "pause", "all")

    done = command_line("ledger", "resume", "whoop")

    assert (done.returncode, b"ledger resume all" in done.stderr) == (1, True)


@pytest.mark.usefixtures("ledger")
def test_pause_of_a_destination_that_does_not_exist_is_a_usage_error(command_line: CommandLine) -> None:
    """A misspelt name pauses nobody, and says so."""
    assert command_line("ledger", "pause", "whop").returncode == 2


def test_submit_beside_a_service_tells_of_a_pause(
    command_line: CommandLine, sandbox: SandboxProcess, ledger: Path, tmp_path: Path
) -> None:
    """Another process delivers, and yet whoever submits learns why nothing goes out."""
    (tmp_path / "lab.hl7").write_bytes(oru([Obx(CHOLESTEROL, "185")]))
    with Ledger.open(ledger) as held, held.delivery_lock():
        held.destinations().pause("whoop", "planned work")
        submit = ("submit", "lab.hl7", "--whoop-url", sandbox.whoop_url, "--wait", "0.1")

        done = command_line(*submit, environment=sandbox.environment)

    assert (done.returncode, b"delivery is paused: planned work" in done.stderr) == (1, True)


@pytest.mark.usefixtures("ledger")
def test_submit_obeys_a_pause(command_line: CommandLine, sandbox: SandboxProcess, tmp_path: Path) -> None:
    """The message is kept, nothing is sent, and the way on is named."""
    (tmp_path / "lab.hl7").write_bytes(oru([Obx(CHOLESTEROL, "185")]))
    command_line("ledger", "pause", "all")
    submit = ("submit", "lab.hl7", "--whoop-url", sandbox.whoop_url)

    done = command_line(*submit, environment=sandbox.environment)
    sent = len(sandbox.requests())
    command_line("ledger", "resume", "all")
    again = command_line(*submit, environment=sandbox.environment)

    assert (done.returncode, sent) == (1, 0)
    assert b"translator ledger resume" in done.stderr
    assert (again.returncode, len(sandbox.requests("results"))) == (0, 1)
