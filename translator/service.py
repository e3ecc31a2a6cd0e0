"""
Run the service: take in what comes, fetch and bring what vendors announce, deliver what is queued, until the stop.

Each part works in a thread of its own and speaks with the others through the ledger alone. Where one fails, the others
finish what is under way, and the process ends with that failure: a service that does half of its work is worse than
one that a supervisor starts again.

A reload (SIGHUP) reads settings, tables, secrets and certificates anew. Only where all of it is sound is it swapped, as
a whole: the intakes stay open and decide by the new tables, and the workers that deliver are let finish and started
anew. Addresses and folders are those of the start.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from importlib.metadata import version
from typing import NamedTuple

from msgspec import structs
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from translator import logs
from translator.accept.callers import Callers
from translator.accept.webhooks import Webhooks
from translator.config import Settings
from translator.confirmations import release_confirmed
from translator.console_desk import ConsoleDesk
from translator.delivery import DeliveryReport, policies, serve
from translator.errands import errand, serve_errand
from translator.errors import ConfigError, TranslatorError
from translator.intake import Intake, Tables
from translator.lab_side import serve_bringing
from translator.ledger import Decision, Ledger, RateBudget
from translator.notify import serve_notices
from translator.reception import Addresses, Doors, Reception
from translator.requisitions import FETCHED, serve_fetching
from translator.roles import Role
from translator.sites import Sites
from translator.transmit.drain import Progress
from translator.usable import check_usable
from translator.vendors import credentials, rate_budgets
from translator.web.api import Api
from translator.web.api_gate import HANDLERS
from translator.web.api_problem import refusals
from translator.web.console import console_application
from translator.web.health import Troubles, health_routes
from translator.web.metrics import Metrics, metrics_routes
from translator.words import ENDED, RELOAD, Words

UNKNOWN_CALLERS = (
    "Acurable's webhooks are believed whoever sends them: set acurable.webhook_token or acurable.webhook_from, or let "
    "the proxy in front know its callers"
)
UNSIGNED = "whoop.webhook_secret is not set: every webhook of WHOOP is answered 401"

_AT_START = {name: name for name in ("ledger", "ledger_key", "listen", "mllp", "api", "console", "log")} | {
    "folders": "folder"
}
"""The settings that a reload leaves as they were at the start, and how their tables are called."""

Say = Callable[[str], None]


class Site(NamedTuple):
    """Settings and tables that belong together."""

    settings: Settings
    tables: Tables
    role: Role

    @classmethod
    def of(cls, settings: Settings, role: Role) -> Site:
        """
        Read every table that the settings name, and see whether all else that they name can be used.

        Shape: who takes nothing in opens no intake.
        Raises: ConfigError, TableError.
        """
        if not role.accepts:
            settings = structs.replace(settings, folders=(), mllp=(), api=structs.replace(settings.api, enabled=False))
        check_usable(settings)
        sites = Sites.load(settings)
        return cls(settings, Tables(sites, policies(settings, sites.default.tables)), role)

    def renewed(self, settings: Settings) -> Site:
        """
        Read every table anew, by other settings but for what the intakes were opened with.

        Raises: ConfigError, TableError.
        """
        kept = {name: getattr(self.settings, name) for name in _AT_START}
        return self.of(structs.replace(settings, **kept), self.role)


def run(
    ledger: Ledger,
    load: Callable[[], Settings],
    *,
    started: Callable[[Addresses], None],
    warn: Say,
    role: str | None = None,
) -> DeliveryReport:
    """
    Run the service until Ctrl-C or SIGTERM; what is under way is finished first.

    Shape: `load` reads the settings, at the start and at each reload. `started` is told where the service can be
    reached, `warn` gets what the operator should know. `role` is a name of `ROLES`, for a host of a cluster.
    Raises: ConfigError, TableError, LedgerError.
    """
    words = Words()
    # Before anything is read: what is asked for meanwhile is done then.
    with words.of_signals():
        return _run(ledger, load, words, started, warn, Role.named(role, ledger))


def _run(
    ledger: Ledger,
    load: Callable[[], Settings],
    words: Words,
    started: Callable[[Addresses], None],
    warn: Say,
    role: Role,
) -> DeliveryReport:
    site = Site.of(load(), role)
    intake = Intake(ledger, site.tables)
    metrics = Metrics(ledger, *_measures(site), version=version("translator"))
    now = _Now(ledger, site, warn)
    doors = partial(_doors, ledger, now, intake, metrics)
    answered = partial(_answered, metrics)
    with metrics, Reception(ledger, site.settings, intake, doors, warn, answered) as reception:
        metrics.watch(reception.mllp, reception.folders, reception.troubles)
        for work in reception.works:
            work.add_done_callback(lambda _: words.tell(ENDED))
        started(reception.addresses)
        where = reception.addresses
        logs.tell("started", url=where.url, console=where.console, mllp=", ".join(where.mllp), folders=where.folders)
        while True:
            workers = _Workers(ledger, site, words, warn)
            word, site = _until(words, site, load, reception.check, warn)
            if word != RELOAD:
                break
            workers.finish()
            now.swap(site)
            metrics.swap(*_measures(site))
            reception.swap(site.tables)
            warn("settings and tables were read anew")
    report = workers.finish()
    logs.tell("stopped", count=report.queued)
    for work in reception.works:
        work.result()
    return report


def _until(
    words: Words, site: Site, load: Callable[[], Settings], check: Callable[[], None], warn: Say
) -> tuple[str, Site]:
    """Wait for a word to act on; a reload of what is not sound is none."""
    while True:
        word = words.next()
        if word != RELOAD:
            return word, site
        try:
            settings = load()
            fresh = site.renewed(settings)
            check()
        except TranslatorError as error:
            warn(f"nothing was read anew, the old settings and tables stay: {error}")
            continue
        changed = [told for name, told in _AT_START.items() if getattr(settings, name) != getattr(site.settings, name)]
        if changed:
            warn(f"{', '.join(changed)}: takes effect at the next start")
        return word, fresh


class _Now:
    """The settings and tables of now, for whoever outlives a reload."""

    def __init__(self, ledger: Ledger, site: Site, warn: Say) -> None:
        self._ledger = ledger
        self._warn = warn
        self.swap(site)

    def swap(self, site: Site) -> None:
        """Go by others from now on."""
        self.site = site
        settings, warn = site.settings, self._warn
        if site.role.delivers:
            _look_for_credentials(settings, warn)
        if site.role.accepts:
            webhooks = Webhooks(self._ledger, _webhook_secret(settings, warn), _acurable_callers(settings, warn))
            self._webhooks = webhooks.application(HANDLERS)

    def settings(self) -> Settings:
        """Give the settings."""
        return self.site.settings

    async def webhooks(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take a webhook, as an ASGI application."""
        await self._webhooks(scope, receive, send)


