"""The listener's address: what cannot be had is said at once, and answers do not wait for Nagle."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.sandbox_process import NO_TLS
from translator.accept.listener import Listener, bind
from translator.accept.patience import Patience
from translator.errors import ConfigError


def test_port_that_is_taken_is_an_error_of_the_settings() -> None:
    """The operator learns which setting, which port, and what to do."""
    with bind("127.0.0.1", 0, "mllp") as taken, pytest.raises(ConfigError, match=r"`mllp`.*port \d+.*choose another"):
        bind("127.0.0.1", taken.getsockname()[1], "mllp")


def test_host_that_is_none_is_an_error_of_the_settings() -> None:
    """The operator learns which setting, and which host."""
    with pytest.raises(ConfigError, match=r"`console.listen`.*no-such-host.invalid"):
        bind("no-such-host.invalid", 0, "console.listen")


def test_url_names_the_port_that_was_taken() -> None:
    """Port 0 takes a free one, in both families of addresses."""
    for host, start in (("127.0.0.1", "http://127.0.0.1:"), ("::1", "http://[::1]:")):
        with Listener(Starlette(), host, 0) as listener:
            assert listener.url.startswith(start)
            assert httpx.get(listener.url, trust_env=False, verify=NO_TLS).status_code == 404


def test_answers_are_sent_at_once() -> None:
    """The protocol is named, by which asyncio knows that TCP_NODELAY can be set."""
    with bind("127.0.0.1", 0, "listen") as listener:
        assert listener.proto == socket.IPPROTO_TCP


def silent(listener: Listener, begun: bytes) -> socket.socket:
    """Begin a call, and fall silent."""
    host, _, port = listener.url.removeprefix("http://").rpartition(":")
    connection = socket.create_connection((host, int(port)), timeout=60)
    connection.sendall(begun)
    return connection


def heard(connection: socket.socket) -> bytes:
    """Hear everything until the listener hangs up."""
    with connection:
        return b"".join(iter(lambda: connection.recv(65_536), b""))


HEAD = b"GET / HTTP/1.1\r\nHost: x\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"
REFUSALS = {400: b'{"status":400}', 408: b'{"status":408}'}


async def at_once(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer before the body has come."""
    await Response("done")(scope, receive, send)


async def in_the_end(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer when the body is whole."""
    told = await Request(scope, receive).body()
    await Response(told)(scope, receive, send)


@pytest.mark.parametrize(
    ("whole", "begun"),
    [
        pytest.param(b"", b"", id="nothing"),
        pytest.param(b"", HEAD + b"X: a", id="half-a-head"),
        pytest.param(HEAD + b"\r\n", HEAD, id="half-a-second-head"),
    ],
)
def test_head_that_does_not_come_is_not_awaited_for_ever(whole: bytes, begun: bytes) -> None:
    """Who sends a call byte by byte, or nothing, keeps nobody else out."""
    with Listener(at_once, "127.0.0.1", 0, patience=Patience(head_s=1), refusals=REFUSALS) as listener:
        connection = silent(listener, whole)
        answered = b""
        while whole and not answered.endswith(b"done"):
            answered += connection.recv(65_536)
        connection.sendall(begun)
        told = heard(connection)

    assert told.startswith(b"HTTP/1.1 408 ")
    assert told.endswith(REFUSALS[408])
    assert b"content-type: application/problem+json" in told


@pytest.mark.parametrize(
    ("application", "answer"), [pytest.param(at_once, b"200", id="answered"), pytest.param(in_the_end, b"", id="not")]
)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_body_that_does_not_come_is_not_awaited_for_ever(application: ASGIApp, answer: bytes) -> None:
    """Also where the answer was there first, and each byte more would begin the wait anew."""
    with Listener(application, "127.0.0.1", 0, patience=Patience(call_s=0.5)) as listener:
        told = b""
        with suppress(ConnectionResetError), silent(listener, POST) as connection:
            while part := connection.recv(65_536):
                told += part
        again = httpx.get(listener.url, trust_env=False, verify=NO_TLS)

    assert told[9:12] == answer
    assert again.status_code == 200


def test_new_caller_takes_the_place_of_who_was_silent_longest() -> None:
    """Connections are file handles: without a bound, silent callers would take those of the ledger."""
    with Listener(at_once, "127.0.0.1", 0, patience=Patience(head_s=600, connections=3)) as listener:
        kept = [silent(listener, HEAD) for _ in range(3)]
        answer = httpx.get(listener.url, trust_env=False, verify=NO_TLS)
        with suppress(ConnectionResetError):
            assert kept[0].recv(1) == b""
        kept[2].sendall(b"\r\n")
        assert kept[2].recv(12) == b"HTTP/1.1 200"
        for each in kept:
            each.close()

    assert answer.status_code == 200


def test_caller_that_has_a_call_under_way_keeps_its_place() -> None:
    """Where every place is taken by a call, the new caller is the one that has to come again."""
    begun = threading.Event()

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        begun.set()
        await in_the_end(scope, receive, send)

    with Listener(application, "127.0.0.1", 0, patience=Patience(connections=1)) as listener:
        first = silent(listener, POST)
        assert begun.wait(60)
        with pytest.raises(httpx.TransportError):
            httpx.get(listener.url, trust_env=False, verify=NO_TLS)
        first.sendall(b"123456789")
        answer = first.recv(65_536)
        first.close()

    assert answer.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "begun",
    [
        pytest.param(b"HELLO\r\n\r\n", id="no-http"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", id="tls"),
        pytest.param(POST.replace(b"9", b"9" * 99), id="length-without-end"),
        pytest.param(POST.replace(b"Content-Length: 9", b"Transfer-Encoding: chunked") + b"ZZ\r\n", id="no-chunk"),
    ],
)
def test_what_is_no_http_is_a_problem(begun: bytes) -> None:
    """And the connection ends."""
    with Listener(in_the_end, "127.0.0.1", 0, refusals=REFUSALS) as listener:
        told = heard(silent(listener, begun))

    assert (told[9:12], told.endswith(REFUSALS[400])) == (b"400", True)


def test_what_is_no_http_after_an_answer_ends_the_connection() -> None:
    """There is nothing to be said any more."""
    chunked = POST.replace(b"Content-Length: 9", b"Transfer-Encoding: chunked")
    with Listener(at_once, "127.0.0.1", 0, refusals=REFUSALS) as listener, silent(listener, chunked) as connection:
        answer = b""
        while not answer.endswith(b"done"):
            answer += connection.recv(65_536)
        connection.sendall(b"ZZ\r\n")
        with suppress(ConnectionResetError):
            answer += connection.recv(65_536)

    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b"done")
