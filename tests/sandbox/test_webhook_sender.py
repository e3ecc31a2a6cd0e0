"""Webhooks reach a real server, signed, and come again when they are not taken."""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

import pytest

from tests.sandbox.conftest import Partner
from tests.sandbox_process import SandboxProcess
from translator.signature import event_body, verify

PATIENCE_SECONDS = 10


class Event(NamedTuple):
    """One webhook as it came."""

    signature: str | None
    body: bytes


class Receiver(ThreadingHTTPServer):
    """A partner's webhook address, which answers as it is told."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: queue.SimpleQueue[int] = queue.SimpleQueue()
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()

    @property
    def url(self) -> str:
        """The address to send to."""
        return f"http://127.0.0.1:{self.server_port}/webhooks"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        """Keep an event and answer."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.events.put(Event(self.headers["WHOOP-Signed"], body))
        self.send_response(204 if self.server.answers.empty() else self.server.answers.get())
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Run a receiver."""
    with Receiver() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        yield server
        server.shutdown()


def _sandbox(receiver: Receiver) -> SandboxProcess:
    return SandboxProcess("--webhook-url", receiver.url, "--webhook-retry-seconds", "0.01")


def test_requisition_is_announced_signed(receiver: Receiver) -> None:
    """A new requisition comes as the documented event, signed with the printed secret."""
    with _sandbox(receiver) as sandbox:
        requisition = sandbox.add_requisition()
        event = receiver.events.get(timeout=PATIENCE_SECONDS)

        assert event.body == event_body("lab_requisition.created", requisition["id"])
        assert verify(sandbox.webhook_secret, event.body, event.signature)


def test_test_data_is_announced(receiver: Receiver) -> None:
    """The id that add-test-data does not tell comes by webhook, and can be read."""
    with _sandbox(receiver) as sandbox, Partner(sandbox) as partner:
        partner.call("POST", "/development/add-test-data")
        event = receiver.events.get(timeout=PATIENCE_SECONDS)
        identifier = event.body.decode().rpartition(":")[2].strip('"}')

        assert partner.call("GET", f"/requisition/{identifier}").status_code == 200


def test_event_that_is_not_taken_comes_again(receiver: Receiver) -> None:
    """A refusal is followed by the same event until it is taken."""
    receiver.answers.put(500)
    receiver.answers.put(401)
    with _sandbox(receiver) as sandbox:
        sandbox.add_requisition()
        events = {receiver.events.get(timeout=PATIENCE_SECONDS) for _ in range(3)}
        deadline = time.monotonic() + PATIENCE_SECONDS
        while len(sandbox.ask("GET", "/_sandbox/webhooks")[0]["answers"]) < 3 and time.monotonic() < deadline:
            pass

        assert len(events) == 1
        assert sandbox.ask("GET", "/_sandbox/webhooks")[0]["answers"] == [500, 401, 204]


def test_acurable_events_reach_their_own_address_unsigned(receiver: Receiver) -> None:
    """An event is JSON with the reference of the test; asked for twice, it comes twice."""
    event = {"type": "study-attempt-completed", "reference": "O-1", "nights": [{"night": 1, "status": "VALID"}]}
    with SandboxProcess("--acurable-webhook-url", receiver.url, "--webhook-retry-seconds", "0.01") as sandbox:
        sandbox.ask("POST", "/_sandbox/acurable/events", {**event, "times": 2})
        events = [receiver.events.get(timeout=PATIENCE_SECONDS) for _ in range(2)]

    attributes = {"reference": "O-1", "nights": [{"night": 1, "status": "VALID"}]}
    assert [json.loads(one.body) for one in events] == [
        {"data": {"type": "study-attempt-completed", "attributes": attributes}}
    ] * 2
    assert {one.signature for one in events} == {None}


def test_acurable_event_may_have_any_body(receiver: Receiver) -> None:
    """The layout is not public, so a tester may send another one; it comes again until it is taken."""
    receiver.answers.put(500)
    with SandboxProcess("--acurable-webhook-url", receiver.url, "--webhook-retry-seconds", "0.01") as sandbox:
        sandbox.ask("POST", "/_sandbox/acurable/events", {"body": {"odd": True}})
        events = [receiver.events.get(timeout=PATIENCE_SECONDS) for _ in range(2)]

    assert [json.loads(one.body) for one in events] == [{"odd": True}] * 2
