"""The service in a process of its own: stopped well, killed badly, and what is left either way."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme

from tests.lab_messages import HDL, LOCAL, Obx, oru, service_request
from tests.sandbox_process import NO_TLS, SandboxProcess
from tests.transmit.delivering import wait_until
from translator.accept.webhooks import WHOOP_PATH
from translator.ledger import Ledger
from translator.read.mllp import Frames, read_acknowledgement
from translator.signature import event_body, sign
from translator.web.health import READY_PATH


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxProcess]:
    """Serve one WHOOP for all tests of this file, which owns every service request."""
    with SandboxProcess("--accept-any") as running:
        yield running


class Service:
    """One `translator run`; it prints where it listens. What it writes to stderr lies in a file beside its ledger."""

    def __init__(self, ledger: Path, sandbox: SandboxProcess, *flags: str, **environment: str) -> None:
        command = [sys.executable, "-m", "translator", "run", "--listen", "127.0.0.1:0", "--console", "127.0.0.1:0"]
        self._log = ledger.with_suffix(".stderr")
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--ledger", str(ledger), "--whoop-url", sandbox.whoop_url, *flags],
                env=os.environ | sandbox.environment | environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=ledger.parent,
            )
        self.addresses = self.greeted()
        self.url = self.addresses.get("url", "")

    def greeted(self) -> dict[str, Any]:
        """Wait until it prints where it is."""
        assert self.process.stdout is not None
        told: dict[str, Any] = json.loads(self.process.stdout.readline() or "{}")
        return told

    @property
    def errors(self) -> str:
        """What it wrote to stderr."""
        return self._log.read_text(encoding="utf-8")

    def tell(self, sandbox: SandboxProcess, requisition_id: str) -> int:
        """Announce a requisition as WHOOP does; gives the answer."""
        body = event_body("lab_requisition.created", requisition_id)
        signed = {"WHOOP-Signed": sign(sandbox.webhook_secret, body)}
        return httpx.post(
            self.url + WHOOP_PATH, content=body, headers=signed, trust_env=False, verify=NO_TLS
        ).status_code

    def ready(self) -> tuple[int, dict[str, Any]]:
        """Ask whether it is ready."""
        answer = httpx.get(self.addresses["console"] + READY_PATH, trust_env=False, verify=NO_TLS)
        return answer.status_code, answer.json()

    def send(self, raw: bytes) -> bytes:
        """Send a message by MLLP; gives the acknowledgement."""
        host, _, port = self.addresses["mllp"][0].rpartition(":")
        with socket.create_connection((host, int(port)), timeout=30) as connection:
            connection.sendall(b"\x0b" + raw + b"\x1c\r")
            frames: list[bytes] = []
            reader = Frames()
            while not frames:
                frames = reader.feed(connection.recv(65536))
        return frames[0]

    def reload(self, said: str) -> None:
        """Have it read its settings anew, and wait until it says what came of that."""
        count = self.errors.count(said)
        self.process.send_signal(signal.SIGHUP)
        wait_until(lambda: self.errors.count(said) > count, seconds=30)

    def end(self, number: int) -> tuple[int, str]:
        """Send a signal; gives the exit code and what it wrote to stderr."""
        self.process.send_signal(number)
        return self.ended()

    def ended(self) -> tuple[int, str]:
        """Wait for its end; gives the exit code and what it wrote to stderr but for starts and stops."""
        self.process.communicate(timeout=60)
        return self.process.returncode, "\n".join(
            line for line in self.errors.split("\n") if '"level":"info"' not in line
        )


class Starting(Service):
    """One that nobody has waited for yet."""

    def greeted(self) -> dict[str, Any]:
        """Wait for nothing."""
        return {}


Serve = Callable[..., Service]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start services; none outlives its test."""
    running: list[Service] = []

    def start(ledger: Path, sandbox: SandboxProcess, *flags: str, **environment: str) -> Service:
        running.append(Service(ledger, sandbox, *flags, **environment))
        return running[-1]

    yield start
    for service in running:
        service.process.kill()
        service.process.communicate()


