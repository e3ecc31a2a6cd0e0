"""
Do the job: drain one lane of one destination, through the gate, with a token, one attempt after the other.

An attempt is: open in the ledger, the call, the outcome in the ledger. Only who is through the gate and has a token
opens one, so nothing looks as if it had been sent that was not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection

from translator.errors import LedgerUnavailableError
from translator.ledger import VENDOR, Claim, Later, Ledger, Settlement, Standing, Step
from translator.transmit.attempt_spans import Entry
from translator.transmit.calling import call_vendor, settlement
from translator.transmit.client import Client
from translator.transmit.desk import UNSENT, Desk
from translator.transmit.engine import Turn
from translator.transmit.gate import Gate
from translator.transmit.membership import ALONE, Member
from translator.transmit.responses import Answer
from translator.transmit.retry import Verdict, delay, judge
from translator.transmit.route import Progress, Route
from translator.transmit.telling import PauseTeller, tell_call
from translator.transmit.token import TokenRefusedError, TokenUnreachableError

TURN = 16
"""So many submissions of one lane are sent before another lane has its turn."""

CUT_OFF = "this host has not reached the database of its cluster for too long; it stops sending until it does"

CLOCK_SLACK_S = 1.0
"""A clock that goes back by more than this was set; by less, it is being trimmed."""


class LaneDrain:
    """The lanes of one destination; see `engine.Lanes`."""

    def __init__(
        self,
        ledger: Ledger,
        desk: Desk,
        route: Route,
        *,
        clock: Callable[[], float],
        draw: Callable[[], float],
        is_over: Callable[[], bool],
        progress: Callable[[Progress], None],
        member: Member = ALONE,
    ) -> None:
        self._member = member
        self._ledger = ledger
        self._desk = desk
        self._route = route
        self._idle = list(route.clients)
        self._clock = clock
        self._draw = draw
        self._is_over = is_over
        self._progress = progress
        self._entrance = asyncio.Lock()
        self._vain_fetches = 0
        self._seen_at = 0.0
        self._is_pausing = False
        self._pauses = PauseTeller(route.destination)
        self._counts = dict.fromkeys(Progress.__struct_fields__, 0)
        self.gate = Gate(clock, draw)

    @property
    def counts(self) -> Progress:
        """What has been done so far."""
        return Progress(**self._counts)

    async def begin(self) -> None:
        """See what there is to do; a vendor that refused is tried again."""
        name, ledger = self._route.destination, self._ledger
        if await self._desk.ask(lambda: ledger.destinations().resume(name, only=[VENDOR])):
            self.gate.doubt()
        self._counts["queued"] = (await self._desk.ask(ledger.count, name)).get("queued", 0)

    async def due(self, limit: int, besides: Collection[int]) -> list[int]:
        """Name lanes that may go on now; none while the gate is shut, and one at a time while it tries."""
        await self.look_around()
        if not self.gate.is_open:
            return []
        name, ledger, lowest = self._route.destination, self._ledger, self.gate.lowest
        most = limit if self.gate.circuit == "closed" else 1
        return await self._desk.ask(lambda: ledger.due_lanes(name, most, besides=besides, lowest=lowest))

    async def due_in(self) -> float | None:
        """Give the seconds until a lane may go on; None where nothing waits, or somebody else has to act first."""
        if self.gate.paused or self.gate.is_trying:
            return None
        name, ledger, lowest = self._route.destination, self._ledger, self.gate.lowest
        waits = [await self._desk.ask(lambda: ledger.due_in(name, lowest=lowest))]
        if lowest:
            ordinary = await self._desk.ask(ledger.due_in, name)
            waits.append(None if ordinary is None else max(ordinary, self.gate.room_in_s))
        known = [wait_s for wait_s in waits if wait_s is not None]
        return max(min(known), self.gate.wait_s) if known else None

    async def drain(self, turn: Turn) -> None:
        """Send what the lane has, for one turn, and then what further lanes have that the engine offers."""
        client = self._idle.pop()
        try:
            await self._drain(turn, client)
        finally:
            self._idle.append(client)

    def recover(self) -> None:
        """Settle what dead processes left open, and tell of it; in a cluster the living go on meanwhile."""
        whose = self._ledger if self._member is ALONE else self._ledger.cluster()
        lost = whose.recover(self._route.destination, resends=self._route.resends)
        if lost and self._route.spans.is_on:
            self._route.spans.lost(lost, self._ledger.trace_contexts([one.message_id for one in lost]))

    def may_go(self, *, urgent: bool) -> bool:
        """Tell whether the destination may be called now, as far as is known here."""
        return self.gate.is_open and int(urgent) >= self.gate.lowest

    @property
    def is_cut_off(self) -> bool:
        """Whether calls fail from here; what closes the destination for everybody is in the ledger."""
        return not self.gate.paused and (self.gate.circuit != "closed" or self._vain_fetches > 0)

    async def _drain(self, turn: Turn, client: Client) -> None:
        left, entry = TURN, self._route.spans.enter()
        token = await self._enter(entry)
        claim = await self._open(turn) if token else None
        while claim is not None:
            span = entry.begin(claim)
            if not self._member.is_certain:
                # The others may be about to take this host for dead, so nothing more may leave it.
                with span.settling(UNSENT):
                    await self._desk.advance(Step(claim.lane_id, claim, UNSENT, goes_on=False))
                raise LedgerUnavailableError(CUT_OFF)
            sent_at, turn.has_sent = self._clock(), True
            answer = await call_vendor(client, claim, token, self._member.call_s, span.calls())
            span.answered(answer)
            took_s = self._clock() - sent_at
            verdict = self._judge(claim, answer, token)
            left -= 1
            has_turn, token = left > 0 and not self._is_over(), ""
            # Admitted again at once, so that nobody else becomes the one who tries between the two calls.
            renews = verdict.outcome == "renew" and has_turn and self.gate.admit()
            if not renews and not self._is_over() and self._route.tokens.cached and self.gate.admit():
                token = self._route.tokens.cached
            entry = self._route.spans.enter()
            settled = settlement(verdict, answer)
            with span.settling(settled):
                following = await self._settle(turn, claim, settled, goes_on=bool(token), has_turn=has_turn)
            tell_call(self._route.destination, claim, verdict.outcome, answer.code, took_s)
            await self._publish(verdict)
            self._count(verdict)
            if renews:
                # The same submission goes first, so that a second 401 speaks of the fresh token.
                entry = self._route.spans.enter()
                token = await self._enter(entry, is_admitted=True)
                following = await self._open(turn) if token else None
            left = left if following and following.lane_id == claim.lane_id else TURN
            claim = following

    async def _open(self, turn: Turn) -> Claim | None:
        route, worker = self._route, self._member.worker
        return await self._advance(Step(turn.lane_id, budget=route.budget, worker=worker, traced=route.spans.is_on))

    async def _settle(
        self, turn: Turn, claim: Claim, settled: Settlement, *, goes_on: bool, has_turn: bool
    ) -> Claim | None:
        """Record an outcome, and in the same commit what is sent next: of this lane, or of one that is offered."""
        offered = turn.offer() if goes_on else None
        own, route = goes_on and has_turn, self._route
        step = Step(claim.lane_id, claim, settled, own, route.budget, offered, self._member.worker, route.spans.is_on)
        following = await self._advance(step)
        turn.went_on(following.lane_id if following else None)
        if goes_on and following is None:
            self.gate.gave_up()
        return following

    async def _enter(self, entry: Entry, *, is_admitted: bool = False) -> str:
        """Give a token if the destination may be called now; else nothing."""
        # One at a time: who waits here while a token cannot be had, finds the gate shut.
        async with self._entrance:
            if is_admitted and self.gate.is_shut:
                self.gate.gave_up()
                return ""
            if not is_admitted and not self.gate.admit():
                return ""
            is_cached, asked = bool(self._route.tokens.cached), self._route.spans.now()
            if not is_cached:
                await self._desk.ask(
                    self._ledger.destinations().count_call, self._route.destination, self._route.budget
                )
            try:
                token = await self._route.tokens.current()
            except TokenRefusedError as error:
                entry.no_token(asked, "token-refused")
                self.gate.gave_up()
                await self._pause(str(error))
            except TokenUnreachableError as error:
                entry.no_token(asked, error.answer)
                self._vain_fetches += 1
                self.gate.heard(error.answer)
                self.gate.shut(delay(self._vain_fetches, self._draw(), error.wait_s))
            else:
                self._vain_fetches = 0
                if not is_cached:
                    entry.has_token(asked)
                return token
            return ""

    async def _advance(self, step: Step) -> Claim | None:
        result = await self._desk.advance(step)
        if isinstance(result, Later):
            self.gate.spent(result.at / 1_000_000 - self._ledger.now(), urgent=result.urgent)
        if isinstance(result, Claim):
            return result
        if step.choice:
            self.gate.gave_up()
        return None

    def _judge(self, claim: Claim, answer: Answer, token: str) -> Verdict:
        verdict = judge(
            answer,
            self._route.responses,
            attempt=claim.attempts,
            previous=claim.previous,
            doubted=claim.doubted,
            draw=self._draw(),
            resends=self._route.resends,
        )
        self.gate.heard(answer.code)
        self.gate.shut(verdict.closed_s)
        self.gate.paused = self.gate.paused or verdict.pauses
        self._is_pausing = self._is_pausing or bool(verdict.pauses)
        if verdict.outcome == "renew" or verdict.pauses:
            self._route.tokens.discard(token)
        return verdict

    async def _publish(self, verdict: Verdict) -> None:
        """Tell every other process what concerns the destination as a whole."""
        if verdict.pauses:
            await self._pause(verdict.pauses)
        if verdict.closed_s:
            await self._desk.ask(self._ledger.destinations().ask_to_wait, self._route.destination, verdict.closed_s)

    async def _pause(self, why: str) -> None:
        self.gate.paused, self._is_pausing = why, True
        self._pauses.paused(VENDOR, why=why)
        name, ledger = self._route.destination, self._ledger
        await self._desk.ask(lambda: ledger.destinations().pause(name, why, by=VENDOR))
        self._is_pausing = False

    async def look_around(self) -> None:
        """See what others decided about the destination, and whether the clock was set back."""
        standing = await self._desk.ask(self._ledger.destinations().standing, self._route.destination)
        now = self._ledger.now()
        # While our own pause is on its way there, what was read is of before.
        if not self._is_pausing:
            self._obey(standing)
        if standing.opens_at:
            self.gate.shut(standing.opens_at / 1_000_000 - now)
        if now < self._seen_at - CLOCK_SLACK_S:
            await self._desk.ask(self._ledger.wake_all, self._route.destination)
        self._seen_at = now

    def _obey(self, standing: Standing) -> None:
        if self.gate.paused and not standing.paused:
            self.gate.reopen()
            self._pauses.resumed()
        elif standing.paused and not self.gate.paused:
            # Why, is in a person's own words, which belong into no log.
            self._pauses.paused(standing.paused_by)
        self.gate.paused = standing.paused

    def _count(self, verdict: Verdict) -> None:
        done = {"accepted": "delivered", "refused": "rejected", "unknown": "unknown"}.get(verdict.outcome)
        if verdict.resends or done is None:
            self._counts["retried"] += 1
        else:
            self._counts[done] += 1
            self._counts["queued"] -= 1
        self._progress(self.counts)
