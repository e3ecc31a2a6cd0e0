"""
Deliver the ledger's queue: a dispatcher for each vendor, together under the ledger's lock.

Where another process holds the lock, that process delivers; this one waits until its own messages are settled, and
takes over should the other go away.
"""

from __future__ import annotations

import asyncio
import random
import signal
import threading
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager, nullcontext
from functools import partial
from types import FrameType
from typing import NamedTuple

from msgspec import Struct

from translator.config import Settings
from translator.delivery_counts import Counts, count_all, total
from translator.errors import LedgerUnavailableError
from translator.ledger import DestinationPolicy, Ledger
from translator.sharing import place_among
from translator.tracing import NO_TRACER, Tracer
from translator.translate.tables import Tables
from translator.translate.workflow import Workflow
from translator.transmit import acurable, whoop
from translator.transmit.dispatcher import BY_ITSELF, Dispatcher
from translator.transmit.route import Progress
from translator.vendors import DESTINATIONS, open_routes

LOOK_S = 0.2
"""How often a process without the lock looks whether its messages are settled, or the lock is free."""

LEFT_TO_HOSTS = "the hosts that share the ledger deliver: `translator cluster status`"

AWAY_S = 1.0
"""How often a service looks whether the database of its ledger is back."""


class DeliveryReport(Struct, frozen=True):
    """
    What a delivery did and what it left.

    Shape: `progress` counts what this process did. `delivered`, `queued`, `rejected` and `unknown` count what the
    ledger holds now, or, where messages were named, for these; `unfinished` counts what is not
    delivered on all lanes that these messages speak of, so that a re-send of something undecided does not look settled.
    `paused` says why a destination takes nothing more, `hindrance` what last kept something back;
    `delivered_here` is false where another process delivered;
    `stopped` is true after a stop or Ctrl-C.
    """

    progress: Progress
    delivered: int
    queued: int
    rejected: int
    unknown: int
    unfinished: int
    paused: str = ""
    hindrance: str = ""
    delivered_here: bool = True
    stopped: bool = False

    @property
    def is_drained(self) -> bool:
        """Whether nothing of what was asked for is still to be sent or to be decided."""
        return not self.unfinished

    @property
    def failed_besides(self) -> int:
        """How many submissions this process sent for others than was asked for, and they are unknown or rejected."""
        return max(0, self.progress.unknown + self.progress.rejected - self.unknown - self.rejected)


def policies(settings: Settings, tables: Tables | None = None) -> dict[str, DestinationPolicy]:
    """
    Say what each destination may be sent, for `Ledger.accept`.

    Absent: without tables nobody knows when an order is complete, and no workflow status is kept.
    """
    site = settings.whoop
    workflow = None
    if tables is not None and site.workflow:
        workflow = Workflow(tables.panels, complete_on_final=not tables.site.unlisted_stays_partial)
    policy = DestinationPolicy(
        frozenset(site.confirmed_codes), site.is_loopback, in_full=site.resubmit == "full", workflow=workflow
    )
    return {whoop.DESTINATION: policy, acurable.DESTINATION: DestinationPolicy(loopback=settings.acurable.is_loopback)}


def deliver(
    ledger: Ledger,
    settings: Settings,
    tables: Tables,
    *,
    deadline_s: float | None = None,
    stop: threading.Event | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
    message_ids: Sequence[int] | None = None,
    tracer: Tracer = NO_TRACER,
) -> DeliveryReport:
    """
    Deliver until nothing can be delivered, the deadline, or the stop; Ctrl-C finishes what is under way first.

    Shape: `message_ids` are the caller's own messages: what the report is about, and what is waited for where
    another process delivers. `tracer` records what is delivered.
    Units: `deadline_s` in seconds from now; None: no deadline.
    Raises: ConfigError where a credential is needed and not set.
    """
    deadline = None if deadline_s is None else time.monotonic() + deadline_s
    work = _Delivery(ledger, settings, tables, stop or threading.Event(), deadline, progress, message_ids, tracer)
    with _stop_by_signal(work.stop):
        while True:
            with ledger.delivery_lock() as held:
                if held:
                    return asyncio.run(work.run())
            if work.is_over or not count_all(ledger, message_ids).get("queued"):
                why = LEFT_TO_HOSTS if ledger.cluster().is_set_up else ""
                return work.report(Progress(), hindrance=why, delivered_here=False)
            work.stop.wait(LOOK_S)


