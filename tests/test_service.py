"""The service in a process of its own: stopped well, killed badly, and what is left either way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.sandbox_process import NO_TLS, SandboxProcess
from tests.transmit.delivering import wait_until
from translator.accept.webhooks import WHOOP_PATH
from translator.ledger import Ledger
from translator.signature import event_body, sign


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxProcess]:
    """Serve one WHOOP for all tests of this file."""
    with SandboxProcess() as running:
        yield running


class Service:
    """One `translator run`; it prints where it listens."""

    def __init__(self, ledger: Path, sandbox: SandboxProcess, **environment: str) -> None:
        command = [sys.executable, "-m", "translator", "run", "--listen", "127.0.0.1:0", "--ledger", str(ledger)]
        self.process = subprocess.Popen(
            [*command, "--whoop-url", sandbox.whoop_url],
            env=os.environ | sandbox.environment | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.url = json.loads(self.process.stdout.readline())["url"]

    def tell(self, sandbox: SandboxProcess, requisition_id: str) -> int:
        """Announce a requisition as WHOOP does; gives the answer."""
        body = event_body("lab_requisition.created", requisition_id)
        signed = {"WHOOP-Signed": sign(sandbox.webhook_secret, body)}
        return httpx.post(
            self.url + WHOOP_PATH, content=body, headers=signed, trust_env=False, verify=NO_TLS
        ).status_code

    def end(self, number: int) -> tuple[int, str]:
        """Send a signal; gives the exit code and what it wrote to stderr."""
        self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=30)
        return self.process.returncode, errors


def test_announced_requisition_is_fetched_and_confirmed(sandbox: SandboxProcess, tmp_path: Path) -> None:
    """From the webhook to ORDER_CONFIRMED without anybody's help; SIGTERM ends it with exit code 0 and no word."""
    requisition = sandbox.add_requisition()
    requests = [one["id"] for one in requisition["service_requests"]]
    service = Service(tmp_path / "lab.db", sandbox)

    answer = service.tell(sandbox, requisition["id"])

    wait_until(lambda: all(sandbox.task_status(one) == "ORDER_CONFIRMED" for one in requests), seconds=30)
    assert (answer, service.end(signal.SIGTERM)) == (204, (0, ""))
    with Ledger.open(tmp_path / "lab.db") as ledger:
        # One call confirms the whole, since nothing is on its lanes yet.
        assert (ledger.count("whoop"), ledger.verify()) == ({}, [])


def test_acknowledged_event_outlives_a_kill(sandbox: SandboxProcess, tmp_path: Path) -> None:
    """P2: after 204 the event is on disk, whatever happens to the process; the next one acts on it."""
    requisition = sandbox.add_requisition()
    # WHOOP is slow, so that the process dies while it fetches.
    sandbox.fault("requisition", "delay", 5)
    service = Service(tmp_path / "lab.db", sandbox)

    answer = service.tell(sandbox, requisition["id"])
    service.end(signal.SIGKILL)
    with Ledger.open(tmp_path / "lab.db") as ledger:
        (event,) = ledger.events().rows()
        sandbox.clear_faults()
        again = Service(tmp_path / "lab.db", sandbox)
        wait_until(lambda: [row.state for row in ledger.events().rows()] == ["done"], seconds=30)
        again.end(signal.SIGTERM)

    assert (answer, event.state, event.resource) == (204, "waiting", requisition["id"])


def test_service_without_a_webhook_secret_says_so(sandbox: SandboxProcess, tmp_path: Path) -> None:
    """It delivers, believes no webhook, and tells the operator why; Ctrl-C ends it well, too."""
    service = Service(tmp_path / "lab.db", sandbox, WHOOP_WEBHOOK_SECRET="")

    answer = service.tell(sandbox, "e72719d6-0dbb-4eb3-9ccc-781b563fc3d3")

    code, errors = service.end(signal.SIGINT)
    assert (answer, code, "whoop.webhook_secret is not set" in errors) == (401, 0, True)


def test_service_ends_where_a_part_of_it_fails(sandbox: SandboxProcess, tmp_path: Path) -> None:
    """Without credentials nothing can be fetched: exit code 2, and the variable that is missing."""
    service = Service(tmp_path / "lab.db", sandbox, WHOOP_CLIENT_ID="")

    service.tell(sandbox, "e72719d6-0dbb-4eb3-9ccc-781b563fc3d3")

    _, errors = service.process.communicate(timeout=30)
    assert (service.process.returncode, "WHOOP_CLIENT_ID" in errors) == (2, True)
