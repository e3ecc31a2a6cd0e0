"""
P6, for the service: every intake is fed messages whose every part is marked, while all sorts of things go wrong.

Then everything that the process said, at its most talkative, is searched for the marks: its log, its pages, its answers
to who may know nothing, the reasons beside files, its command line and the names of its threads, and, as they came, the
bytes of the traces that it exported.
"""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import httpx
import pytest

from tests.lab_messages import HDL, LDL, LOCAL, Obx, oru
from tests.nats_server import NatsServer
from tests.postgres import Postgres
from tests.promises.test_p6_no_patient_data_outside import MARKS as EARLIER_MARKS
from tests.promises.test_p6_no_patient_data_outside import MESSAGES as FLAWED
from tests.sandbox_process import NO_TLS, SandboxProcess
from tests.test_service import Service
from tests.tracing.collector import Collector
from tests.transmit.delivering import wait_until
from translator.accept.folder import FAILED, REASON
from translator.accept.webhooks import ACURABLE_PATH, WHOOP_PATH
from translator.ledger import Ledger
from translator.signature import event_body, sign
from translator.tracing.port import ATTRIBUTES
from translator.web.health import LIVE_PATH, READY_PATH
from translator.web.metrics import METRICS_PATH

PATIENT, FILLER, CONTROL, VALUE, TEXT = "MARKPATIENT78", "MARKFILLER78", "MARKCONTROL78", "78.7878", "MARKTEXT78"
FILE, URL, EVENT, KIND = "MARKFILE78", "MARKURL78", "markevent78", "MARKKIND78"
REQUEST = "7c9e6679-7425-40de-944b-78"
MARKS = (PATIENT, FILLER, CONTROL, VALUE, TEXT, FILE, URL, EVENT, KIND, REQUEST, *EARLIER_MARKS)

FAULTS = (("status", 422), ("status", 500), ("drop_after", None), ("truncate", None), ("delay", 3))
SENT = 2
STREAMED = 3

STREAMS = """
[[nats]]
servers = ["{url}"]
stream = "LABS"
subjects = ["LABS.>"]
create = true
outcomes = "told.labs"
"""

TALKATIVE = {
    "TRANSLATOR_LOG_LEVEL": "debug",
    "TRANSLATOR_WHOOP_TIMEOUT_S": "1",
    "TRANSLATOR_LOG_FORMAT": "json",
    "OTEL_BSP_SCHEDULE_DELAY": "100",
    # Whoever asks OpenTelemetry for the command line does not get it from us.
    "OTEL_EXPERIMENTAL_RESOURCE_DETECTORS": "otel,process,os",
}

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TRACED = {"traceparent": CALLER, "tracestate": f"{EVENT}=1", "baggage": f"patient={PATIENT}"}
"""What a caller may say of its own trace, and more."""

RESOURCE = {
    "host.name", "process.pid", "service.instance.id", "service.name", "service.version",
}  # fmt: skip
"""What an export says of the process."""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxProcess]:
    """Serve a WHOOP of our own, which owns every service request."""
    with SandboxProcess("--accept-any") as running:
        yield running


def message(number: int, *more: Obx) -> bytes:
    """Write a message full of marks, on a lane of its own, that is sent."""
    results = [Obx(HDL, "55"), Obx(LDL, VALUE), *more]
    request = f"{REQUEST}{number:010}"
    return oru(results, request=request, patient=PATIENT, filler=FILLER, control_id=f"{CONTROL}{number}")


