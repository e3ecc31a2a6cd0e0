"""
Give answers in every manner that a fault can ask for, down to none at all.

ASGI knows no way to close a socket, so the protocol lends each request its transport; `scope["state"]` is where ASGI
keeps what the server gives to the application.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from translator.sandbox.answer import Answer, torn, wire_headers
from translator.sandbox.sandbox import Reply, Sandbox

TRANSPORT = "transport"


class LendingProtocol(H11Protocol):
    """uvicorn's HTTP/1.1, with the transport of the connection in `scope["state"]`."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Open a connection."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, TRANSPORT: transport}


class Exchange:
    """One request in progress: what is needed to answer it, or to leave it unanswered."""

    def __init__(self, calls: VendorCalls, reply: Reply, scope: Scope, receive: Receive, send: Send) -> None:
        self.sandbox = calls.sandbox
        self.late = calls.late
        self.reply = reply
        self.transport = cast("asyncio.Transport", scope["state"][TRANSPORT])
        self.receive = receive
        self.send = send

    async def finish(self) -> None:
        """Answer in the manner of the fault, or plainly."""
        answer, fault, _ = self.reply
        if answer is None:
            await self.hang_up()
        else:
            await MANNERS[fault.kind if fault else "status"](self, answer)

    async def answer(self, answer: Answer) -> None:
        """Answer whole and at once."""
        headers = wire_headers(answer)
        self.sandbox.sent(self.reply.entry, answer.status)
        await self.send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await self.send({"type": "http.response.body", "body": answer.body})

    async def answer_late(self, answer: Answer) -> None:
        """Answer after a while, unless the client has left by then: what was processed stays processed."""
        seconds = self.reply.fault.value if self.reply.fault else 0
        self.late.add(self.transport)
        try:
            await asyncio.wait_for(self._until_gone(), seconds)
        except TimeoutError:
            await self.answer(answer)
        finally:
            self.late.discard(self.transport)

    async def hang_up(self, _answer: Answer | None = None) -> None:
        """Close the connection without a byte."""
        self.transport.abort()
        await self._until_gone()

    async def break_off(self, answer: Answer) -> None:
        """Begin to answer, then close the connection."""
        self.transport.write(torn(answer))
        self.sandbox.sent(self.reply.entry, answer.status)
        self.transport.close()
        await self._until_gone()

    async def _until_gone(self) -> None:
        """Wait for the end of the connection: uvicorn answers 500 for an application that returns before it."""
        while (await self.receive())["type"] != "http.disconnect":
            pass


MANNERS: dict[str, Callable[[Exchange, Answer], Awaitable[None]]] = {
    "status": Exchange.answer,
    "delay": Exchange.answer_late,
    "drop_after": Exchange.hang_up,
    "truncate": Exchange.break_off,
}


class VendorCalls:
    """The ASGI application behind every vendor path; `late` are the connections whose answer is held back."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.late: set[asyncio.Transport] = set()

    def stop(self) -> None:
        """Hang up on everybody who still waits for a delayed answer."""
        for transport in self.late:
            transport.abort()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; one whose body never came whole is no call."""
        body = await _read_body(receive)
        if body is None:
            return
        headers: dict[bytes, bytes] = dict(scope["headers"])
        query = scope["query_string"].decode("latin-1")
        reply = self.sandbox.receive(scope["method"], scope["path"], query, headers, body)
        await Exchange(self, reply, scope, receive, send).finish()


async def _read_body(receive: Receive) -> bytes | None:
    chunks: list[bytes] = []
    while True:
        message: dict[str, Any] = dict(await receive())
        if message["type"] == "http.disconnect":
            return None
        chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(chunks)
