"""One line to a vendor: used again while it is good, and every way in which it breaks has its name."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import httpcore
import httpx
import pytest

from translator.transmit.connection import TROUBLE, Connection
from translator.transmit.line import ERRORS, Line
from translator.transmit.responses import Answer

ANSWER = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\nLocation: /made\r\n\r\n{}"
CLOSING = b"HTTP/1.1 201 Created\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"
HALF = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{"
SILENCE = None
PACKED = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}"


class Server:
    """A server that answers each request with the next of some bytes, and hangs up after what is no whole answer."""

    def __init__(self, *answers: bytes | None) -> None:
        self.answers = list(answers)
        self.connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        self.connections += 1
        while self.answers and await reader.readline():
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(head.lower().partition(b"content-length:")[2].split()[0]))
            answer = self.answers.pop(0)
            if answer is SILENCE:
                await reader.read()
                break
            writer.write(answer)
            if not answer.endswith(b"{}"):
                break
        writer.close()


def ask(server: Server, times: int = 1, *, keep_alive_s: float = 60.0, timeout_s: float = 5.0) -> list[Answer]:
    """Make some calls, one after the other, on one line."""

    async def run() -> list[Answer]:
        listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        line = Line(httpx.create_ssl_context(), keep_alive_s=keep_alive_s)
        url = f"http://127.0.0.1:{port}"
        async with Connection(url, timeout_s=timeout_s, transport=line) as connection:
            answers = [(await connection._ask("POST", "/x", b"body", {}))[0] for _ in range(times)]
        listening.close()
        return answers

    return asyncio.run(run())


def test_line_is_used_again() -> None:
    """Three calls, one connection; the whole answer is read."""
    server = Server(ANSWER, ANSWER, ANSWER)

    assert ask(server, 3) == [Answer("201", location="/made")] * 3
    assert server.connections == 1


@pytest.mark.parametrize(
    ("answer", "keep_alive_s"),
    [pytest.param(CLOSING, 60.0, id="vendor-closes"), pytest.param(ANSWER, 0.0, id="idle-for-too-long")],
)
def test_line_that_is_no_longer_good_is_replaced(answer: bytes, keep_alive_s: float) -> None:
    """The next call gets a new connection, and an answer."""
    server = Server(answer, ANSWER)

    assert [one.code for one in ask(server, 2, keep_alive_s=keep_alive_s)] == ["201", "201"]
    assert server.connections == 2


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        pytest.param(b"", "disconnected", id="hung-up"),
        pytest.param(b"no HTTP at all\r\n\r\n", "disconnected", id="not-http"),
        pytest.param(HALF, "disconnected", id="half-an-answer"),
        pytest.param(SILENCE, "read-timeout", id="silence"),
        pytest.param(PACKED, "unreadable-answer", id="not-packed-as-it-says"),
    ],
)
def test_line_that_breaks_says_how(answer: bytes | None, name: str) -> None:
    """And the call after it gets a new connection."""
    server = Server(answer, ANSWER)

    assert [one.code for one in ask(server, 2, timeout_s=2.0)] == [name, "201"]


def test_line_to_nobody_says_so() -> None:
    """Nothing was sent, and it may be tried again."""

    async def run() -> Answer:
        line = Line(httpx.create_ssl_context(), keep_alive_s=1.0)
        async with Connection("http://127.0.0.1:1", transport=line) as connection:
            return (await connection._ask("POST", "/x", b"", {}))[0]

    assert asyncio.run(run()) == Answer("connect-error")


def test_line_goes_to_the_host_of_each_call() -> None:
    """A token may come from another host than the results go to."""
    first, second = Server(ANSWER, ANSWER), Server(ANSWER)

    async def run() -> list[str]:
        servers = [await asyncio.start_server(one.serve, "127.0.0.1", 0) for one in (first, second)]
        urls = [f"http://127.0.0.1:{one.sockets[0].getsockname()[1]}" for one in servers]
        line = Line(httpx.create_ssl_context(), keep_alive_s=60.0)
        async with Connection(urls[0], transport=line) as connection:
            answers = [await connection._ask("POST", path, b"x", {}) for path in ("/x", f"{urls[1]}/token", "/x")]
        for one in servers:
            one.close()
        return [answer.code for answer, _ in answers]

    assert asyncio.run(run()) == ["201"] * 3
    assert (first.connections, second.connections) == (2, 1)


def kinds(kind: type[Exception]) -> Iterator[type[Exception]]:
    """Walk an error class and all that inherit from it."""
    yield kind
    for child in kind.__subclasses__():
        yield from kinds(child)


def test_line_names_every_error_of_httpcore() -> None:
    """Should httpcore grow an error, somebody has to decide what it says about the vendor."""
    families: list[type[Exception]] = [httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException]
    others = [httpcore.ConnectionNotAvailable, httpcore.UnsupportedProtocol, httpcore.ProxyError]

    assert set(ERRORS) == {kind for family in (*families, *others) for kind in kinds(family)}
    assert set(ERRORS.values()) <= set(TROUBLE)
