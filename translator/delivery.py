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

from translator.config import Settings
from translator.ledger import DestinationPolicy, Ledger
from translator.translate.tables import Tables
from translator.transmit.dispatcher import Client, Dispatcher, Progress
from translator.transmit.token import Credentials, TokenKeeper
from translator.transmit.whoop import DESTINATION, WhoopClient

LOOK_S = 0.2
"""How often a process without the lock looks whether its messages are settled, or the lock is free."""


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


def policies(settings: Settings) -> dict[str, DestinationPolicy]:
    """Say what each destination may be sent, for `Ledger.accept`."""
    whoop = settings.whoop
    return {DESTINATION: DestinationPolicy(frozenset(whoop.confirmed_codes), loopback=whoop.is_loopback)}


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
                    return asyncio.run(work.drain())
            if work.is_over or not ledger.count(DESTINATION, message_ids).get("queued"):
                return work.report(Progress(), delivered_here=False)
            work.stop.wait(LOOK_S)


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

    async def drain(self) -> DeliveryReport:
        whoop = self.settings.whoop
        async with AsyncExitStack() as stack:
            clients: list[Client] = [await stack.enter_async_context(self._client()) for _ in range(whoop.workers)]
            for_tokens = await stack.enter_async_context(self._client())
            dispatcher = Dispatcher(
                self.ledger,
                DESTINATION,
                clients,
                # Secrets are read only when a token is needed: a ledger with nothing to send needs none.
                TokenKeeper(
                    lambda: for_tokens.fetch_token(Credentials(whoop.client_id.reveal(), whoop.client_secret.reveal())),
                    time.monotonic,
                ),
                self.tables.responses[DESTINATION],
                clock=time.monotonic,
                draw=random.random,
                progress=self.progress,
            )
            await dispatcher.drain(deadline=self.deadline, stop=self.stop)
        return self.report(dispatcher.counts, paused=dispatcher.paused)

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
