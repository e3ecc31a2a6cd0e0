"""
Show what the service does and what its ledger holds, as Prometheus reads it.

Nothing here is about a person: labels are states, codes, reasons, destinations, intakes and numbers of ports, each out
of a short list. Counters begin with the process and go by the ledger, so that whatever another process does on it
counts, too. Gauges are of now; only the tally of all entries is as old as `translator_tally_age_seconds` says.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Protocol, Self

from msgspec import Struct
from prometheus_client import CollectorRegistry, Histogram, ProcessCollector
from prometheus_client.core import Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from translator.ledger import Ledger, Marks, RateBudget, RateUse, Standing, Tally, Waiting
from translator.tracing import NO_TRACER, Tracer
from translator.web import metric_families, stream_families
from translator.web.health import Troubles
from translator.web.recent import Pace, Recent

METRICS_PATH = "/metrics"
ANSWER_S = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
DELIVERY_S = (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14_400.0, 86_400.0, 604_800.0)
"""The bounds of the histograms, in seconds."""

PACE, TALLY_PACE = Pace(), Pace(least_s=10.0)
"""How often the ledger is asked for what is cheap to say, and how often everything in it is counted."""


class MllpCounts(Protocol):
    """What one MLLP port counts; see accept/mllp_counts.py."""

    @property
    def answered(self) -> Mapping[str, int]:
        """Acknowledgements by their code."""

    @property
    def connections(self) -> int:
        """Connections that are open."""


class MllpPort(Protocol):
    """One MLLP port, as it is counted here."""

    @property
    def port(self) -> int:
        """Its number."""

    @property
    def counts(self) -> MllpCounts:
        """What it did since its start."""


class Folder(Protocol):
    """One watched folder, as it is counted here; its path is nobody's business."""

    @property
    def taken(self) -> Mapping[str, int]:
        """Files by what became of them."""

    @property
    def trouble(self) -> str:
        """Why no files are taken in, or nothing."""


class StreamPort(Protocol):
    """One consumed stream, as it is counted here."""

    @property
    def way(self) -> str:
        """Its name in the settings."""

    @property
    def is_connected(self) -> bool:
        """Whether the broker is there."""

    @property
    def counts(self) -> object:
        """What it did since its start; see accept/stream_counts.py."""


class Ledgered(Struct, frozen=True):
    """What is read of the ledger for each scrape; budgets are those of `Metrics`."""

    waiting: Sequence[Waiting]
    held: Mapping[str, int]
    standings: Sequence[Standing]
    uses: Mapping[str, Sequence[RateUse]]
    untold: Mapping[str, int]
    messages: Mapping[tuple[str, str], int]
    attempts: Mapping[tuple[str, str], int]
    now: int


