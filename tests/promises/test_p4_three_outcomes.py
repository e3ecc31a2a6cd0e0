"""P4: a delivery is accepted, refused or unknown; unknown is visible and never silently sent again."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.conftest import CommandLine
from tests.lab_messages import CHOLESTEROL, HDL, Obx, oru, service_request
from tests.sandbox_process import SandboxProcess
from translator.ledger import Ledger

LANES = 20


def write_messages(folder: Path) -> Path:
    """Write two messages for each of twenty service requests."""
    inbox = folder / "inbox"
    inbox.mkdir()
    for lane in range(LANES):
        for number, code in enumerate((CHOLESTEROL, HDL)):
            raw = oru(
                [Obx(code, "120")], request=service_request(lane), control_id=f"M{lane}-{number}", filler=f"F{number}"
            )
            (inbox / f"{lane:02}-{number}.hl7").write_bytes(raw)
    return inbox


def test_lost_answer_is_unknown_and_not_repeated(
    command_line: CommandLine, sandbox: SandboxProcess, tmp_path: Path
) -> None:
    """WHOOP took the result and the answer was lost: it is shown as unknown, and a second submit sends nothing."""
    (tmp_path / "lab.hl7").write_bytes(oru([Obx(CHOLESTEROL, "185")]))
    sandbox.fault("results", "drop_after")
    submit = ("submit", "lab.hl7", "--whoop-url", sandbox.whoop_url)

    first = command_line(*submit, environment=sandbox.environment)
    second = command_line(*submit, environment=sandbox.environment)

    assert (first.returncode, second.returncode) == (1, 1)
    assert json.loads(first.stdout)["entries"][0]["state"] == "unknown"
    assert [len(bodies) for bodies in sandbox.results().values()] == [1]


def test_refused_connection_is_tried_again(command_line: CommandLine, sandbox: SandboxProcess, tmp_path: Path) -> None:
    """503 says that nothing was processed, so the same body goes again until it is taken."""
    (tmp_path / "lab.hl7").write_bytes(oru([Obx(CHOLESTEROL, "185")]))
    sandbox.fault("results", "status", 503, times=2)

    done = command_line("submit", "lab.hl7", "--whoop-url", sandbox.whoop_url, environment=sandbox.environment)

    assert done.returncode == 0
    statuses = [request["status"] for request in sandbox.requests("results")]
    assert statuses == [503, 503, 201]


def kill_and_finish(sandbox: SandboxProcess, folder: Path, moments: Sequence[float]) -> Counter[str]:
    """Submit again and again, killed after each moment, then once to the end; give the states of the ledger."""
    inbox = write_messages(folder)
    ledger = folder / "lab.db"
    command = [sys.executable, "-m", "translator", "submit", str(inbox), "--ledger", str(ledger)]
    command += ["--whoop-url", sandbox.whoop_url]
    for moment in moments:
        with subprocess.Popen(command, env=sandbox.environment, stdout=subprocess.DEVNULL) as process:
            time.sleep(moment)
            process.send_signal(signal.SIGKILL)
    subprocess.run(command, env=sandbox.environment, stdout=subprocess.DEVNULL, check=False, timeout=120)
    with Ledger.open(ledger) as opened:
        assert opened.verify() == []
        balance = opened.balance()
        # A workflow status that is unknown blocks its lane just as well.
        return Counter(balance.submissions | {"status unknown": balance.statuses.get("unknown", 0)})


def check_once_or_unknown(sandbox: SandboxProcess, states: Counter[str]) -> None:
    """No result is at WHOOP twice; one that is not there is unknown, or behind an unknown one."""
    received = [
        (request, observation["code"])
        for request, bodies in sandbox.results().items()
        for body in bodies
        for observation in body["observations"]
    ]
    assert len(received) == len(set(received))
    assert states["delivered"] <= len(received) <= states["delivered"] + states["unknown"]
    assert states["delivered"] + states["unknown"] + states["queued"] == 2 * LANES
    assert states["queued"] <= states["unknown"] + states["status unknown"]


def test_submit_killed_at_some_moments_sends_nothing_twice(sandbox: SandboxProcess, tmp_path: Path) -> None:
    """Killed while it starts, while it takes in, while it delivers: each result arrives once, or is unknown."""
    sandbox.fault("results", "delay", 0.05, times=1000)

    states = kill_and_finish(sandbox, tmp_path, [0.3, 0.6, 0.7, 0.8, 0.9])

    check_once_or_unknown(sandbox, states)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_submit_killed_at_random_moments_sends_nothing_twice(
    seed: int, sandbox: SandboxProcess, tmp_path: Path
) -> None:
    """The same at moments that a seed draws."""
    draw = random.Random(seed)  # noqa: S311 - moments, not secrets
    sandbox.fault("results", "delay", draw.choice([0.0, 0.01, 0.1]), times=1000)

    states = kill_and_finish(sandbox, tmp_path, [draw.uniform(0.3, 1.5) for _ in range(5)])

    check_once_or_unknown(sandbox, states)
