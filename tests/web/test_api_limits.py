"""What a caller may ask of the API at most, and what it is told when the service cannot keep anything."""

from __future__ import annotations

import socket
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.lab_messages import HDL, Obx, oru
from tests.web.api_calls import HL7, TABLES, bearer, listening, problem, serving, token
from translator.config_intakes import ApiSettings
from translator.errors import LedgerError, LedgerUnavailableError
from translator.intake import Intake
from translator.ledger import Ledger
from translator.web.api_body import Limits

RAW = oru([Obx(HDL, "55")])
MIB = 1 << 20
PATHS = ["/v1/translate", "/v1/messages"]


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Open a new ledger."""
    with Ledger.open(tmp_path / "lab.db") as opened:
        yield opened


def begin(caller: httpx.Client, path: str, headers: str, body: bytes = b"") -> socket.socket:
    """Begin a call by hand, so that it can stay unfinished."""
    connection = socket.create_connection((caller.base_url.host, caller.base_url.port or 80), timeout=60)
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {caller.headers['authorization']}\r\n"
    connection.sendall(f"{head}Content-Type: text/plain\r\n{headers}\r\n\r\n".encode() + body)
    return connection


def received(connection: socket.socket) -> bytes:
    """Read an answer up to the end of the connection."""
    return b"".join(iter(lambda: connection.recv(65_536), b""))


@pytest.mark.parametrize("path", PATHS)
def test_body_above_the_limit_is_a_problem(ledger: Ledger, path: str) -> None:
    """413 by its length, before any of it is read; nothing is kept."""
    with serving(ledger, settings=ApiSettings(largest_mb=1), limits=Limits(1, linger_s=60)) as caller:
        answer = caller.post(path, content=b"x" * (MIB + 1), headers=HL7)
        fits = caller.post(path, content=b"x" * MIB, headers=HL7)

    assert (answer.status_code, problem(answer), fits.is_success) == (413, "body-too-large", True)
    assert "1 MiB" in answer.json()["detail"]
    assert len(ledger.messages()) == (path == "/v1/messages")


@pytest.mark.parametrize("path", PATHS)
def test_body_without_length_is_read_up_to_the_limit(ledger: Ledger, path: str) -> None:
    """The caller gets its answer while it still sends, and the connection ends."""
    with (
        serving(ledger, limits=Limits(largest_mb=1, linger_s=60)) as caller,
        begin(caller, path, "Transfer-Encoding: chunked") as connection,
    ):
        for _ in range(17):
            connection.sendall(b"10000\r\n" + b"x" * 65_536 + b"\r\n")
        connection.sendall(b"0\r\n\r\n")
        answer = received(connection)

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"urn:translator:problem:body-too-large" in answer
    assert b"connection: close" in answer.lower()
    assert ledger.messages() == []


def test_caller_that_waits_for_leave_sends_nothing(ledger: Ledger) -> None:
    """`Expect: 100-continue`, as curl sends it for large bodies: the answer comes before a byte of the body."""
    with (
        serving(ledger, limits=Limits(largest_mb=1, linger_s=0.1)) as caller,
        begin(caller, "/v1/messages", f"Content-Length: {9 * MIB}\r\nExpect: 100-continue") as connection,
    ):
        answer = received(connection)

    assert answer.startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("path", PATHS)
def test_body_that_comes_too_slowly_is_a_problem(ledger: Ledger, path: str) -> None:
    """408, and nothing of it is kept: half a message that parses is worse than none."""
    with (
        serving(ledger, limits=Limits(body_s=0.2, linger_s=0.1)) as caller,
        begin(caller, path, "Content-Length: 999", RAW[:50]) as connection,
    ):
        answer = received(connection)

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"urn:translator:problem:body-late" in answer
    assert ledger.messages() == []


def test_body_that_breaks_off_is_not_kept(ledger: Ledger, capfd: pytest.CaptureFixture[str]) -> None:
    """The caller is gone; nobody is told, nothing is kept, and the log is silent."""
    with serving(ledger) as caller:
        begin(caller, "/v1/messages", "Content-Length: 999", RAW[:50]).close()
        after = caller.get("/v1/messages/1")

    assert (after.status_code, ledger.messages(), capfd.readouterr().err) == (404, [], "")


def test_call_above_the_bound_is_told_to_wait(ledger: Ledger) -> None:
    """503 with Retry-After while others are under way; afterwards there is room again."""
    begun, may_end = threading.Event(), threading.Event()

    def body() -> Iterator[bytes]:
        yield RAW[:10]
        begun.set()
        may_end.wait()
        yield RAW[10:]

    with (
        serving(ledger, limits=Limits(calls=1, linger_s=0.1)) as caller,
        httpx.Client(base_url=caller.base_url, headers=caller.headers, trust_env=False, timeout=60) as other,
        ThreadPoolExecutor(1) as threads,
    ):
        first = threads.submit(caller.post, "/v1/messages", content=body(), headers=HL7)
        begun.wait()
        while not (answer := other.get("/v1/openapi.json")).is_server_error:
            # The first call's head may not be there yet.
            pass
        may_end.set()
        kept = first.result()
        after = other.get("/v1/openapi.json")

    assert (answer.status_code, problem(answer), answer.headers["retry-after"]) == (503, "busy", "1")
    assert (kept.status_code, after.status_code) == (201, 200)


def test_service_that_is_stopped_keeps_nothing_more(ledger: Ledger) -> None:
    """503 with Retry-After: the caller sends it again, to whoever runs next."""
    made = bearer(token(ledger))
    with Intake(ledger, TABLES) as intake, listening(ledger, intake) as caller:
        intake._close()
        answer = caller.post("/v1/messages", content=RAW, headers=HL7 | made)

    assert (answer.status_code, problem(answer), answer.headers["retry-after"]) == (503, "stopping", "10")
    assert ledger.messages() == []


class Failing(Ledger):
    """A ledger that keeps nothing, and says why."""

    error: LedgerError = LedgerUnavailableError("MARKTEXT77")

    def accept(self, arrivals, policies, *, at=None):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN201, ARG002
        """Keep nothing."""
        raise self.error


@pytest.mark.parametrize(
    ("error", "status", "name", "retry"),
    [
        pytest.param(LedgerUnavailableError("MARKTEXT77"), 503, "ledger-away", "5", id="away"),
        pytest.param(LedgerError("MARKTEXT77"), 500, "not-kept", None, id="refuses-this-one"),
    ],
)
def test_message_that_cannot_be_kept_is_not_acknowledged(
    tmp_path: Path, error: LedgerError, status: int, name: str, retry: str | None
) -> None:
    """P2: whoever is not told 2xx has to send it again; the error's own text goes nowhere."""
    with Failing.open(tmp_path / "lab.db") as ledger:
        ledger.error = error  # type: ignore[attr-defined]
        with serving(ledger) as caller:
            answer = caller.post("/v1/messages", content=RAW, headers=HL7)

        assert (answer.status_code, problem(answer), answer.headers.get("retry-after")) == (status, name, retry)
        assert "MARKTEXT77" not in answer.text
        assert ledger.messages() == []


@pytest.mark.parametrize("table", ["lane", "token"])
def test_ledger_that_is_away_is_told_to_readers(ledger: Ledger, tmp_path: Path, table: str) -> None:
    """503, for a question and for the token: the answer is neither that there is nothing nor that nobody knows them."""
    with serving(ledger) as caller:
        with sqlite3.connect(tmp_path / "lab.db") as connection:
            connection.execute(f"ALTER TABLE {table} RENAME TO away")
        connection.close()
        answer = caller.get("/v1/lanes/1")

    assert (answer.status_code, problem(answer)) == (503, "ledger-away")


def test_status_is_told_while_large_messages_are_translated(ledger: Ledger) -> None:
    """Many large messages at once stall neither each other nor whoever asks."""
    large = oru([Obx(HDL, "55")] * 4000)
    with serving(ledger) as caller, ThreadPoolExecutor(8) as threads:
        working = [threads.submit(caller.post, "/v1/translate", content=large, headers=HL7) for _ in range(8)]
        asked = [caller.get("/v1/messages/1").status_code for _ in range(20)]
        answers = [one.result().status_code for one in working]

    assert (asked, answers) == ([404] * 20, [200] * 8)
