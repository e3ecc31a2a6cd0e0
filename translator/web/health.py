"""
Say whether the service works: alive while it answers at all, ready while it can take messages in and keep them.

Whoever asks needs no token, so the answer has names of parts and our own words only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

LIVE_PATH, READY_PATH = "/livez", "/readyz"

Troubles = Callable[[], Mapping[str, str]]
"""Says, by part, what keeps the service from taking messages in; empty where nothing does."""


def health_routes(troubles: Troubles) -> list[Route]:
    """Make the routes that a supervisor or a load balancer asks."""

    async def live(_: Request) -> JSONResponse:
        return JSONResponse({"status": "alive"})

    async def ready(_: Request) -> JSONResponse:
        found = await asyncio.to_thread(troubles)
        if found:
            return JSONResponse({"status": "not ready", "troubles": dict(found)}, status_code=503)
        return JSONResponse({"status": "ready"})

    return [Route(LIVE_PATH, live), Route(READY_PATH, ready)]
