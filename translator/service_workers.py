"""Work off what the ledger has: deliver, fetch what vendors announce, bring to the lab's side, tell people."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

from translator.confirmations import release_confirmed
from translator.delivery import DeliveryReport, serve
from translator.errands import Work, errand, serve_errand
from translator.lab_side import serve_bringing
from translator.ledger import Decision, Ledger
from translator.notify import serve_notices
from translator.requisitions import FETCHED, serve_fetching
from translator.service_site import Site
from translator.tracing import NO_TRACER, Tracer
from translator.transmit.route import Progress
from translator.words import ENDED, Words


class Workers:
    """The parts that work off what the ledger has, by one state of settings and tables."""

    def __init__(
        self, ledger: Ledger, site: Site, words: Words, warn: Callable[[str], None], tracer: Tracer = NO_TRACER
    ) -> None:
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
            partial(serve, ledger, settings, tables, stop=stop, trouble=warn, shared=role.shared, tracer=tracer)
        )
        errands: dict[str, Work] = {
            "fetch": partial(serve_fetching, ledger, settings, tables, tracer=tracer),
            "notices": partial(serve_notices, ledger, settings.notify, warn=warn),
        }
        if settings.lab.to:
            confirms = settings.whoop.confirm == FETCHED
            errands["bring"] = partial(serve_bringing, ledger, settings.lab, tables, confirms=confirms, tracer=tracer)
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
