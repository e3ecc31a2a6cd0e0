"""P2: what was accepted is on disk; a process that is killed in the next instant takes nothing with it."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from tests.conftest import CommandLine
from tests.lab_messages import CHOLESTEROL, HDL, Obx, oru
from translator.ledger import Ledger

ACCEPT_AND_DIE = """
import os, signal, sys
from pathlib import Path
from translator import Translator
from translator.ledger import Arrival, DestinationPolicy, Ledger

raw = Path(sys.argv[2]).read_bytes()
ledger = Ledger.open(sys.argv[1])
ledger.accept([Arrival(Translator.load().translate(raw), raw)], {"whoop": DestinationPolicy(loopback=True)})
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_accepted_message_outlives_kill_9(tmp_path: Path) -> None:
    """The transaction was complete before `accept` came back."""
    place, message = tmp_path / "lab.db", tmp_path / "lab.hl7"
    message.write_bytes(oru([Obx(CHOLESTEROL, "185"), Obx(HDL, "55")]))

    killed = subprocess.run([sys.executable, "-c", ACCEPT_AND_DIE, place, message], check=False, timeout=60)

    assert killed.returncode == -signal.SIGKILL
    with Ledger.open(place) as ledger:
        assert ledger.balance().by_state == {"queued": 2}
        assert ledger.verify() == []


def test_submit_without_a_vendor_keeps_everything(command_line: CommandLine, tmp_path: Path) -> None:
    """Nobody answers at the vendor's address; every result is queued, and the exit code says so."""
    (tmp_path / "lab.hl7").write_bytes(oru([Obx(CHOLESTEROL, "185")]))
    secrets = {"WHOOP_CLIENT_ID": "id", "WHOOP_CLIENT_SECRET": "secret"}

    done = command_line("submit", "lab.hl7", "--whoop-url", "http://127.0.0.1:9", "--wait", "0.5", environment=secrets)

    assert done.returncode == 1
    assert b"still queued" in done.stderr
    with Ledger.open(tmp_path / "translator.db") as ledger:
        assert ledger.balance().by_state == {"queued": 1}
