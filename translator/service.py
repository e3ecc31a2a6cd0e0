"""
Run the service: take in what comes, fetch and bring what vendors announce, deliver what is queued, until the stop.

Each part works in a thread of its own and speaks with the others through the ledger alone. Where one fails, the others
finish what is under way, and the process ends with that failure: a service that does half of its work is worse than
one that a supervisor starts again.

A reload (SIGHUP) reads settings, tables, secrets and certificates anew. Only where all of it is sound is it swapped, as
a whole: the intakes stay open and decide by the new tables, and the workers that deliver are let finish and started
anew. Streams are consumed by the new settings; addresses and folders are those of the start.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from importlib.metadata import version

from translator import logs
from translator.config import Settings
from translator.delivery import DeliveryReport
from translator.errors import TranslatorError
from translator.intake import Intake
from translator.ledger import CommonClock, Ledger
from translator.presence import Presence
from translator.reception import Addresses, Reception
from translator.roles import Role
from translator.service_doors import Now, doors
from translator.service_site import Site
from translator.service_workers import Workers
from translator.tracing import NO_TRACER, Tracer
from translator.web.metrics import Metrics
from translator.words import ENDED, RELOAD, Words

Say = Callable[[str], None]


def run(
    ledger: Ledger,
    load: Callable[[], Settings],
    *,
    started: Callable[[Addresses], None],
    warn: Say,
    role: str | None = None,
    clock: CommonClock | None = None,
    tracer: Tracer = NO_TRACER,
) -> DeliveryReport:
    """
    Run the service until Ctrl-C or SIGTERM; what is under way is finished first.

    Shape: `load` reads the settings, at the start and at each reload. `started` is told where the service can be
    reached, `warn` gets what the operator should know. `role` is a name of `ROLES`, for a host of a cluster; `clock` is
    the ledger's, and is set by the database's then. `tracer` records what messages go through.
    Raises: ConfigError, TableError, LedgerError.
    """
    words = Words()
    # Before anything is read: what is asked for meanwhile is done then.
    with words.of_signals():
        return _run(ledger, load, words, started, warn, Role.named(role, ledger), clock or CommonClock(), tracer)


def _run(
    ledger: Ledger,
    load: Callable[[], Settings],
    words: Words,
    started: Callable[[Addresses], None],
    warn: Say,
    role: Role,
    clock: CommonClock,
    tracer: Tracer,
) -> DeliveryReport:
    site = Site.of(load(), role)
    intake = Intake(ledger, site.tables, tracer)
    metrics = Metrics(ledger, *site.measures(), version=version("translator"))
    now = Now(ledger, site, warn, tracer)
    present = Presence(ledger, clock, now.card, warn).kept() if role.shared else nullcontext()
    behind = partial(doors, ledger, now, intake, metrics)
    answered = partial(_answered, metrics)
    with metrics, present, Reception(ledger, site.settings, intake, behind, warn, answered) as reception:
        metrics.watch(reception.mllp, reception.folders, reception.troubles, reception.streams.ports, tracer)
        for work in reception.works:
            work.add_done_callback(lambda _: words.tell(ENDED))
        started(reception.addresses)
        where = reception.addresses
        ports = {"mllp": ", ".join(where.mllp), "folders": where.folders, "streams": where.streams}
        logs.tell("started", url=where.url, console=where.console, **ports)
        while True:
            workers = Workers(ledger, site, words, warn, tracer)
            word, site = _until(words, site, load, reception.check, warn)
            if word != RELOAD:
                break
            workers.finish()
            now.swap(site)
            metrics.swap(*site.measures())
            reception.swap(site.tables, site.settings)
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
        changed = site.changed_at_start(settings)
        if changed:
            warn(f"{', '.join(changed)}: takes effect at the next start")
        return word, fresh


def _answered(metrics: Metrics, code: str, seconds: float) -> None:
    metrics.answered(code, seconds)
    logs.answered(code, seconds)