def test_announced_requisition_is_fetched_and_confirmed(serve: Serve, sandbox: SandboxProcess, tmp_path: Path) -> None:
    """From the webhook to ORDER_CONFIRMED without anybody's help; SIGTERM ends it with exit code 0 and no word."""
    requisition = sandbox.add_requisition()
    requests = [one["id"] for one in requisition["service_requests"]]
    service = serve(tmp_path / "lab.db", sandbox)

    answer = service.tell(sandbox, requisition["id"])

    wait_until(lambda: all(sandbox.task_status(one) == "ORDER_CONFIRMED" for one in requests), seconds=30)
    assert (answer, service.end(signal.SIGTERM)) == (204, (0, ""))
    with Ledger.open(tmp_path / "lab.db") as ledger:
        # One call confirms the whole, since nothing is on its lanes yet.
        assert (ledger.count("whoop"), ledger.verify()) == ({}, [])


def test_acknowledged_event_outlives_a_kill(serve: Serve, sandbox: SandboxProcess, tmp_path: Path) -> None:
    """P2: after 204 the event is on disk, whatever happens to the process; the next one acts on it."""
    requisition = sandbox.add_requisition()
    # WHOOP is slow, so that the process dies while it fetches.
    sandbox.fault("requisition", "delay", 5)
    service = serve(tmp_path / "lab.db", sandbox)

    answer = service.tell(sandbox, requisition["id"])
    service.end(signal.SIGKILL)
    with Ledger.open(tmp_path / "lab.db") as ledger:
        (event,) = ledger.events().rows()
        sandbox.clear_faults()
        again = serve(tmp_path / "lab.db", sandbox)
        wait_until(lambda: [row.state for row in ledger.events().rows()] == ["done"], seconds=30)
        again.end(signal.SIGTERM)

    assert (answer, event.state, event.resource) == (204, "waiting", requisition["id"])


def test_service_without_a_webhook_secret_says_so(serve: Serve, sandbox: SandboxProcess, tmp_path: Path) -> None:
    """It delivers, believes no webhook, and tells the operator why; Ctrl-C ends it well, too."""
    service = serve(tmp_path / "lab.db", sandbox, WHOOP_WEBHOOK_SECRET="")

    answer = service.tell(sandbox, "e72719d6-0dbb-4eb3-9ccc-781b563fc3d3")

    code, errors = service.end(signal.SIGINT)
    assert (answer, code, "whoop.webhook_secret is not set" in errors) == (401, 0, True)


def test_service_without_credentials_keeps_what_comes(serve: Serve, sandbox: SandboxProcess, tmp_path: Path) -> None:
    """What is due waits, WHOOP is paused with the reason, and everything else goes on."""
    service = serve(tmp_path / "lab.db", sandbox, "--mllp", "127.0.0.1:0", WHOOP_CLIENT_ID="")

    service.send(message(151))
    service.tell(sandbox, "e72719d6-0dbb-4eb3-9ccc-781b563fc3d3")

    with Ledger.open(tmp_path / "lab.db") as ledger:
        wait_until(lambda: bool(ledger.destinations().standing("whoop").paused), seconds=60)
        service.send(message(152))
        assert ledger.balance().by_state == {"queued": 2}
    code, errors = service.end(signal.SIGTERM)
    assert (code, "WHOOP_CLIENT_ID is not set" in errors) == (1, True)


