"""
Run the service: take webhooks, fetch what they announce, bring it to the lab, deliver what is queued, until the stop.

Each of them works in a thread of its own and speaks with the others through the ledger alone. Where one fails,
the others finish what is under way, and the process ends with that failure: a service that does half of its work is
worse than one that a supervisor starts again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from translator.accept.callers import Callers
from translator.accept.listener import Listener
from translator.accept.webhooks import Webhooks
from translator.config import Settings
from translator.confirmations import release_confirmed
from translator.delivery import DeliveryReport, serve
from translator.engine import Translator
from translator.errors import ConfigError
from translator.lab_side import serve_bringing
from translator.ledger import Decision, Ledger
from translator.requisitions import FETCHED, serve_fetching

UNKNOWN_CALLERS = (
    "Acurable's webhooks are believed whoever sends them: set acurable.webhook_token or acurable.webhook_from, or let "
    "the proxy in front know its callers"
)
UNSIGNED = "whoop.webhook_secret is not set: every webhook of WHOOP is answered 401"


def run(
    ledger: Ledger,
    settings: Settings,
    *,
    stop: threading.Event,
    started: Callable[[str], None],
    warn: Callable[[str], None],
) -> DeliveryReport:
    """
    Run the service until the stop, Ctrl-C or SIGTERM; what is under way is finished first.

    Shape: `started` gets the URL that the service listens on, `warn` what the operator should know.
    Raises: ConfigError, TableError, LedgerError.
    """
    engine = Translator.load(settings.site or None)
    release_confirmed(ledger, settings, Decision("release", reason="codes are confirmed"))
    webhooks = Webhooks(ledger, _webhook_secret(settings, warn), _acurable_callers(settings, warn))
    host, port = settings.address
    with ThreadPoolExecutor(max_workers=2, thread_name_prefix="service") as threads:
        with Listener(webhooks.application(), host, port) as listener:
            started(listener.url)
            others = [threads.submit(serve_fetching, ledger, settings, engine.tables, stop=stop)]
            if settings.lab.to:
                confirms = settings.whoop.confirm == FETCHED
                bring = partial(serve_bringing, ledger, settings.lab, engine.tables, stop=stop, confirms=confirms)
                others.append(threads.submit(bring))
            for other in others:
                other.add_done_callback(lambda _: stop.set())
            try:
                report = serve(ledger, settings, engine.tables, stop=stop)
            finally:
                stop.set()
        for other in others:
            # What went wrong there ends the service, too.
            other.result()
    return report


def _webhook_secret(settings: Settings, warn: Callable[[str], None]) -> str:
    try:
        return settings.whoop.webhook_secret.reveal()
    except ConfigError:
        warn(UNSIGNED)
        return ""


def _acurable_callers(settings: Settings, warn: Callable[[str], None]) -> Callers:
    site = settings.acurable
    if site.url and not site.is_loopback and not (site.webhook_token or site.webhook_from):
        warn(UNKNOWN_CALLERS)
    return Callers(site.webhook_token.reveal() if site.webhook_token else "", site.webhook_from)
