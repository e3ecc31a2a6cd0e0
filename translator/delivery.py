"""
Deliver the ledger's queue: put token, clients and dispatcher together, under the ledger's lock.

Where another process holds the lock, that process delivers; this one waits until its own messages are settled, and
takes over should the other go away.
"""

from __future__ import annotations

import asyncio
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from types import FrameType
from typing import NamedTuple

import httpx
from msgspec import Struct

from translator.config import Settings, WhoopSettings
from translator.errors import LedgerUnavailableError
from translator.ledger import UNLIMITED, DestinationPolicy, Ledger, RateBudget
from translator.translate.tables import Tables
from translator.translate.workflow import Workflow
from translator.transmit.dispatcher import Dispatcher
from translator.transmit.drain import Progress, Route
from translator.transmit.token import Credentials, TokenKeeper
from translator.transmit.whoop import DESTINATION, WhoopClient

LOOK_S = 0.2
"""How often a process without the lock looks whether its messages are settled, or the lock is free."""

AWAY_S = 1.0
"""How often a service looks whether the database of its ledger is back."""

DOCUMENTED_RATE = RateBudget(per_minute=100, per_day=10_000)


class DeliveryReport(Struct, frozen=True):
    """
    What a delivery did and what it left.

    Shape: `progress` counts what this process did. `delivered`, `queued`, `rejected` and `unknown` count what the
    ledger holds for the destination now, or, where messages were named, for these; `unfinished` counts what is not
    delivered on all lanes that these messages speak of, so that a re-send of something undecided does not look settled.
    `paused` says why the destination takes nothing more; `delivered_here` is false where another process delivered;
    `stopped` is true after a stop or Ctrl-C.
    """

    progress: Progress
    delivered: int
    queued: int
    rejected: int
    unknown: int
    unfinished: int
    paused: str = ""
    delivered_here: bool = True
    stopped: bool = False

    @property
    def is_drained(self) -> bool:
        """Whether nothing of what was asked for is still to be sent or to be decided."""
        return not self.unfinished


def policies(settings: Settings, tables: Tables | None = None) -> dict[str, DestinationPolicy]:
    """
    Say what each destination may be sent, for `Ledger.accept`.

    Absent: without tables nobody knows when an order is complete, and no workflow status is kept.
    """
    whoop = settings.whoop
    workflow = None
    if tables is not None and whoop.workflow:
        workflow = Workflow(tables.panels, complete_on_final=not tables.site.unlisted_stays_partial)
    policy = DestinationPolicy(
        frozenset(whoop.confirmed_codes), whoop.is_loopback, in_full=whoop.resubmit == "full", workflow=workflow
    )
    return {DESTINATION: policy}


def rate_budget(whoop: WhoopSettings) -> RateBudget:
    """Say how many calls WHOOP may get: what the site set, else what it documents, and any number for the sandbox."""
    documented = UNLIMITED if whoop.is_loopback else DOCUMENTED_RATE
    return RateBudget(
        per_minute=documented.per_minute if whoop.calls_per_minute is None else whoop.calls_per_minute,
        per_day=documented.per_day if whoop.calls_per_day is None else whoop.calls_per_day,
    )


def deliver(
    ledger: Ledger,
    settings: Settings,
    tables: Tables,
    *,
    deadline_s: float | None = None,
    stop: threading.Event | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
    message_ids: Sequence[int] | None = None,
    transport: Callable[[], httpx.AsyncBaseTransport] | None = None,
) -> DeliveryReport:
    """
    Deliver until nothing can be delivered, the deadline, or the stop; Ctrl-C finishes what is under way first.

    Shape: `message_ids` are the caller's own messages: what the report is about, and what is waited for where
    another process delivers. `transport` makes the transport of each client; a test answers there.
    Units: `deadline_s` in seconds from now; None: no deadline.
    Raises: ConfigError where a credential is needed and not set.
    """
    deadline = None if deadline_s is None else time.monotonic() + deadline_s
    work = _Delivery(ledger, settings, tables, stop or threading.Event(), deadline, progress, message_ids, transport)
    with _stop_by_signal(work.stop):
        while True:
            with ledger.delivery_lock() as held:
                if held:
                    return asyncio.run(work.run())
            if work.is_over or not ledger.count(DESTINATION, message_ids).get("queued"):
                return work.report(Progress(), delivered_here=False)
            work.stop.wait(LOOK_S)


def serve(
    ledger: Ledger,
    settings: Settings,
    tables: Tables,
    *,
    stop: threading.Event,
    progress: Callable[[Progress], None] = lambda _: None,
    trouble: Callable[[str], None] = lambda _: None,
    transport: Callable[[], httpx.AsyncBaseTransport] | None = None,
) -> DeliveryReport:
    """
    Deliver whatever is committed, until the stop; Ctrl-C and SIGTERM finish what is under way first.

    Where another process holds the lock, this one waits for it; where the database is away, until it is back. What was
    under way then, and whose outcome could not be recorded, is unknown.

    Shape: `trouble` is told, once, why nothing is delivered while the database is away.
    Raises: ConfigError where a credential is needed and not set; LedgerError where the stop comes while the database
    is away.
    """
    work = _Delivery(ledger, settings, tables, stop, None, progress, None, transport)
    known = ""
    with _stop_by_signal(stop):
        while True:
            wait_s = LOOK_S
            try:
                with ledger.delivery_lock() as held:
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
    transport: Callable[[], httpx.AsyncBaseTransport] | None

    @property
    def is_over(self) -> bool:
        return self.stop.is_set() or (self.deadline is not None and time.monotonic() >= self.deadline)

    async def run(self, *, serves: bool = False) -> DeliveryReport:
        async with AsyncExitStack() as stack:
            route = await self._route(stack)
            dispatcher = Dispatcher(
                self.ledger, route, clock=time.monotonic, draw=random.random, progress=self.progress
            )
            if serves:
                await dispatcher.serve(stop=self.stop)
            else:
                await dispatcher.drain(deadline=self.deadline, stop=self.stop)
        return self.report(dispatcher.counts, paused=dispatcher.paused)

    async def _route(self, stack: AsyncExitStack) -> Route:
        whoop = self.settings.whoop
        clients = [await stack.enter_async_context(self._client()) for _ in range(whoop.workers)]
        for_tokens = await stack.enter_async_context(self._client())
        return Route(
            destination=DESTINATION,
            clients=tuple(clients),
            # Secrets are read only when a token is needed: a ledger with nothing to send needs none.
            tokens=TokenKeeper(
                lambda: for_tokens.fetch_token(Credentials(whoop.client_id.reveal(), whoop.client_secret.reveal())),
                time.monotonic,
            ),
            responses=self.tables.responses[DESTINATION],
            budget=rate_budget(whoop),
            resends=whoop.on_unknown == "resend",
        )

    def report(self, progress: Progress, *, paused: str = "", delivered_here: bool = True) -> DeliveryReport:
        left = self.ledger.count(DESTINATION, self.message_ids)
        return DeliveryReport(
            progress=progress,
            delivered=left.get("delivered", 0),
            queued=left.get("queued", 0),
            rejected=left.get("rejected", 0),
            unknown=left.get("unknown", 0),
            unfinished=self.ledger.unfinished(DESTINATION, self.message_ids),
            paused=paused,
            delivered_here=delivered_here,
            stopped=self.stop.is_set(),
        )

    def _client(self) -> WhoopClient:
        whoop = self.settings.whoop
        return WhoopClient(whoop.url, timeout_s=whoop.timeout_s, transport=self.transport() if self.transport else None)


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
