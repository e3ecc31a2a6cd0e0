"""One trace from the frame to the vendor's answer, whichever processes the message goes through, and whenever."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.lab_messages import HDL, Obx, oru, service_request
from tests.sandbox_process import NO_TLS, SandboxProcess
from tests.test_service import Service
from tests.tracing.collector import Collector, Seen, tree
from tests.transmit.delivering import wait_until
from translator.accept.webhooks import WHOOP_PATH
from translator.ledger import Ledger

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
MARK = "MARKPATIENT79"
RESULTS, STATUS = (f"{call} /v2/partner/service-request/{{id}}/{kind}" for call, kind in
                   (("POST", "results"), ("PATCH", "status")))  # fmt: skip


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxProcess]:
    """Serve vendors of our own, who own every service request."""
    with SandboxProcess("--accept-any") as running:
        yield running


@pytest.fixture
def collector() -> Iterator[Collector]:
    """Take what is traced."""
    with Collector() as running:
        yield running


def environment(collector: Collector) -> dict[str, str]:
    """Say where traces go, and that they go soon."""
    return {"TRANSLATOR_TRACE_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "50"}


def translator(*arguments: str, sandbox: SandboxProcess, cwd: Path, **more: str) -> subprocess.CompletedProcess[bytes]:
    """Run one verb in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "translator", *arguments],
        cwd=cwd,
        env=os.environ | sandbox.environment | {"TRANSLATOR_WHOOP_URL": sandbox.whoop_url} | more,
        capture_output=True,
        check=False,
        timeout=120,
    )


def check_whole(spans: list[Seen], *, parent: str = "") -> None:
    """See that a trace is one: every parent is in it, but for the first one's, which is the caller's."""
    known = {span.own for span in spans}
    assert [span.name for span in spans if span.parent not in known | {parent}] == []
    assert [span.parent for span in spans].count(parent) == 1
    assert len(known) == len(spans)


def processes(spans: list[Seen]) -> int:
    """Count the processes that told of a trace."""
    return len({span.resource["service.instance.id"] for span in spans})


def test_message_that_is_submitted_and_delivered_later_has_one_trace(
    sandbox: SandboxProcess, collector: Collector, tmp_path: Path
) -> None:
    """One process takes it in, under a name that nobody is told; the service delivers it, at the second try."""
    (tmp_path / f"{MARK}.hl7").write_bytes(oru([Obx(HDL, "55")], request=service_request(791), patient=MARK))
    more = environment(collector) | {"OTEL_EXPERIMENTAL_RESOURCE_DETECTORS": "process"}
    taken = translator("submit", f"{MARK}.hl7", "--wait", "0", sandbox=sandbox, cwd=tmp_path, **more)
    sandbox.fault("results", "status", 503)
    service = Service(tmp_path / "translator.db", sandbox, **environment(collector))
    try:
        with Ledger.open(tmp_path / "translator.db") as ledger:
            wait_until(lambda: ledger.count("whoop") == {"delivered": 2}, seconds=60)
    finally:
        service.end(signal.SIGTERM)

    (spans,) = collector.traces().values()
    attempts = [span for span in spans if span.name == "deliver whoop"]
    assert taken.returncode == 1
    check_whole(spans)
    assert processes(spans) == 2
    assert [(span.told["translator.kind"], span.told["translator.answer"]) for span in attempts] == [
        ("results", "503"),
        ("results", "201"),
        ("status", "200"),
    ]
    assert [span.told.get("translator.attempt") for span in attempts] == [1, 2, 1]
    assert {span.told["translator.message"] for span in spans if "translator.message" in span.told} == {1}
    assert MARK.encode() not in b"".join(collector.taken)


@pytest.fixture
def service(sandbox: SandboxProcess, collector: Collector, tmp_path: Path) -> Iterator[Service]:
    """Run a service with every intake."""
    (tmp_path / "inbox").mkdir()
    flags = ("--mllp", "127.0.0.1:0", "--folder", "inbox", "--acurable-url", sandbox.acurable_url, "--site", "example")
    more = environment(collector) | {"TRANSLATOR_ACURABLE_ISSUER": sandbox.acurable_issuer}
    running = Service(tmp_path / "lab.db", sandbox, *flags, **more)
    yield running
    running.process.kill()
    running.process.communicate()


def hand_in(service: Service, raw: bytes, token: str, headers: Mapping[str, str]) -> int:
    """Hand a message in by HTTP; gives the status."""
    sent = {"Authorization": f"Bearer {token}", "Content-Type": "application/octet-stream", **headers}
    url = f"{service.url}/v1/messages"
    return httpx.post(url, content=raw, headers=sent, trust_env=False, verify=NO_TLS).status_code


ORDER = next((Path(__file__).parents[2] / "fixtures/orders/a-new-order-is-sent").glob("order.*"))