class Metrics(Collector):
    """
    The metrics of one service; as a context manager they can be read while the block runs.

    Shape: `budgets` are the rates that each destination grants; it has an entry for every one that is configured.
    `reasons` are the codes that may be labels. `watch` hands in the parts that count for themselves.
    """

    def __init__(
        self,
        ledger: Ledger,
        budgets: Mapping[str, RateBudget],
        reasons: Collection[str],
        *,
        version: str = "",
        pace: Pace = PACE,
        tally_pace: Pace = TALLY_PACE,
    ) -> None:
        self._ledger = ledger
        self._budgets = budgets
        self._reasons = frozenset(reasons)
        self._version = version
        self._ports: Sequence[MllpPort] = ()
        self._folders: Sequence[Folder] = ()
        self._streams: Callable[[], Sequence[StreamPort]] = tuple
        self._troubles: Troubles = dict
        self._tracer = NO_TRACER
        self._marks: Marks | None = None
        self._messages: Counter[tuple[str, str]] = Counter()
        self._attempts: Counter[tuple[str, str]] = Counter()
        self._open = ExitStack()
        self._ledgered = Recent(self._read, pace)
        self._tally: Recent[Tally] = Recent(ledger.meters().tally, tally_pace)
        self._registry = CollectorRegistry()
        # First, since reading the ledger is what the histogram of deliveries goes by.
        self._registry.register(self)
        ProcessCollector(registry=self._registry)
        self._answers = Histogram(
            "translator_answer_seconds",
            "From a message's last byte to its acknowledgement, by code",
            ["code"],
            buckets=ANSWER_S,
            registry=self._registry,
        )
        self._deliveries = Histogram(
            "translator_delivery_seconds",
            "From a message's coming in to the vendor's acceptance of what it brought, by destination",
            ["destination"],
            buckets=DELIVERY_S,
            registry=self._registry,
        )

    def __enter__(self) -> Self:
        # What came before the start of the process is nothing that it does.
        self._marks = self._ledger.meters().marks()
        with ExitStack() as stack:
            stack.enter_context(self._ledgered)
            stack.enter_context(self._tally)
            self._open = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def answered(self, code: str, seconds: float) -> None:
        """Count one acknowledgement, and how long its message had to wait for it."""
        self._answers.labels(code).observe(seconds)

    def watch(
        self,
        ports: Iterable[MllpPort],
        folders: Iterable[Folder],
        troubles: Troubles,
        streams: Callable[[], Sequence[StreamPort]] = tuple,
        tracer: Tracer = NO_TRACER,
    ) -> None:
        """Know the parts that count for themselves, and who says whether the service is ready."""
        self._tracer = tracer
        self._ports, self._folders, self._troubles = tuple(ports), tuple(folders), troubles
        self._streams = streams

    def swap(self, budgets: Mapping[str, RateBudget], reasons: Collection[str]) -> None:
        """Go by other settings and tables from now on."""
        self._budgets, self._reasons = budgets, frozenset(reasons)

    def page(self) -> bytes:
        """Write all metrics as text."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """Give what is not counted as it happens; the registry asks."""
        families = metric_families
        yield families.build(self._version)
        yield families.ready(self._troubles())
        yield from families.ports({str(one.port): one.counts for one in self._ports})
        yield from families.folders({str(number): one for number, one in enumerate(self._folders, 1)})
        yield from stream_families.streams({one.way: one for one in self._streams()})
        yield families.spans(self._tracer.became)
        found, tally = self._ledgered.get(), self._tally.get()
        yield families.ledger_up(is_up=not (self._ledgered.is_away or self._tally.is_away))
        if found is not None:
            yield from families.passed(found.messages, found.attempts)
            yield from families.waiting(found.waiting, self._budgets, found.now)
            yield families.held(found.held, self._reasons)
            yield stream_families.untold(found.untold)
            yield from families.destinations(found.standings, found.uses, self._budgets)
        if tally is not None:
            yield from families.tally(tally, self._reasons, self._tally.age_s)

    def _read(self) -> Ledgered:
        meters, destinations = self._ledger.meters(), self._ledger.destinations()
        waiting, held, standings = meters.waiting(), meters.held(), destinations.standings()
        uses = {name: destinations.rate_use(name) for name in self._budgets}
        following = self._ledger.following()
        untold = following.waiting(following.ways())
        passed = meters.since(self._marks or Marks())
        self._marks = passed.marks
        self._messages.update(passed.messages)
        self._attempts.update(passed.attempts)
        for destination, seconds in passed.delays:
            self._deliveries.labels(destination).observe(seconds)
        return Ledgered(
            waiting, held, standings, uses, untold, dict(self._messages), dict(self._attempts), meters.now()
        )


def metrics_routes(metrics: Metrics) -> list[Route]:
    """Make the route that Prometheus scrapes; it needs no token, so it belongs on the console's address."""

    async def scrape(_: Request) -> Response:
        return Response(await asyncio.to_thread(metrics.page), media_type=CONTENT_TYPE_LATEST)

    return [Route(METRICS_PATH, scrape)]