class Fed:
    """One service that is fed; `heard` collects everything that it says to whom it should say nothing."""

    def __init__(self, service: Service, sandbox: SandboxProcess, inbox: Path, collector: Collector) -> None:
        self.service = service
        self.collector = collector
        self.sandbox = sandbox
        self.inbox = inbox
        self.heard: dict[str, str] = {}

    def by_mllp(self, raw: bytes) -> None:
        """Send a message; what its answer says besides the control id is heard."""
        answer = self.service.send(raw).decode("latin-1")
        self.heard["acknowledgement"] = self.heard.get("acknowledgement", "") + "".join(
            segment for segment in answer.split("\r") if not segment.startswith("MSA")
        )

    def by_mllp_in_pieces(self, raw: bytes) -> None:
        """Begin a frame, and hang up."""
        host, _, port = self.service.addresses["mllp"][0].rpartition(":")
        with socket.create_connection((host, int(port)), timeout=30) as connection:
            connection.sendall(raw)

    def by_folder(self, name: str, raw: bytes) -> None:
        """Put a file there, whole."""
        part = self.inbox / f"{name}.tmp"
        part.write_bytes(raw)
        part.rename(self.inbox / name)

    def by_http(self, method: str, path: str, body: bytes = b"", **headers: str) -> int:
        """Call the service; gives the status. What it says of an error is heard."""
        url = self.service.url + path
        answer = httpx.request(method, url, content=body, headers=headers, trust_env=False, verify=NO_TLS)
        if answer.is_error:
            self.heard[f"{method} answer"] = self.heard.get(f"{method} answer", "") + answer.text + str(answer.headers)
        return answer.status_code

    def look(self) -> None:
        """Read its pages, its command line, the names of its threads, and the reasons beside files."""
        for base, path in ((self.service.addresses["console"], METRICS_PATH), (self.service.url, LIVE_PATH)):
            self._page(base, path, 200)
        for path in (READY_PATH, f"/{URL}", f"/message/{URL}"):
            self._page(self.service.addresses["console"], path)
        process = Path("/proc", str(self.service.process.pid))
        if process.is_dir():
            self.heard["command line"] = (process / "cmdline").read_text(encoding="utf-8")
            self.heard["threads"] = "".join(one.read_text(encoding="utf-8") for one in process.glob("task/*/comm"))
        reasons = [*self.inbox.rglob(f"*{REASON}")]
        self.heard["reasons"] = "".join(one.read_text(encoding="utf-8") for one in reasons)

    def _page(self, base: str, path: str, expected: int | None = None) -> None:
        answer = httpx.get(base + path, trust_env=False, verify=NO_TLS)
        assert expected in (None, answer.status_code)
        self.heard[path] = answer.text + str(answer.headers)

    def end(self) -> None:
        """Stop it; what it wrote is heard."""
        self.service.process.send_signal(signal.SIGTERM)
        printed, _ = self.service.process.communicate(timeout=60)
        self.heard |= {"stdout": str(printed), "stderr": self.service.errors}
        self.heard["traces"] = b"".join(self.collector.taken).decode("latin-1")

    @property
    def found(self) -> list[tuple[str, str]]:
        """List which marks were heard, and where."""
        return [(place, mark) for place, text in self.heard.items() for mark in MARKS if mark in text]


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """Make a folder that is watched."""
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


@pytest.fixture
def collector() -> Iterator[Collector]:
    """Take what is traced."""
    with Collector() as running:
        yield running


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[NatsServer]:
    """Run a broker of streams."""
    (tmp_path / "nats").mkdir()
    with NatsServer(tmp_path / "nats") as running:
        yield running


def start(place: str, sandbox: SandboxProcess, inbox: Path, collector: Collector, settings: str = "") -> Service:
    """Start a service that says whatever it can say."""
    (inbox.parent / "translator.toml").write_text(settings, encoding="utf-8")
    flags = ("--ledger", place, "--folder", str(inbox), "--mllp", "127.0.0.1:0")
    environment = TALKATIVE | {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}
    return Service(inbox.parent / "lab.db", sandbox, *flags, **environment)


