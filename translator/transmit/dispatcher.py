"""
Deliver what the ledger gives out: several lanes at a time, each strictly in order.

Theory: one loop starts deliveries while there is something due and a client free, and waits for the first of: a
delivery that ends, the next due time, the stop, the deadline. A delivery is: the attempt is open in the ledger, the
POST, the outcome in the ledger. The ledger is asked in one thread of its own, in the order of asking, so that no
disk ever stops the clients, and SQLite sees one writer.

What is open in the ledger when a dispatcher begins was left by a dead process; what is open when it ends was cut off
by an error or a second Ctrl-C. Both become `unknown`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Protocol, TypeVar, TypeVarTuple

from msgspec import Struct

from translator.ledger import Claim, Ledger, Settlement
from translator.transmit.responses import Answer, concerns_all_lanes, outcome_of
from translator.transmit.retry import delay
from translator.transmit.token import TokenKeeper, TokenRefusedError, TokenUnreachableError

Asked = TypeVarTuple("Asked")
Told = TypeVar("Told")

GLANCE_S = 0.2
"""How soon a stop is noticed while nothing else happens."""

TOKEN_TRIES = 5
"""After so many vain fetches in a row the destination is paused."""


class Client(Protocol):
    """What the dispatcher needs of a vendor's client."""

    async def post_results(self, service_request_id: str, body: bytes, idempotency_key: str, token: str) -> Answer:
        """Post one body, once."""


class Progress(Struct, frozen=True):
    """How far delivery is; `queued` includes what is under way."""

    delivered: int = 0
    rejected: int = 0
    unknown: int = 0
    retried: int = 0
    queued: int = 0


class Dispatcher:
    """
    Deliver one destination's lanes; the caller holds the delivery lock.

    Shape: `responses` is the vendor's response table; one delivery at a time per client. `draw` gives a random
    number in [0, 1) and `clock` never goes backwards.
    """

    def __init__(
        self,
        ledger: Ledger,
        destination: str,
        clients: list[Client],
        tokens: TokenKeeper,
        responses: Mapping[str, str],
        *,
        clock: Callable[[], float],
        draw: Callable[[], float],
        progress: Callable[[Progress], None] = lambda _: None,
    ) -> None:
        self._ledger = ledger
        self._destination = destination
        self._idle = list(clients)
        self._tokens = tokens
        self._responses = responses
        self._clock = clock
        self._draw = draw
        self._progress = progress
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")
        self._under_way: set[asyncio.Task[None]] = set()
        self._not_before = 0.0
        self._vain_fetches = 0
        self._counts = dict.fromkeys(Progress.__struct_fields__, 0)
        self.paused = ""

    @property
    def counts(self) -> Progress:
        """What has been done so far."""
        return Progress(**self._counts)

    async def drain(self, *, deadline: float | None, stop: Event) -> None:
        """
        Deliver until nothing can be delivered any more, the deadline (by `clock`) or the stop.

        What is under way at the deadline or the stop is finished first.
        """
        try:
            await self._ask(self._ledger.recover, self._destination)
            self._counts["queued"] = (await self._ask(self._ledger.count, self._destination)).get("queued", 0)
            await self._loop(deadline, stop)
        finally:
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)
            # The thread first finishes what the tasks asked of it, so nothing is settled behind recover's back.
            await self._ask(self._ledger.recover, self._destination)
            self._thread.shutdown()

    async def _loop(self, deadline: float | None, stop: Event) -> None:
        while True:
            is_over = bool(self.paused) or stop.is_set() or (deadline is not None and self._clock() >= deadline)
            wait_s = None if is_over else await self._start_what_is_due()
            if not self._under_way and wait_s is None:
                return
            await self._wait(GLANCE_S if wait_s is None else min(wait_s, GLANCE_S))

    async def _start_what_is_due(self) -> float | None:
        """Start deliveries while clients are idle; gives the seconds until more is due, or None for nothing more."""
        while self._idle:
            token = self._tokens.cached
            if not token or self._clock() < self._not_before:
                due_in_s = await self._ask(self._ledger.due_in, self._destination)
                if due_in_s is None:
                    return None
                wait_s = max(due_in_s, self._not_before - self._clock())
                if wait_s > 0:
                    return wait_s
                token = await self._token()
            # Without a token no attempt is opened: nothing may look as if it had been sent.
            if not token:
                return None if self.paused else GLANCE_S
            claim = await self._ask(self._ledger.claim, self._destination)
            if claim is None:
                return await self._ask(self._ledger.due_in, self._destination)
            self._under_way.add(asyncio.create_task(self._deliver(self._idle.pop(), claim, token)))
        return GLANCE_S

    async def _wait(self, wait_s: float) -> None:
        if not self._under_way:
            await asyncio.sleep(wait_s)
            return
        done, self._under_way = await asyncio.wait(self._under_way, timeout=wait_s, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    async def _token(self) -> str:
        try:
            token = await self._tokens.current()
        except TokenRefusedError as error:
            self.paused = str(error)
        except TokenUnreachableError as error:
            self._vain_fetches += 1
            if self._vain_fetches >= TOKEN_TRIES:
                self.paused = str(error)
            self._not_before = self._clock() + delay(self._vain_fetches, self._draw(), error.wait_s)
        else:
            self._vain_fetches = 0
            return token
        return ""

    async def _deliver(self, client: Client, claim: Claim, token: str) -> None:
        answer = await client.post_results(claim.service_request_id, claim.body, claim.idempotency_key, token)
        settlement = self._judge(claim, answer, token)
        await self._ask(self._ledger.settle, claim, settlement)
        self._idle.append(client)
        self._count(settlement.outcome)

    def _judge(self, claim: Claim, answer: Answer, token: str) -> Settlement:
        outcome = outcome_of(answer.code, self._responses)
        if outcome == "renew":
            self._tokens.discard(token)
            # The token was fresh then: another one will not help.
            outcome = self._responses.get("second-401", "pause") if claim.previous == "renew" else "renew"
        if outcome == "pause":
            self.paused = f"the vendor refuses our access: answer {answer.code}"
        if outcome != "retry":
            return Settlement(outcome, answer.code)
        wait_s = delay(claim.attempts, self._draw(), answer.wait_s)
        if concerns_all_lanes(answer.code):
            self._not_before = max(self._not_before, self._clock() + wait_s)
        return Settlement(outcome, answer.code, wait_s)

    def _count(self, outcome: str) -> None:
        done = {"accepted": "delivered", "refused": "rejected", "unknown": "unknown"}.get(outcome)
        self._counts[done or "retried"] += 1
        if done:
            self._counts["queued"] -= 1
        self._progress(self.counts)

    async def _ask(self, question: Callable[[*Asked], Told], *asked: *Asked) -> Told:
        return await asyncio.get_running_loop().run_in_executor(self._thread, question, *asked)
