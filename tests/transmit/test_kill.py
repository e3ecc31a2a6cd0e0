"""P4 with real processes: interrupted, killed in flight, killed at any moment."""

from __future__ import annotations

import random
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.ledger.arrivals import LANES, POLICIES, arrival, report
from tests.sandbox_process import SandboxProcess
from tests.transmit.delivering import settings, start, wait_until
from translator.delivery import deliver
from translator.ledger import Ledger
from translator.mapping_files import packaged_tables

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are for POSIX")

CODES = ["HDL", "LDL", "TSH"]
TABLES = packaged_tables()


def fill(ledger: Ledger, lanes: int = 1) -> None:
    """Queue one submission per code on each lane."""
    ledger.accept([arrival(report({code: "5"}, lane=lane)) for code in CODES for lane in LANES[:lanes]], POLICIES)


def posted(sandbox: SandboxProcess, lane: str) -> list[str]:
    """List the codes that the sandbox processed for a lane, in order."""
    return [body["observations"][0]["code"] for body in sandbox.results().get(lane, [])]


def test_interrupted_delivery_finishes_what_is_under_way(ledger: Ledger, sandbox: SandboxProcess, path: Path) -> None:
    """Ctrl-C in flight: the answer is still taken, and nothing is unknown."""
    fill(ledger)
    sandbox.fault("results", "delay", 1)
    with start(path, sandbox) as process:
        wait_until(lambda: bool(ledger.show(1).submissions[0].attempts))
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)

    assert process.returncode == 0
    assert ledger.count("whoop") == {"delivered": 1, "queued": 2}


def test_killed_delivery_is_unknown_and_sent_once(ledger: Ledger, sandbox: SandboxProcess, path: Path) -> None:
    """Kill -9 between request and answer: unknown after the restart, and no second request, ever."""
    fill(ledger)
    sandbox.fault("results", "delay", 1)
    with start(path, sandbox) as process:
        wait_until(lambda: bool(ledger.show(1).submissions[0].attempts))
        time.sleep(0.2)
        process.send_signal(signal.SIGKILL)

    reports = [deliver(ledger, settings(sandbox), TABLES, deadline_s=20) for _ in range(2)]

    assert [(one.unknown, one.queued) for one in reports] == [(1, 2)] * 2
    assert ledger.show(1).submissions[0].detail == "killed"
    assert len(sandbox.requests("results")) <= 1
    assert ledger.verify() == []


@pytest.mark.slow
def test_delivery_killed_at_any_moment_sends_nothing_twice(ledger: Ledger, sandbox: SandboxProcess, path: Path) -> None:
    """Thirty kills at random moments: each lane in order, each result once, or unknown in the ledger."""
    seed = random.randrange(1_000_000)  # noqa: S311 - no secret
    dice = random.Random(seed)  # noqa: S311 - no secret
    fill(ledger, lanes=100)
    sandbox.fault("results", "delay", 0.05, times=200)
    for _ in range(30):
        with start(path, sandbox) as process:
            time.sleep(0.3 + dice.random() / 2)
            process.send_signal(signal.SIGKILL)

    end = deliver(ledger, settings(sandbox), TABLES, deadline_s=60)

    lanes = [posted(sandbox, lane) for lane in LANES]
    assert all(codes == CODES[: len(codes)] for codes in lanes), f"seed {seed}"
    assert end.delivered <= sum(map(len, lanes)) <= end.delivered + end.unknown, f"seed {seed}"
    assert ledger.verify() == []
