"""Say how each vendor is reached: its clients, its token, its table of answers, its rate."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack

from msgspec import structs

from translator.config import AcurableSettings, Settings, WhoopSettings
from translator.errors import ConfigError
from translator.ledger import UNLIMITED, RateBudget
from translator.tracing import NO_TRACER, Tracer
from translator.translate.tables import Tables
from translator.transmit import acurable, whoop
from translator.transmit.acurable import AcurableClient, TokenRequest
from translator.transmit.attempt_spans import AttemptSpans, Vendor
from translator.transmit.connection import CONNECT_S
from translator.transmit.route import Route
from translator.transmit.token import Credentials, TokenKeeper, TokenRefusedError
from translator.transmit.whoop import WhoopClient

DOCUMENTED_RATE = RateBudget(per_minute=100, per_day=10_000)
"""What WHOOP documents; Acurable names no figure."""

DESTINATIONS = (whoop.DESTINATION, acurable.DESTINATION)


def rate_budget(vendor: WhoopSettings | AcurableSettings) -> RateBudget:
    """Say how many calls a vendor may get: what the site set, else what it documents; the sandbox any number."""
    is_limited = isinstance(vendor, WhoopSettings) and not vendor.is_loopback
    documented = DOCUMENTED_RATE if is_limited else UNLIMITED
    return RateBudget(
        per_minute=documented.per_minute if vendor.calls_per_minute is None else vendor.calls_per_minute,
        per_day=documented.per_day if vendor.calls_per_day is None else vendor.calls_per_day,
    )


def rate_budgets(settings: Settings) -> dict[str, RateBudget]:
    """Say how many calls each vendor may get whose address is known."""
    found = {whoop.DESTINATION: rate_budget(settings.whoop)}
    return found | ({acurable.DESTINATION: rate_budget(settings.acurable)} if settings.acurable.url else {})


def credentials(vendor: WhoopSettings | AcurableSettings, *, serves: bool) -> Credentials:
    """
    Read what a vendor knows us by.

    Raises: ConfigError where it cannot be read; TokenRefusedError instead where a service goes on without this vendor.
    """
    try:
        return Credentials(vendor.client_id.reveal(), vendor.client_secret.reveal())
    except ConfigError as error:
        if serves:
            raise TokenRefusedError(str(error)) from None
        raise


async def open_routes(
    stack: AsyncExitStack,
    settings: Settings,
    tables: Tables,
    *,
    serves: bool = False,
    tracer: Tracer = NO_TRACER,
) -> AsyncIterator[Route]:
    """
    Give the route to every vendor whose address is known; `stack` closes its clients.

    Shape: `serves` is as for `credentials`; `tracer` records what each is sent.
    """

    def told(route: Route, url: str, calls: Mapping[str, tuple[str, str]]) -> Route:
        vendor = Vendor(route.destination, url, calls, settings.trace.tell_vendors)
        return structs.replace(route, spans=AttemptSpans(vendor, tracer))

    to_whoop = await _whoop(stack, settings.whoop, tables, serves=serves)
    yield told(to_whoop, settings.whoop.url, whoop.CALLS)
    if settings.acurable.url:
        to_acurable = await _acurable(stack, settings.acurable, tables, serves=serves)
        yield told(to_acurable, settings.acurable.url, acurable.CALLS)


def longest_call_s(timeout_s: float) -> float:
    """Bound a call as a whole: to connect, and to be answered; a second for the rest."""
    return min(timeout_s, CONNECT_S) + timeout_s + 1


async def _whoop(stack: AsyncExitStack, site: WhoopSettings, tables: Tables, *, serves: bool) -> Route:
    def client() -> WhoopClient:
        return WhoopClient(site.url, timeout_s=site.timeout_s)

    clients = [await stack.enter_async_context(client()) for _ in range(site.workers)]
    for_tokens = await stack.enter_async_context(client())
    return Route(
        destination=whoop.DESTINATION,
        clients=tuple(clients),
        # Secrets are read only when a token is needed: a ledger with nothing to send needs none.
        tokens=TokenKeeper(
            lambda: for_tokens.fetch_token(credentials(site, serves=serves)),
            time.monotonic,
        ),
        responses=tables.responses[whoop.DESTINATION],
        budget=rate_budget(site),
        resends=site.on_unknown == "resend",
        call_s=longest_call_s(site.timeout_s),
    )


async def _acurable(stack: AsyncExitStack, site: AcurableSettings, tables: Tables, *, serves: bool) -> Route:
    def client() -> AcurableClient:
        names = tables.order_layout.activation_names
        return AcurableClient(site.url, timeout_s=site.timeout_s, code_names=names)

    def request() -> TokenRequest:
        return TokenRequest(site.issuer or site.url, credentials(site, serves=serves), site.scope, site.audience)

    clients = [await stack.enter_async_context(client()) for _ in range(site.workers)]
    for_tokens = await stack.enter_async_context(client())
    return Route(
        destination=acurable.DESTINATION,
        clients=tuple(clients),
        tokens=TokenKeeper(lambda: for_tokens.fetch_token(request()), time.monotonic),
        responses=tables.responses[acurable.DESTINATION],
        budget=rate_budget(site),
        resends=site.on_unknown == "resend",
        call_s=longest_call_s(site.timeout_s),
    )
