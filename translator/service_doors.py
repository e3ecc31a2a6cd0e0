"""Put together what answers behind the addresses of a service: health, API, webhooks; metrics and console."""

from __future__ import annotations

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from translator.accept.callers import Callers
from translator.accept.webhooks import Webhooks
from translator.config import Settings
from translator.console_desk import ConsoleDesk
from translator.errors import ConfigError
from translator.intake import Intake
from translator.ledger import Card, Ledger
from translator.reception import Doors
from translator.service_site import Site
from translator.tracing import NO_TRACER, Tracer
from translator.vendors import credentials
from translator.web.api import Api
from translator.web.api_gate import HANDLERS
from translator.web.api_problem import refusals
from translator.web.console import console_application
from translator.web.health import Troubles, health_routes
from translator.web.metrics import Metrics, metrics_routes

UNKNOWN_CALLERS = (
    "Acurable's webhooks are believed whoever sends them: set acurable.webhook_token or acurable.webhook_from, or let "
    "the proxy in front know its callers"
)
UNSIGNED = "whoop.webhook_secret is not set: every webhook of WHOOP is answered 401"

Say = Callable[[str], None]


class Now:
    """The settings and tables of now, for whoever outlives a reload."""

    def __init__(self, ledger: Ledger, site: Site, warn: Say, tracer: Tracer = NO_TRACER) -> None:
        self._ledger = ledger
        self._tracer = tracer
        self._warn = warn
        self.swap(site)

    def swap(self, site: Site) -> None:
        """Go by others from now on."""
        self.site = site
        settings, warn = site.settings, self._warn
        if site.role.delivers:
            _look_for_credentials(settings, warn)
        if site.role.accepts:
            secret, callers = _webhook_secret(settings, warn), _acurable_callers(settings, warn)
            webhooks = Webhooks(self._ledger, secret, callers, self._tracer)
            self._webhooks = webhooks.application(HANDLERS)

    def settings(self) -> Settings:
        """Give the settings."""
        return self.site.settings

    def card(self) -> Card:
        """Say to the other hosts of a cluster by what this one goes."""
        return self.site.card()

    async def webhooks(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take a webhook, as an ASGI application."""
        await self._webhooks(scope, receive, send)


def doors(ledger: Ledger, now: Now, intake: Intake, metrics: Metrics, troubles: Troubles) -> Doors:
    """Give the applications of a service; `troubles` says why something is not taken in."""
    settings = now.settings()
    health = health_routes(troubles)
    webhooks = [Mount("", now.webhooks)] if now.site.role.accepts else []
    api = [Api(ledger, intake, settings.api).mount()] if settings.api.enabled else []
    hours = settings.console.session_h
    console = console_application(ledger, ConsoleDesk(ledger, now.settings), session_h=hours, troubles=troubles)
    return Doors(
        Starlette(routes=[*health, *api, *webhooks], exception_handlers=dict(HANDLERS)),
        Starlette(routes=[*health, *metrics_routes(metrics), Mount("", console)]),
        refusals(),
    )


def _look_for_credentials(settings: Settings, warn: Say) -> None:
    try:
        credentials(settings.whoop, serves=False)
    except ConfigError as error:
        warn(f"{error}; without it WHOOP is paused as soon as something is due")


def _webhook_secret(settings: Settings, warn: Say) -> str:
    try:
        return settings.whoop.webhook_secret.reveal()
    except ConfigError:
        warn(UNSIGNED)
        return ""


def _acurable_callers(settings: Settings, warn: Say) -> Callers:
    site = settings.acurable
    if site.url and not site.is_loopback and not (site.webhook_token or site.webhook_from):
        warn(UNKNOWN_CALLERS)
    return Callers(site.webhook_token.reveal() if site.webhook_token else "", site.webhook_from)
