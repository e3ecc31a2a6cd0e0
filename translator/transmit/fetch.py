"""
Fetch from WHOOP what its webhooks announced: one requisition after the other, each until it is there.

To ask changes nothing at the vendor, so what is unknown is simply asked again. All else is as for deliveries: a pause
of the destination, what the vendor asks us to wait, and one fresh token after a 401 go for both. The pauses grow to an
hour, and after `TRIES` tries, about a day, a requisition is given up: a person sees it, and may fetch it by hand.

A requisition is confirmed before it is taken. One call sets every service request of it, so it is made only while there
is nothing on any of their lanes that it could set back; where there is, or WHOOP does not take it, each service request
is confirmed on its own lane.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from functools import partial
from threading import Event

import msgspec
from msgspec import Struct

from translator.ledger import FAILED, UNLIMITED, VENDOR, EventRow, Ledger, RateBudget
from translator.read.requisition import MalformedRequisitionError, is_uuid, read_requisition
from translator.record.requisition import Requisition
from translator.translate.workflow import CONFIRMED
from translator.transmit.attempt_spans import Vendor
from translator.transmit.client import Call
from translator.transmit.engine import GLANCE_S
from translator.transmit.event_spans import EventSpans
from translator.transmit.responses import Answer
from translator.transmit.retry import LONGEST_ASKED_S, Verdict, delay, judge
from translator.transmit.token import TokenKeeper, TokenRefusedError, TokenUnreachableError
from translator.transmit.whoop import DESTINATION, REQUISITION_KIND, WhoopClient

AT_ONCE = 16
NOT_THERE = "404"
NOT_THERE_TRIES = 5
"""A webhook may be faster than what it announces."""

CONFIRM_TRIES = 3
"""So often the whole is confirmed by one call, which only WHOOP's OpenAPI document names; then one by one."""

TRIES = 60
LONGEST_S = 3600.0

CONFIRM_KIND = "requisition-status"
CONFIRM_BODY = msgspec.json.encode({"task_business_status": CONFIRMED})

NO_ID = "not-a-uuid"
NO_REQUISITION = "unreadable-requisition"
OTHER_REQUISITION = "another-requisition"
UNREADABLE = frozenset({NO_ID, NO_REQUISITION, OTHER_REQUISITION})
"""Why an event has failed although WHOOP answered, or nobody asked: to ask again by itself would not help."""


class Source(Struct, frozen=True):
    """How WHOOP is asked; `confirms` says which requisition is confirmed at once, `spans` are told of each call."""

    client: WhoopClient
    tokens: TokenKeeper
    responses: Mapping[str, str]
    budget: RateBudget = UNLIMITED
    confirms: Callable[[Requisition], bool] = lambda _: True
    spans: EventSpans = EventSpans(Vendor(DESTINATION))