HEADER = "system,code,same_as,display,wire_unit,ignore,example_in,example_out,note\n"
ROW = "L,ZZ9,13457-7,LDL cholesterol,,,112 mg/dL,112 mg/dL,\n"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site without any row of its own; gives its table."""
    table = tmp_path / "acme" / "whoop" / "observations.csv"
    table.parent.mkdir(parents=True)
    table.write_text(HEADER, encoding="utf-8")
    return table


def message(number: int, *results: Obx) -> bytes:
    """Write the report of one service request."""
    return oru(results or [Obx(HDL, "55")], request=service_request(number), control_id=f"C{number}")


def posted(sandbox: SandboxProcess, number: int) -> list[list[str]]:
    """Name the codes that WHOOP was sent for a service request, call by call."""
    return [
        [one["code"] for one in call["body"]["observations"]]
        for call in sandbox.requests()
        if call["method"] == "POST" and service_request(number) in call["path"]
    ]


def test_message_of_every_intake_is_delivered(serve: Serve, sandbox: SandboxProcess, tmp_path: Path) -> None:
    """A file and a frame, one process; the file is gone, the frame is acknowledged, and WHOOP has both."""
    inbox = tmp_path / "in"
    inbox.mkdir()
    settings = tmp_path / "translator.toml"
    settings.write_text(
        "[[folder]]\npath = 'in'\ncomplete = 'renamed'\n[[mllp]]\nlisten = '127.0.0.1:0'\n", encoding="utf-8"
    )
    service = serve(tmp_path / "lab.db", sandbox, "--config", str(settings))

    (inbox / "a.hl7").write_bytes(message(101))
    answer = service.send(message(102))
    wait_until(lambda: posted(sandbox, 101) == posted(sandbox, 102) == [["HDL"]], seconds=60)
    ready = service.ready()

    acknowledged = read_acknowledgement(answer)
    assert acknowledged is not None
    assert (acknowledged.code, acknowledged.control_id, ready) == ("AA", "C102", (200, {"status": "ready"}))
    assert service.addresses["folders"] == 1
    assert service.end(signal.SIGTERM) == (0, "")
    assert not (inbox / "a.hl7").exists()


def test_reload_reads_tables_anew(serve: Serve, sandbox: SandboxProcess, tmp_path: Path, site: Path) -> None:
    """A row for a code that was held counts for what comes next; connections and ports stay as they are."""
    service = serve(tmp_path / "lab.db", sandbox, "--mllp", "127.0.0.1:0", "--site", str(tmp_path / "acme"))
    service.send(message(111, Obx(HDL, "55"), Obx(LOCAL, "112")))

    site.write_text(HEADER + ROW, encoding="utf-8")
    service.reload("read anew")
    service.send(message(112, Obx(HDL, "55"), Obx(LOCAL, "112")))

    wait_until(lambda: bool(posted(sandbox, 111) and posted(sandbox, 112)), seconds=60)
    assert (posted(sandbox, 111), posted(sandbox, 112)) == ([["HDL"]], [["HDL", "LDL"]])
    assert service.end(signal.SIGTERM)[0] == 0


def test_faulty_reload_changes_nothing(serve: Serve, sandbox: SandboxProcess, tmp_path: Path, site: Path) -> None:
    """It says what is wrong and where, and goes on with the old tables, whole."""
    site.write_text(HEADER + ROW, encoding="utf-8")
    service = serve(tmp_path / "lab.db", sandbox, "--mllp", "127.0.0.1:0", "--site", str(tmp_path / "acme"))

    site.write_text(HEADER + "L,ZZ9,13457-8,LDL,,,,,\n", encoding="utf-8")
    service.reload("the old settings and tables stay")
    service.send(message(121, Obx(LOCAL, "112")))

    wait_until(lambda: posted(sandbox, 121) == [["LDL"]], seconds=60)
    code, errors = service.end(signal.SIGTERM)
    assert (code, "observations.csv:2" in errors) == (0, True)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        pytest.param("[lab]\nto = './nowhere'", "lab.to", id="folder-of-the-lab-away"),
        pytest.param("[lab]\nto = 'mllps://127.0.0.1:1'\nca = 'no.pem'", "lab.ca", id="authority-of-the-lab-away"),
        pytest.param("[whoop]\nclient_secret = 'file:no'", "secret cannot be read", id="secret-away"),
        pytest.param("[whoop]\nwebhook_secret = 'file:no'", "secret cannot be read", id="webhook-secret-away"),
        pytest.param("[acurable]\nwebhook_token = 'file:no'", "secret cannot be read", id="token-away"),
    ],
)
def test_settings_that_cannot_be_used_are_neither_started_nor_reloaded(
    serve: Serve, sandbox: SandboxProcess, tmp_path: Path, more: str, said: str
) -> None:
    """What is seen when the first result is due is seen too late."""
    settings, port = tmp_path / "translator.toml", "[[mllp]]\nlisten = '127.0.0.1:0'\n"
    settings.write_text(port, encoding="utf-8")
    service = serve(tmp_path / "lab.db", sandbox, "--config", str(settings))

    settings.write_text(port + more, encoding="utf-8")
    service.reload("the old settings and tables stay")
    acknowledged = read_acknowledgement(service.send(message(161)))
    other = serve(tmp_path / "other.db", sandbox, "--config", str(settings))

    assert acknowledged is not None
    assert (acknowledged.code, other.addresses) == ("AA", {})
    assert [said in errors for errors in (service.errors, other.ended()[1])] == [True, True]
    assert other.process.returncode == 2


def test_secret_of_webhooks_is_read_anew(serve: Serve, sandbox: SandboxProcess, tmp_path: Path) -> None:
    """A secret that was changed counts from the reload on, and the old one no more."""
    secret, settings = tmp_path / "secret", tmp_path / "translator.toml"
    secret.write_text("of before", encoding="utf-8")
    settings.write_text("[whoop]\nwebhook_secret = 'file:secret'\n", encoding="utf-8")
    service = serve(tmp_path / "lab.db", sandbox, "--config", str(settings))
    before = service.tell(sandbox, "e72719d6-0dbb-4eb3-9ccc-781b563fc3d4")

    secret.write_text(sandbox.webhook_secret, encoding="utf-8")
    service.reload("read anew")

    assert (before, service.tell(sandbox, "e72719d6-0dbb-4eb3-9ccc-781b563fc3d4")) == (401, 204)


def test_certificate_that_cannot_be_used_keeps_all_of_before(
    serve: Serve, sandbox: SandboxProcess, tmp_path: Path, site: Path
) -> None:
    """A reload is taken as a whole, certificates among it."""
    authority = trustme.CA()
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "port.pem"))
    settings = tmp_path / "translator.toml"
    ports = "[[mllp]]\nlisten = '127.0.0.1:0'\n" * 2 + "certificate = 'port.pem'\n"
    settings.write_text(f"site = './acme'\n{ports}", encoding="utf-8")
    service = serve(tmp_path / "lab.db", sandbox, "--config", str(settings))

    (tmp_path / "port.pem").write_text("no certificate", encoding="utf-8")
    site.write_text(HEADER + ROW, encoding="utf-8")
    service.reload("the old settings and tables stay")
    service.send(message(171, Obx(LOCAL, "112")))

    with Ledger.open(tmp_path / "lab.db") as ledger:
        assert ledger.balance().by_state == {"held": 1}


def test_settings_file_that_went_away_is_no_sound_reload(serve: Serve, sandbox: SandboxProcess, tmp_path: Path) -> None:
    """Settings that were found in the current folder are missed when they are gone."""
    settings = tmp_path / "translator.toml"
    settings.write_text("site = 'example'\n", encoding="utf-8")
    service = serve(tmp_path / "lab.db", sandbox)

    settings.unlink()
    service.reload("the old settings and tables stay")

    assert service.end(signal.SIGTERM)[0] == 0


def test_reload_that_comes_too_early_ends_nothing(sandbox: SandboxProcess, tmp_path: Path) -> None:
    """A supervisor may ask for it before the service listens."""
    service = Starting(tmp_path / "lab.db", sandbox)
    try:
        wait_until((tmp_path / "lab.db").exists, seconds=60)
        service.process.send_signal(signal.SIGHUP)
        greeting = Service.greeted(service)

        assert (service.end(signal.SIGTERM)[0], "url" in greeting) == (0, True)
    finally:
        service.process.kill()


def test_address_that_changed_waits_for_the_next_start(serve: Serve, sandbox: SandboxProcess, tmp_path: Path) -> None:
    """A reload says so, and takes the rest."""
    settings = tmp_path / "translator.toml"
    settings.write_text("[[mllp]]\nlisten = '127.0.0.1:0'\n", encoding="utf-8")
    service = serve(tmp_path / "lab.db", sandbox, "--config", str(settings))

    settings.write_text("[[mllp]]\nlisten = 'localhost:0'\nidle_s = 5\n", encoding="utf-8")
    service.reload("read anew")

    assert "mllp: takes effect at the next start" in service.errors
    assert service.end(signal.SIGTERM)[0] == 0


def test_intake_keeps_its_site_at_a_reload(serve: Serve, sandbox: SandboxProcess, tmp_path: Path, site: Path) -> None:
    """What comes in by a port is read by the site that the port was opened with, whatever the file says by now."""
    site.write_text(HEADER + ROW, encoding="utf-8")
    settings = tmp_path / "translator.toml"
    settings.write_text("[[mllp]]\nlisten = '127.0.0.1:0'\nsite = './acme'\n", encoding="utf-8")
    service = serve(tmp_path / "lab.db", sandbox, "--config", str(settings))

    settings.write_text("[[mllp]]\nlisten = '127.0.0.1:0'\n", encoding="utf-8")
    service.reload("read anew")
    service.send(message(141, Obx(LOCAL, "112")))

    wait_until(lambda: posted(sandbox, 141) == [["LDL"]], seconds=60)
    assert service.end(signal.SIGTERM)[0] == 0


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        pytest.param(("--folder", "nowhere"), "a watched folder is not there", id="folder-away"),
        pytest.param(("--mllp", "203.0.113.1:2575"), "`mllp`: cannot listen", id="address-of-another-machine"),
        pytest.param(("--site", "nowhere"), "there is no site", id="no-site"),
    ],
)
def test_service_that_cannot_serve_does_not_start(
    serve: Serve, sandbox: SandboxProcess, tmp_path: Path, flags: tuple[str, ...], said: str
) -> None:
    """Half a service would look like a quiet day."""
    service = serve(tmp_path / "lab.db", sandbox, *flags)

    code, errors = service.ended()

    assert (code, said in errors, service.addresses) == (2, True, {})


def test_stop_finishes_what_is_under_way(serve: Serve, sandbox: SandboxProcess, tmp_path: Path) -> None:
    """A call that WHOOP takes long over is waited for, so nothing is unknown afterwards."""
    sandbox.fault("results", "delay", 3)
    service = serve(tmp_path / "lab.db", sandbox, "--mllp", "127.0.0.1:0")

    service.send(message(131))
    with Ledger.open(tmp_path / "lab.db") as ledger:
        wait_until(lambda: bool(ledger.show(1).submissions[0].attempts), seconds=60)
        ended = service.end(signal.SIGTERM)

        assert ended == (0, "")
        assert ledger.balance().by_state == {"delivered": 1}


def test_whatever_is_not_served_is_a_problem(serve: Serve, sandbox: SandboxProcess, tmp_path: Path) -> None:
    """Below /v1 and elsewhere, by any method, and where it is no HTTP at all."""
    service = serve(tmp_path / "lab.db", sandbox)
    ends = [("GET", "/"), ("GET", "/v1"), ("GET", "/v2/messages"), ("GET", "/livez/"), ("DELETE", WHOOP_PATH)]
    answers = [httpx.request(method, service.url + path, trust_env=False, verify=NO_TLS) for method, path in ends]
    for base in (service.url, service.addresses["console"]):
        host, _, port = base.removeprefix("http://").rpartition(":")
        with socket.create_connection((host, int(port)), timeout=30) as connection:
            connection.sendall(b"no call\r\n\r\n")
            told = b"".join(iter(lambda: connection.recv(65_536), b""))
        assert b"urn:translator:problem:call-malformed" in told
    service.end(signal.SIGTERM)

    assert [answer.status_code for answer in answers] == [404, 404, 404, 404, 405]
    assert {answer.headers["content-type"] for answer in answers} == {"application/problem+json"}
    assert answers[-1].headers["allow"] == "POST"
