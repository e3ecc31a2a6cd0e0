"""One host takes in, another one delivers, over one ledger in PostgreSQL: each message has one trace across both."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab_messages import HDL, Obx, oru, service_request
from tests.postgres import Postgres
from tests.sandbox_process import SandboxProcess
from tests.tracing.collector import Collector
from tests.transmit.delivering import wait_until
from translator.ledger import Ledger

MESSAGES = 5
HOSTS = {"accept": ("--folder", "inbox"), "deliver": ()}


@pytest.fixture
def collector() -> Iterator[Collector]:
    """Take what both hosts trace."""
    with Collector() as running:
        yield running


@pytest.fixture
def url(postgres: Postgres) -> str:
    """Make a ledger that several hosts share."""
    return postgres.shared(8)


def start(role: str, url: str, sandbox: SandboxProcess, collector: Collector, cwd: Path) -> subprocess.Popen[bytes]:
    """Start a host."""
    settings = {
        "TRANSLATOR_LEDGER": url,
        "TRANSLATOR_WHOOP_URL": sandbox.whoop_url,
        "TRANSLATOR_WHOOP_TIMEOUT_S": "1",
        "TRANSLATOR_TRACE_ENDPOINT": collector.url,
        "OTEL_SERVICE_NAME": f"translator-{role}",
    }
    command = [sys.executable, "-m", "translator", "run", "--role", role, *HOSTS[role]]
    addresses = ["--listen", "127.0.0.1:0", "--console", "127.0.0.1:0"]
    with (cwd / "hosts.log").open("ab") as log:
        environment = os.environ | sandbox.environment | settings
        return subprocess.Popen([*command, *addresses], env=environment, cwd=cwd, stdout=log, stderr=log)


def test_trace_of_a_message_goes_on_at_another_host(
    url: str, sandbox: SandboxProcess, collector: Collector, tmp_path: Path
) -> None:
    """Every parent is found, one trace for each message, and the attempt belongs to the host that made it."""
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    for number in range(MESSAGES):
        raw = oru([Obx(HDL, "55")], request=service_request(700 + number), control_id=f"M{number}")
        (inbox / f"{number}.hl7").write_bytes(raw)
    hosts = [start(role, url, sandbox, collector, tmp_path) for role in HOSTS]
    try:
        with Ledger.open(url) as ledger:
            wait_until(lambda: ledger.count("whoop") == {"delivered": 2 * MESSAGES}, seconds=90)
    finally:
        for host in hosts:
            host.send_signal(signal.SIGTERM)
        for host in hosts:
            host.wait(60)

    traces = collector.traces()
    by = {(span.name, span.resource["service.name"]) for spans in traces.values() for span in spans}
    assert len(traces) == MESSAGES
    for spans in traces.values():
        known = {span.own for span in spans}
        (first,) = (span for span in spans if not span.parent)
        assert {span.parent for span in spans} - {""} <= known
        assert {span.told["translator.message"] for span in spans if "translator.message" in span.told} == {
            first.told["translator.message"]
        }
    assert ("receive folder", "translator-accept") in by
    assert ("deliver whoop", "translator-deliver") in by
    assert len({name for name, _ in by}) == len(by)
