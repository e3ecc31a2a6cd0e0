"""
Put the parts of a sandbox together: one application for the vendors' paths and the control surface.

Clocks and chance enter here and nowhere else. Another vendor is another set of routes in the table.
"""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from starlette.applications import Starlette
from starlette.routing import Mount, Route

from translator.sandbox.connection import VendorCalls
from translator.sandbox.control import Control, healthz
from translator.sandbox.options import Options
from translator.sandbox.orders import Orders
from translator.sandbox.rate import RateLimit
from translator.sandbox.routes import RouteTable
from translator.sandbox.sandbox import Sandbox
from translator.sandbox.webhook_sender import WebhookSender
from translator.sandbox.whoop import Credentials, Tokens, Whoop


def choose_credentials(options: Options) -> Credentials:
    """Take the credentials that were given, and invent the others."""
    return Credentials(
        client_id=options.client_id or f"sandbox-{secrets.token_hex(4)}",
        client_secret=options.client_secret or secrets.token_urlsafe(24),
        webhook_secret=options.webhook_secret or secrets.token_urlsafe(24),
    )


class Application(NamedTuple):
    """What a server serves, and what it calls when it stops."""

    asgi: Starlette
    stop: Callable[[], None]


def build_application(options: Options, credentials: Credentials) -> Application:
    """Build the application for these options."""
    started = time.monotonic()

    def clock() -> float:
        return time.monotonic() - started

    def new_rate() -> RateLimit:
        return RateLimit(options.rate_limit_per_minute, options.rate_limit_window_seconds, enforced=options.rate_limit)

    webhooks = WebhookSender(options.webhook_url, credentials.webhook_secret, options.webhook_retry_seconds)
    orders = Orders(lambda: str(uuid.uuid4()), _now, accept_any=options.accept_any)
    tokens = Tokens(options.token_seconds, clock, lambda: secrets.token_urlsafe(32))
    whoop = Whoop(credentials, tokens, orders, webhooks.announce)
    sandbox = Sandbox(RouteTable(whoop.routes()), orders, new_rate, clock)
    calls = VendorCalls(sandbox)

    def stop() -> None:
        webhooks.clear()
        calls.stop()

    routes = [
        Mount("/_sandbox", routes=Control(sandbox, webhooks).routes()),
        Route("/healthz", healthz),
        Mount("/", app=calls),
    ]
    return Application(Starlette(routes=routes), stop)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
