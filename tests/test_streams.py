"""The service consumes streams: by its settings, anew at a reload; metrics and readiness say how it is."""

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

from tests.accept.serving import report
from tests.nats_server import NatsServer
from tests.sandbox_process import NO_TLS, SandboxProcess
from tests.test_service import Service
from tests.transmit.delivering import wait_until
from translator.ledger import Ledger

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are for POSIX")

SETTINGS = "[[nats]]\nstream = '{stream}'\nservers = ['{url}']\noutcomes = 'told.{stream}'\ncreate = true\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    """Run one server for all tests of this file."""
    with NatsServer(tmp_path_factory.mktemp("nats")) as running:
        yield running


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxProcess]:
    """Serve one WHOOP for all tests of this file, which owns every service request."""
    with SandboxProcess("--accept-any") as running:
        yield running


def test_service_tells_publishers_what_the_vendor_said(
    server: NatsServer, sandbox: SandboxProcess, tmp_path: Path
) -> None:
    """From the stream to the vendor and back; a reload consumes another stream; metrics count; SIGTERM ends it well."""
    settings = tmp_path / "translator.toml"
    settings.write_text(SETTINGS.format(stream="FIRST", url=server.url), encoding="utf-8")
    service = Service(tmp_path / "lab.db", sandbox, "--config", str(settings))
    try:
        wait_until(lambda: service.ready()[0] == 200, seconds=60)
        server.publish("FIRST.a", [(report(1), "one")])
        wait_until(lambda: any(one["settled"] for one in server.outcomes("FIRST_OUTCOMES")), seconds=60)
        settings.write_text(SETTINGS.format(stream="SECOND", url=server.url), encoding="utf-8")
        service.reload("read anew")
        wait_until(lambda: service.ready()[0] == 200, seconds=60)
        server.publish("SECOND.a", [(report(2), "two")])
        wait_until(lambda: any(one["settled"] for one in server.outcomes("SECOND_OUTCOMES")), seconds=60)
        metrics = httpx.get(f"{service.addresses['console']}/metrics", trust_env=False, verify=NO_TLS).text
        code, errors = service.end(signal.SIGTERM)
    finally:
        service.process.kill()

    assert (service.addresses["streams"], code) == (1, 0), errors
    (started,) = [json.loads(line) for line in service.errors.splitlines() if '"started"' in line]
    assert started["streams"] == 1
    assert 'translator_stream_messages_total{became="taken",stream="SECOND/translator"} 1.0' in metrics
    assert 'translator_stream_connected{stream="SECOND/translator"} 1.0' in metrics
    assert "FIRST" not in metrics
    last = server.outcomes("SECOND_OUTCOMES")[-1]
    assert (last["msg_id"], last["entries"]) == ("two", [{"state": "delivered", "count": 1}])
    with Ledger.open(tmp_path / "lab.db") as ledger:
        assert [row.control_id for row in ledger.messages()] == ["M1", "M2"]
        assert ledger.verify() == []


def test_service_starts_though_the_broker_is_away(sandbox: SandboxProcess, tmp_path: Path) -> None:
    """It is alive and not ready, and says why; bad settings at a reload leave it as it is."""
    settings = tmp_path / "translator.toml"
    settings.write_text("[[nats]]\nstream = 'LAB'\nservers = ['nats://127.0.0.1:9']\n", encoding="utf-8")
    service = Service(tmp_path / "lab.db", sandbox, "--config", str(settings))
    try:
        wait_until(lambda: "the broker is away" in service.errors, seconds=60)
        ready = service.ready()
        settings.write_text("[[nats]]\nstream = 'LAB'\n[[nats]]\nstream = 'LAB'\n", encoding="utf-8")
        service.reload("two `[[nats]]` name the same stream")
        code, _ = service.end(signal.SIGTERM)
    finally:
        service.process.kill()

    assert ready[0] == 503
    assert ready[1]["troubles"] == {"nats LAB/translator": "the broker is away; it is called again"}
    assert code == 0


def test_service_without_streams_loads_nothing_of_them() -> None:
    """Who has no `[[nats]]` needs no FastStream, and waits for none."""
    script = (
        "import sys, translator.service, translator.doctor\n"
        "from translator.config import parse_settings\n"
        "from translator.usable import check_usable\n"
        "check_usable(parse_settings(''))\n"
        "print(*sorted({name.split('.')[0] for name in sys.modules} & {'faststream', 'nats', 'nkeys', 'anyio'}))"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=os.environ)

    assert {"faststream", "nats", "nkeys"}.isdisjoint(done.stdout.split())
