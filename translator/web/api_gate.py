"""
Stand before the API: let only so many calls in at once, and let no cache keep an answer.

A caller that is answered before its body is whole still sends: what comes is passed over for a moment, because a
connection that is closed under a sender takes the answer with it.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from translator.web.api_body import Limits
from translator.web.api_problem import ProblemError, body_of, headers_of

_HEADERS = [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]


class Gate:
    """The ASGI application before another; to be used on one event loop."""

    def __init__(self, application: ASGIApp, limits: Limits) -> None:
        self._application = application
        self._limits = limits
        self._calls = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one call, or tell that there are too many."""

        async def uncached(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *_HEADERS]}
            await send(message)

        if self._calls >= self._limits.calls:
            await ProblemResponse(ProblemError("busy"), self._limits.linger_s)(scope, receive, uncached)
            return
        self._calls += 1
        try:
            await self._application(scope, receive, uncached)
        finally:
            self._calls -= 1


class ProblemResponse(Response):
    """A problem on its way to the caller."""

    def __init__(self, error: ProblemError, linger_s: float) -> None:
        headers = headers_of(error.problem) | error.headers
        super().__init__(body_of(error.problem, error.parts), error.problem.status, headers)
        self._lingers_s = linger_s if error.problem.closes else 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's
        """Send it whole, and end the answer when the caller has ended its call."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        if self._lingers_s:
            await send({"type": "http.response.body", "body": self.body, "more_body": True})
            await _pass_over(receive, self._lingers_s)
        await send({"type": "http.response.body", "body": b"" if self._lingers_s else self.body})


async def _pass_over(receive: Receive, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while (await receive()).get("more_body", False):
                pass