class RequisitionFetcher:
    """
    Act on the events of WHOOP in one ledger.

    Shape: `draw` gives a random number in [0, 1).
    """

    def __init__(self, ledger: Ledger, source: Source, draw: Callable[[], float]) -> None:
        self._ledger = ledger
        self._events = ledger.events()
        self._source = source
        self._draw = draw

    async def serve(self, *, stop: Event) -> None:
        """Fetch whatever is announced, until the stop; what is under way then is finished first."""
        bell = self._ledger.bell()
        ringing = asyncio.create_task(bell.rings())
        try:
            while not stop.is_set():
                await self._wait(ringing, await self.fetch_due(stop=stop), stop)
                if ringing.done():
                    ringing.result()
                    ringing = asyncio.create_task(bell.rings())
        finally:
            ringing.cancel()
            await asyncio.gather(ringing, return_exceptions=True)
            await bell.close()

    async def drain(self, *, deadline: float, stop: Event) -> None:
        """Fetch until nothing is left to be fetched, the deadline (by the loop's clock) or the stop."""
        clock = asyncio.get_running_loop().time
        # A vendor that refused us is tried again, as when a delivery begins.
        await asyncio.to_thread(lambda: self._ledger.destinations().resume(DESTINATION, only=[VENDOR]))
        while not stop.is_set():
            wait_s = await self.fetch_due(stop=stop)
            if wait_s is None or clock() + wait_s > deadline:
                return
            await asyncio.sleep(wait_s)

    async def fetch_due(self, *, stop: Event) -> float | None:
        """Fetch what is due now; gives the seconds until something is due again, None for until something happens."""
        while not stop.is_set():
            shut_s = await asyncio.to_thread(self._shut_s)
            if shut_s is None or shut_s > 0:
                return shut_s
            due = await asyncio.to_thread(self._events.due, DESTINATION, AT_ONCE)
            if not due:
                break
            for event in due:
                if stop.is_set() or not await self._fetch(event):
                    break
        return await asyncio.to_thread(self._events.due_in, DESTINATION)

    def _shut_s(self) -> float | None:
        """Give the seconds until WHOOP may be called (0: now); None while it is paused."""
        standing = self._ledger.destinations().standing(DESTINATION)
        if standing.paused:
            return None
        return max(0.0, standing.opens_at / 1_000_000 - self._ledger.now()) if standing.opens_at else 0.0

    async def _wait(self, ringing: asyncio.Task[None], wait_s: float | None, stop: Event) -> None:
        clock = asyncio.get_running_loop().time
        end = None if wait_s is None else clock() + wait_s
        while not (stop.is_set() or ringing.done()) and (end is None or clock() < end):
            await asyncio.wait({ringing}, timeout=GLANCE_S if end is None else min(GLANCE_S, max(0.0, end - clock())))

    async def _fetch(self, event: EventRow) -> bool:
        """Try once; gives False where nobody should be asked for the moment."""
        if not is_uuid(event.resource):
            await asyncio.to_thread(self._events.settle, event.id, FAILED, NO_ID)
            return True
        token = await self._token(event)
        if not token:
            return False
        await asyncio.to_thread(self._ledger.destinations().count_call, DESTINATION, self._source.budget)
        spans = self._source.spans
        context = await asyncio.to_thread(spans.context, event, self._ledger.trace_contexts) if spans.is_on else ""
        began = spans.now()
        answer, body = await self._source.client.fetch_requisition(event.resource, token)
        spans.called(context, REQUISITION_KIND, began, answer)
        verdict = await self._judge(event, answer, token)
        if verdict.outcome != "accepted":
            await asyncio.to_thread(self._record, event, answer, verdict)
            return not (verdict.pauses or verdict.closed_s)
        fetched = await asyncio.to_thread(self._read, event, body)
        return fetched is None or await self._take(event, fetched, body, token, context)

    async def _judge(self, event: EventRow, answer: Answer, token: str) -> Verdict:
        verdict = judge(
            answer,
            self._source.responses,
            attempt=event.tries + 1,
            previous="renew" if event.answer == "401" else "",
            draw=self._draw(),
            resends=True,
        )
        if verdict.outcome == "renew" or verdict.pauses:
            self._source.tokens.discard(token)
        await asyncio.to_thread(self._publish, verdict)
        return verdict

    async def _take(self, event: EventRow, fetched: Requisition, body: bytes, token: str, context: str) -> bool:
        """Confirm the requisition and take it; gives False where nobody should be asked for the moment."""
        requisitions, confirms = self._ledger.requisitions(), self._source.confirms(fetched)
        is_whole = confirms and await asyncio.to_thread(requisitions.may_confirm_whole, fetched)
        verdict = None
        if is_whole:
            began = self._source.spans.now()
            answer = await self._confirm(fetched.id, token)
            self._source.spans.called(context, CONFIRM_KIND, began, answer)
            verdict = await self._judge(event, answer, token)
            is_over = event.tries + 1 >= CONFIRM_TRIES and verdict.outcome in {"retry", "unknown"}
            if verdict.outcome not in {"accepted", "refused"} and not is_over:
                await asyncio.to_thread(self._record, event, answer, verdict)
                return not (verdict.pauses or verdict.closed_s)
        is_confirmed = verdict is not None and verdict.outcome == "accepted"
        each = confirms and not is_confirmed
        taken = partial(requisitions.take, fetched, body, event_id=event.id, traceparent=context)
        await asyncio.to_thread(taken, confirms=each, is_confirmed=is_confirmed)
        return verdict is None or not verdict.closed_s

    async def _confirm(self, requisition_id: str, token: str) -> Answer:
        await asyncio.to_thread(self._ledger.destinations().count_call, DESTINATION, self._source.budget)
        key = hashlib.sha256(f"{CONFIRM_KIND}\n{requisition_id}".encode()).hexdigest()[:32]
        return await self._source.client.send(Call(CONFIRM_KIND, requisition_id, CONFIRM_BODY, key), token)

    async def _token(self, event: EventRow) -> str:
        if not self._source.tokens.cached:
            await asyncio.to_thread(self._ledger.destinations().count_call, DESTINATION, self._source.budget)
        try:
            return await self._source.tokens.current()
        except TokenRefusedError as error:
            why = str(error)
            await asyncio.to_thread(lambda: self._ledger.destinations().pause(DESTINATION, why, by=VENDOR))
        except TokenUnreachableError as error:
            await asyncio.to_thread(self._put_off, event, Answer(error.answer, error.wait_s))
        return ""

    def _publish(self, verdict: Verdict) -> None:
        """Tell every other process what concerns WHOOP as a whole."""
        if verdict.closed_s:
            self._ledger.destinations().ask_to_wait(DESTINATION, verdict.closed_s)
        if verdict.pauses:
            self._ledger.destinations().pause(DESTINATION, verdict.pauses, by=VENDOR)

    def _record(self, event: EventRow, answer: Answer, verdict: Verdict) -> None:
        """Record an answer that does not settle the event well."""
        if verdict.outcome in {"retry", "unknown"}:
            self._put_off(event, answer)
        elif verdict.outcome != "refused":
            # A fresh token, or somebody's word, is all that it waits for.
            self._events.put_off(event.id, answer.code, 0.0)
        else:
            self._put_off(event, answer, most=NOT_THERE_TRIES if answer.code == NOT_THERE else 1)

    def _put_off(self, event: EventRow, answer: Answer, most: int = TRIES) -> None:
        """Try again later, or give up."""
        if event.tries + 1 >= most:
            self._events.settle(event.id, FAILED, answer.code)
            return
        asked_s = None if answer.wait_s is None else min(answer.wait_s, LONGEST_ASKED_S)
        self._events.put_off(event.id, answer.code, delay(event.tries + 1, self._draw(), asked_s, LONGEST_S))

    def _read(self, event: EventRow, body: bytes) -> Requisition | None:
        """Read what was fetched; None where it is not what was asked for, and is kept as such."""
        requisitions = self._ledger.requisitions()
        try:
            fetched = read_requisition(body)
        except MalformedRequisitionError:
            requisitions.refuse(body, event_id=event.id, answer=NO_REQUISITION)
            return None
        if fetched.id != event.resource:
            requisitions.refuse(body, event_id=event.id, answer=OTHER_REQUISITION)
            return None
        return fetched
