"""
Stand before the API: let only so many calls in at once, and let no cache keep an answer.

A caller that is answered before its body is whole still sends: what comes is passed over for a moment, because a
connection that is closed under a sender takes the answer with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from translator.web.api_body import Limits
from translator.web.api_problem import ProblemError, body_of, headers_of

_HEADERS = [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]
_CLOSES = (b"connection", b"close")
_OF_STARLETTE = {404: "address-unknown", 405: "method-unknown"}


class Gate:
    """The ASGI application before another; to be used on one event loop."""

    def __init__(self, application: ASGIApp, limits: Limits) -> None:
        self._application = application
        self._limits = limits
        self._calls = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one call, or tell that there are too many."""
        call = _Call(receive, send, self._limits.linger_s)
        if self._calls >= self._limits.calls:
            await problem_response(ProblemError("busy"))(scope, call.receive, call.send)
            return
        self._calls += 1
        try:
            await self._application(scope, call.receive, call.send)
        finally:
            self._calls -= 1


def problem_response(error: ProblemError) -> Response:
    """Put a problem on its way to the caller."""
    headers = headers_of(error.problem) | error.headers
    return Response(body_of(error.problem, error.parts), error.problem.status, headers)


async def nothing_here(_: Request, error: Exception) -> Response:
    """Tell of an address, or a method, that is not served."""
    status, headers = (error.status_code, error.headers) if isinstance(error, HTTPException) else (0, None)
    return problem_response(ProblemError(_OF_STARLETTE.get(status, "defect"), headers=headers))


async def defect(_request: Request, _error: Exception) -> Response:
    """Tell of an error that nobody expected."""
    return problem_response(ProblemError("defect"))


HANDLERS: Mapping[Any, Any] = {HTTPException: nothing_here, Exception: defect}
"""How an application tells of what none of its routes does."""


class _Call:
    """One call: what is heard of it and said to it; it knows whether the caller has said everything."""

    def __init__(self, receive: Receive, send: Send, linger_s: float) -> None:
        self._receive = receive
        self._send = send
        self._linger_s = linger_s
        self._is_whole = False
        self._closes = False

    async def receive(self) -> Message:
        message = await self._receive()
        # A disconnect is the end, too.
        self._is_whole = not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._closes = _CLOSES in message["headers"]
            message = {**message, "headers": [*message["headers"], *_HEADERS]}
        elif self._closes and not message.get("more_body", False):
            await self._send({**message, "more_body": True})
            await self._pass_over()
            message = {"type": "http.response.body", "body": b""}
        await self._send(message)

    async def _pass_over(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._linger_s):
                while not self._is_whole:
                    await self.receive()