def feed_webhooks(fed: Fed) -> None:
    """Tell of events that are known, unknown, unsigned and none at all."""
    known, strange = event_body("lab_requisition.created", EVENT), event_body(KIND, EVENT)
    for body in (known, strange, f'{{"{TEXT}": "{PATIENT}"'.encode()):
        fed.by_http("POST", WHOOP_PATH, body, **{"WHOOP-Signed": sign(fed.sandbox.webhook_secret, body)})
        fed.by_http("POST", WHOOP_PATH, body, **{"WHOOP-Signed": TEXT})
    study = json.dumps({"event": KIND, "reference": EVENT, "patient": {"name": PATIENT}}).encode()
    for body in (study, study[:-9]):
        for kind in ("application/json", "text/plain"):
            fed.by_http("POST", ACURABLE_PATH, body, **{"Content-Type": kind})


def feed_api(fed: Fed, token: str) -> None:
    """Bring messages with a token and without; ask for what is not there."""
    for greeting in (f"Bearer {token}", f"Bearer {TEXT}", ""):
        for path in ("/v1/messages", "/v1/translate", f"/v1/messages/{URL}?name={URL}"):
            for raw in (message(50), FLAWED[-1].values[0]):
                assert isinstance(raw, bytes)
                headers = {
                    "Authorization": greeting,
                    "Idempotency-Key": TEXT,
                    "Content-Type": "application/octet-stream",
                    **TRACED,
                }
                fed.by_http("POST", path, raw, **headers)
            fed.by_http("GET", path, Authorization=greeting)


def feed_stream(broker: NatsServer) -> None:
    """Publish messages that are taken, held, and none at all, under marked subjects and headers."""
    flawed = FLAWED[-1].values[0]
    assert isinstance(flawed, bytes)

    async def publish() -> None:
        async with broker.client() as (_, jetstream):
            for number, raw in enumerate((message(80), message(81, Obx(LOCAL, TEXT, type="ST")), flawed)):
                headers = {"Nats-Msg-Id": f"{CONTROL}{number}", "patient": PATIENT, **TRACED}
                await jetstream.publish(f"LABS.{URL}", raw, headers=headers)

    asyncio.run(publish())


def feed_folder(fed: Fed) -> None:
    """Put files there that are taken, held and failed; their names are marked, too."""
    fed.by_folder(f"{FILE}-good.hl7", message(40) + message(41, Obx(LOCAL, TEXT, type="ST")))
    for number, flawed in enumerate(FLAWED):
        raw = flawed.values[0]
        assert isinstance(raw, bytes)
        fed.by_folder(f"{FILE}-{number}.hl7", raw)
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(f"{FILE}-member.hl7", message(42))
    fed.by_folder(f"{FILE}-damaged.zip", packed.getvalue()[:-30])
    fed.by_folder(f"{FILE}-stray.hl7", f"{TEXT} {PATIENT}\r".encode() + message(43) + f"BTS|{PATIENT}\r".encode())


def is_settled(ledger: Ledger, failures: int) -> bool:
    """Tell whether the first message was sent, with its status, and so many later ones failed."""
    counts = ledger.count("whoop")
    return counts.get("delivered") == SENT and counts.get("unknown", 0) + counts.get("rejected", 0) == failures


