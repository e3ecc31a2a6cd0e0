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

from translator.sandbox.acurable import Acurable
from translator.sandbox.acurable_control import AcurableControl
from translator.sandbox.connection import VendorCalls
from translator.sandbox.control import Control, healthz
from translator.sandbox.identity import IdentityProvider
from translator.sandbox.options import Options
from translator.sandbox.orders import Orders
from translator.sandbox.rate import RateLimit
from translator.sandbox.routes import RouteTable
from translator.sandbox.sandbox import Sandbox
from translator.sandbox.sleep_tests import SleepTests
from translator.sandbox.tokens import Tokens
from translator.sandbox.webhook_sender import WebhookSender
from translator.sandbox.whoop import Credentials, Whoop


def choose_credentials(options: Options) -> Credentials:
    """Take the credentials that were given, and invent the others."""
    return Credentials(
        client_id=options.client_id or f"sandbox-{secrets.token_hex(4)}",
        client_secret=options.client_secret or secrets.token_urlsafe(24),
        webhook_secret=options.webhook_secret or secrets.token_urlsafe(24),
        acurable_client_id=options.acurable_client_id or f"sandbox-{secrets.token_hex(4)}",
        acurable_client_secret=options.acurable_client_secret or secrets.token_urlsafe(24),
    )


class Application(NamedTuple):
    """What a server serves, and what it calls when it stops."""

    asgi: Starlette
    stop: Callable[[], None]


def build_application(options: Options, credentials: Credentials, url: str) -> Application:
    """Build the application for these options; `url` is where it is served."""
    started = time.monotonic()

    def clock() -> float:
        return time.monotonic() - started

    def new_rate() -> RateLimit:
        return RateLimit(options.rate_limit_per_minute, options.rate_limit_window_seconds, enforced=options.rate_limit)

    def new_tokens() -> Tokens:
        return Tokens(options.token_seconds, clock, lambda: secrets.token_urlsafe(32))

    webhooks = WebhookSender(options.webhook_url, credentials.webhook_secret, options.webhook_retry_seconds)
    orders = Orders(lambda: str(uuid.uuid4()), _now, accept_any=options.accept_any)
    events = WebhookSender(options.acurable_webhook_url, None, options.webhook_retry_seconds)
    whoop = Whoop(credentials, new_tokens(), orders, webhooks.announce)
    tests, acurable_tokens = SleepTests(accept_any=options.accept_any), new_tokens()
    acurable = Acurable(acurable_tokens, tests, lambda: secrets.token_hex(4).upper())
    provider = IdentityProvider(
        url, credentials.acurable_client_id, credentials.acurable_client_secret, acurable_tokens
    )
    table = RouteTable((*whoop.routes(), *acurable.routes(), *provider.routes()))
    sandbox = Sandbox(table, orders, new_rate, clock, tests)
    calls = VendorCalls(sandbox)

    def stop() -> None:
        webhooks.clear()
        events.clear()
        calls.stop()

    routes = [
        Mount("/_sandbox/acurable", routes=AcurableControl(tests, events).routes()),
        Mount("/_sandbox", routes=Control(sandbox, webhooks, events).routes()),
        Route("/healthz", healthz),
    ]
    asgi = Starlette(routes=routes)
    # Not a mount: Starlette's pattern of one takes no line break, which a reference may have.
    asgi.router.default = calls
    return Application(asgi, stop)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