def serve(
    ledger: Ledger,
    settings: Settings,
    tables: Tables,
    *,
    stop: threading.Event,
    progress: Callable[[Progress], None] = lambda _: None,
    trouble: Callable[[str], None] = lambda _: None,
    shared: bool = False,
    tracer: Tracer = NO_TRACER,
) -> DeliveryReport:
    """
    Deliver whatever is committed, until the stop; Ctrl-C and SIGTERM finish what is under way first.

    Where another process holds the lock, this one waits for it; where the database is away, until it is back. What was
    under way then is recorded when it is back; what could not be for a minute is unknown.

    Where a credential is needed and not set, its destination is paused.

    Shape: `trouble` is told, once, why nothing is delivered while the database is away. Where the ledger is `shared`
    with other hosts, all of them deliver, and there is no lock.
    Raises: ConfigError where this host cannot take part; LedgerError where the stop comes while the database is away.
    """
    work = _Delivery(ledger, settings, tables, stop, None, progress, None, tracer, shared)
    lock = partial(nullcontext, enter_result=True) if shared else ledger.delivery_lock
    known = ""
    with _stop_by_signal(stop):
        while True:
            wait_s = LOOK_S
            try:
                with lock() as held:
                    if held:
                        return asyncio.run(work.run(serves=True))
                    known = ""
            except LedgerUnavailableError as error:
                wait_s = AWAY_S
                if str(error) != known:
                    known = str(error)
                    trouble(known)
            if stop.wait(wait_s):
                return work.report(Progress(), delivered_here=False)


class _Delivery(NamedTuple):
    ledger: Ledger
    settings: Settings
    tables: Tables
    stop: threading.Event
    deadline: float | None
    progress: Callable[[Progress], None]
    message_ids: Sequence[int] | None
    tracer: Tracer = NO_TRACER
    shared: bool = False

    @property
    def is_over(self) -> bool:
        return self.stop.is_set() or (self.deadline is not None and time.monotonic() >= self.deadline)

    async def run(self, *, serves: bool = False) -> DeliveryReport:
        counts, away = Counts(self.progress), threading.Event()
        async with AsyncExitStack() as stack:
            found = open_routes(stack, self.settings, self.tables, serves=serves, tracer=self.tracer)
            routes = [route async for route in found]
            dispatchers = [
                Dispatcher(
                    self.ledger,
                    route,
                    clock=time.monotonic,
                    draw=random.random,
                    progress=counts.part(number),
                    away=away,
                    place=place_among(self.ledger.cluster(), route) if self.shared else BY_ITSELF,
                )
                for number, route in enumerate(routes)
            ]
            works = [
                one.serve(stop=self.stop) if serves else one.drain(deadline=self.deadline, stop=self.stop)
                for one in dispatchers
            ]
            await _all(works)
        pauses, hindrances = zip(*((one.paused, one.hindrance) for one in dispatchers), strict=True)
        return self.report(
            total(one.counts for one in dispatchers),
            paused=next(filter(None, pauses), ""),
            hindrance=next(filter(None, hindrances), ""),
        )

    def report(
        self, progress: Progress, *, paused: str = "", hindrance: str = "", delivered_here: bool = True
    ) -> DeliveryReport:
        left = count_all(self.ledger, self.message_ids)
        return DeliveryReport(
            progress=progress,
            delivered=left.get("delivered", 0),
            queued=left.get("queued", 0),
            rejected=left.get("rejected", 0),
            unknown=left.get("unknown", 0),
            unfinished=sum(self.ledger.unfinished(name, self.message_ids) for name in DESTINATIONS),
            paused=paused or self._pause(),
            hindrance=hindrance,
            delivered_here=delivered_here,
            stopped=self.stop.is_set(),
        )

    def _pause(self) -> str:
        """Say why something that is queued may not be sent, whoever is at work."""
        waiting = (name for name in DESTINATIONS if self.ledger.count(name, self.message_ids).get("queued"))
        return next(filter(None, (self.ledger.destinations().standing(name).paused for name in waiting)), "")


async def _all(works: Iterable[Coroutine[None, None, None]]) -> None:
    """
    Do several works at a time; where one fails, the others are cut off, and its error is the error.

    Where the ledger is away, they end by themselves, when what they know is recorded.
    """
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    except LedgerUnavailableError:
        await asyncio.wait(tasks)
        raise
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextmanager
def _stop_by_signal(stop: threading.Event) -> Iterator[None]:
    """Make the first Ctrl-C (or SIGTERM) a stop; the second one interrupts as usual."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {int(number): signal.getsignal(number) or signal.SIG_DFL for number in numbers}

    def on_signal(number: int, _frame: FrameType | None) -> None:
        signal.signal(number, before[number])
        stop.set()

    for number in numbers:
        signal.signal(number, on_signal)
    try:
        yield
    finally:
        for number in numbers:
            signal.signal(number, before[number])