def test_service_tells_nobody_of_a_patient(
    sandbox: SandboxProcess, inbox: Path, collector: Collector, broker: NatsServer
) -> None:
    """Whatever comes in by whichever door, and whatever the vendor does."""
    place = str(inbox.parent / "lab.db")
    with Ledger.open(place) as ledger:
        streams = STREAMS.format(url=broker.url)
        fed = Fed(start(place, sandbox, inbox, collector, streams), sandbox, inbox, collector)
        try:
            for number, fault in enumerate(((None, None), *FAULTS)):
                if fault[0]:
                    sandbox.fault("results", fault[0], fault[1])
                fed.by_mllp(message(number, Obx(LOCAL, TEXT, type="ST")))
                wait_until(lambda: is_settled(ledger, number), seconds=60)  # noqa: B023 - it is called at once
            for flawed in FLAWED:
                raw = flawed.values[0]
                assert isinstance(raw, bytes)
                fed.by_mllp(raw)
            fed.by_mllp_in_pieces(b"\x0b" + message(30))
            fed.by_mllp_in_pieces(message(31))
            feed_webhooks(fed)
            feed_api(fed, ledger.access().tokens.create("lab", ["submit", "translate", "read"]))
            feed_folder(fed)
            feed_stream(broker)
            wait_until(lambda: fed.service.errors.count('"intake":"nats"') == STREAMED, seconds=60)
            wait_until(lambda: not [one for one in inbox.iterdir() if one.is_file()], seconds=60)
            ledger.destinations().pause("whoop", f"{TEXT} {PATIENT} withdrew")
            fed.by_mllp(message(70))
            wait_until(lambda: '"by":"person"' in fed.service.errors, seconds=60)
            fed.look()
        finally:
            fed.end()

        counts = ledger.count("whoop")
        kept = b"".join(ledger.raw(row.message) for row in ledger.messages()).decode("latin-1")

    # It was all there, and was told of: else there would be nothing to find.
    assert counts["unknown"] >= 4
    assert counts["rejected"] >= 1
    assert [mark for mark in (PATIENT, FILLER, CONTROL, VALUE, TEXT, REQUEST) if mark not in kept] == []
    assert [one for one in (inbox / FAILED).iterdir() if FILE in one.name]
    assert fed.heard["stderr"].count('"event":"message-taken"') > len(FAULTS)
    assert [one for one in ("mllp", "folder", "http", "nats") if f'"intake":"{one}"' not in fed.heard["stderr"]] == []
    assert '"event":"call-ended"' in fed.heard["stderr"]
    assert "translator_held{" in fed.heard[METRICS_PATH]
    assert fed.heard["reasons"]
    assert "delivery is paused" in fed.heard["stderr"]
    assert fed.found == []
    check_traces(collector)


def check_traces(collector: Collector) -> None:
    """See that there was something to be found in the traces, and that they say nothing but what they may."""
    spans = collector.spans
    receipts = {
        "receive mllp",
        "receive folder",
        "receive nats",
        "POST /v1/messages",
        f"POST {WHOOP_PATH}",
        f"POST {ACURABLE_PATH}",
    }
    assert receipts | {"translate", "commit", "wait whoop", "deliver whoop"} <= {span.name for span in spans}
    assert {"accepted", "refused", "unknown"} <= {span.told.get("translator.outcome") for span in spans}
    assert {span.name for span in spans if "{" in span.name or span.kind == "client"} <= {
        "token",
        "POST /v2/partner/service-request/{id}/results",
        "PATCH /v2/partner/service-request/{id}/status",
        "GET /v2/partner/requisition/{id}",
    }
    assert {name for span in spans for name in span.told} <= ATTRIBUTES | {"error.type"}
    assert {name for span in spans for name in span.resource} == RESOURCE
    assert [span.parent for span in spans if span.trace == CALLER.split("-")[1] and span.name == "POST /v1/messages"]


def test_service_tells_nobody_of_a_patient_while_its_ledger_is_away(
    sandbox: SandboxProcess, inbox: Path, postgres: Postgres, collector: Collector
) -> None:
    """What cannot be kept is refused, and told of by place and code as everything else."""
    fed = Fed(start(postgres.new(), sandbox, inbox, collector), sandbox, inbox, collector)
    try:
        fed.by_mllp(message(60))
        postgres.stop()
        try:
            fed.by_mllp(message(61))
            feed_webhooks(fed)
            fed.by_folder(f"{FILE}-away.hl7", message(62))
            wait_until(lambda: "files wait" in str(fed.service.ready()), seconds=60)
            fed.look()
        finally:
            postgres.start()
        fed.by_mllp(message(63))
        wait_until(lambda: fed.service.ready()[0] == 200, seconds=60)
    finally:
        fed.end()

    assert "files wait" in fed.heard["stderr"]
    assert "files wait" in fed.heard[READY_PATH]
    assert fed.found == []
    assert {"receive mllp", f"POST {WHOOP_PATH}"} <= {span.name for span in collector.spans if span.is_error}