class _Workers:
    """The parts that work off what the ledger has, by one state of settings and tables."""

    def __init__(self, ledger: Ledger, site: Site, words: Words, warn: Say) -> None:
        settings, tables, role = site.settings, site.tables.sites.default.tables, site.role
        self._stop = stop = threading.Event()
        self._threads = ThreadPoolExecutor(thread_name_prefix="service")
        self._others: list[Future[None]] = []
        if not role.delivers:
            self._delivery = self._threads.submit(_only_accept, stop)
            return
        with errand(ledger, "confirm", shared=role.shared) as is_ours:
            if is_ours:
                release_confirmed(ledger, settings, Decision("release", reason="codes are confirmed"))
        self._delivery = self._threads.submit(
            partial(serve, ledger, settings, tables, stop=stop, trouble=warn, shared=role.shared)
        )
        errands: dict[str, Callable[[], None]] = {
            "fetch": partial(serve_fetching, ledger, settings, tables, stop=stop),
            "notices": partial(serve_notices, ledger, settings.notify, stop=stop, warn=warn),
        }
        if settings.lab.to:
            confirms = settings.whoop.confirm == FETCHED
            errands["bring"] = partial(serve_bringing, ledger, settings.lab, tables, stop=stop, confirms=confirms)
        for name, work in errands.items():
            serving = partial(serve_errand, ledger, name, work, stop=stop, shared=role.shared)
            self._others.append(self._threads.submit(serving))
        self._delivery.add_done_callback(lambda _: self._tell(words))
        for other in self._others:
            other.add_done_callback(lambda _: self._tell(words))

    def _tell(self, words: Words) -> None:
        # Those that end because they were asked to are no news.
        if not self._stop.is_set():
            words.tell(ENDED)

    def finish(self) -> DeliveryReport:
        """Let all finish what is under way; what went wrong in one of them is raised."""
        self._stop.set()
        self._threads.shutdown()
        for other in self._others:
            other.result()
        return self._delivery.result()


def _only_accept(stop: threading.Event) -> DeliveryReport:
    stop.wait()
    return DeliveryReport(Progress(), 0, 0, 0, 0, 0, delivered_here=False, stopped=True)


def _measures(site: Site) -> tuple[dict[str, RateBudget], frozenset[str]]:
    """Give what the metrics go by: what each vendor grants, and the codes that may be labels."""
    return rate_budgets(site.settings), frozenset(site.tables.sites.default.tables.reasons)


def _answered(metrics: Metrics, code: str, seconds: float) -> None:
    metrics.answered(code, seconds)
    logs.answered(code, seconds)


def _doors(ledger: Ledger, now: _Now, intake: Intake, metrics: Metrics, troubles: Troubles) -> Doors:
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