def test_every_intake_begins_a_trace_or_goes_on_with_its_callers(
    service: Service, sandbox: SandboxProcess, collector: Collector, tmp_path: Path
) -> None:
    """MLLP, HTTP, a folder, an order for Acurable, a webhook: each from what came in to the vendor's last answer."""
    added = sandbox.add_requisition()
    with Ledger.open(tmp_path / "lab.db") as ledger:
        token = ledger.access().tokens.create("lab", ["submit"])
        service.send(oru([Obx(HDL, "55")], request=service_request(792)))
        hand_in(service, oru([Obx(HDL, "55")], request=service_request(793)), token,
                {"traceparent": f"00-{TRACE}-{CALLER}-01"})  # fmt: skip
        (tmp_path / "inbox" / "one.hl7").write_bytes(oru([Obx(HDL, "55")], request=service_request(794)))
        (tmp_path / "inbox" / ORDER.name).write_bytes(ORDER.read_bytes())
        service.tell(sandbox, added["id"])
        wait_until(lambda: ledger.count("whoop").get("delivered", 0) >= 6, seconds=60)
        wait_until(lambda: ledger.count("acurable") == {"delivered": 1}, seconds=60)
        wait_until(lambda: bool(ledger.requisitions().rows()), seconds=60)
    service.end(signal.SIGTERM)

    traces = collector.traces()
    (ordered,) = (spans for spans in traces.values() if any("/v1/orders" in span.name for span in spans))
    by_root = {root(spans).name: spans for spans in traces.values() if spans is not ordered}
    for name in ("receive mllp", "receive folder"):
        check_whole(by_root[name])
        assert shape(by_root[name]) == [name, "commit", *_SENT]
    check_whole(traces[TRACE], parent=CALLER)
    assert shape(traces[TRACE]) == ["POST /v1/messages", "commit", *_SENT]
    check_whole(ordered)
    assert shape(ordered) == [
        "receive folder", "commit", "deliver acurable", "POST /v1/orders", "token", "translate", "wait acurable",
    ]  # fmt: skip
    told = by_root[f"POST {WHOOP_PATH}"]
    check_whole(told)
    assert {"GET /v2/partner/requisition/{id}", "commit"} <= {span.name for span in told}
    assert {span.told["server.address"] for span in collector.spans if span.kind == "client"} == {"127.0.0.1"}


_SENT = ["deliver whoop", STATUS, "deliver whoop", RESULTS, "translate", "wait whoop", "wait whoop"]


def root(spans: list[Seen]) -> Seen:
    """Give the span that no other one of the trace is the parent of."""
    return next(span for span in spans if span.parent not in {other.own for other in spans})


def shape(spans: list[Seen]) -> list[str]:
    """List the names of a trace as a tree, those beside each other by name; which delivery fetched a token is luck."""

    def below(parent: Seen) -> list[str]:
        beside = [[span.name, *below(span)] for span in spans if span.parent == parent.own]
        return [name for each in sorted(beside) for name in each]

    found = [root(spans).name, *below(root(spans))]
    return [name for name in found if name != "token"] if RESULTS in found else found


def test_trace_is_sent_although_nobody_takes_it(sandbox: SandboxProcess, tmp_path: Path) -> None:
    """With a collector that is not there: everything is delivered, told of in one line, and ended in time."""
    (tmp_path / "one.hl7").write_bytes(oru([Obx(HDL, "55")], request=service_request(795)))

    done = translator(
        "submit", "one.hl7", sandbox=sandbox, cwd=tmp_path, TRANSLATOR_TRACE_ENDPOINT="http://127.0.0.1:9"
    )

    (line,) = done.stdout.splitlines()
    assert (done.returncode, {entry["state"] for entry in json.loads(line)["entries"]}) == (0, {"delivered"})
    assert done.stderr.count(b"traces are not taken by 127.0.0.1") == 1
    assert len(done.stderr.splitlines()) == 1


WITHOUT = (
    "import sys; sys.modules['opentelemetry'] = None; from translator.cli import main; sys.exit(main(sys.argv[1:]))"
)
UNTRACED = "import sys, atexit; atexit.register(lambda: print(*sys.modules, file=sys.stderr)); "


def python(script: str, *arguments: str, cwd: Path, **more: Any) -> subprocess.CompletedProcess[str]:
    """Run a script in a process of its own."""
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.run(command, cwd=cwd, env=os.environ | more, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("verb", [("submit", "one.hl7"), ("run", "--listen", "127.0.0.1:0")], ids=lambda verb: verb[0])
def test_traces_without_the_extra_are_an_error_that_names_it(verb: tuple[str, ...], tmp_path: Path) -> None:
    """Exit code 2, before anything is taken in."""
    (tmp_path / "one.hl7").write_bytes(oru([Obx(HDL, "55")]))

    done = python(WITHOUT, *verb, cwd=tmp_path, TRANSLATOR_TRACE_ENDPOINT="http://127.0.0.1:9")

    assert (done.returncode, ".[trace]" in done.stderr, done.stdout) == (2, True, "")


def test_who_does_not_trace_does_not_import_opentelemetry(sandbox: SandboxProcess, tmp_path: Path) -> None:
    """Neither to take in nor to deliver."""
    (tmp_path / "one.hl7").write_bytes(oru([Obx(HDL, "55")], request=service_request(796)))
    script = UNTRACED + "from translator.cli import main; sys.exit(main(sys.argv[1:]))"

    done = python(script, "submit", "one.hl7", "--whoop-url", sandbox.whoop_url, cwd=tmp_path, **sandbox.environment)

    loaded = {name.split(".")[0] for name in done.stderr.split()}
    assert (done.returncode, "httpx" in loaded, loaded & {"opentelemetry", "google"}) == (0, True, set())


def test_tree_shows_what_lies_in_what(collector: Collector) -> None:
    """What docs/traces.md shows was written so."""
    parts = [Seen("t", own, parent, name, "", 0, 0, {}, is_error=False, resource={}) for own, parent, name in
             (("1", "0", "a"), ("2", "1", "b"), ("3", "2", "c"), ("4", "1", "d"))]  # fmt: skip

    assert (tree(parts), collector.spans) == (["a", "  b", "    c", "  d"], [])
