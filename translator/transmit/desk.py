"""
Ask the ledger from asyncio, in one thread of its own, so that no disk ever stops the clients.

Steps of several lanes that come while the ledger is at work are done together, in one commit. Each waits for that
commit: an outcome is on disk before its lane goes on.

Where the ledger goes away, as in a restart of its database, `away` is set and nothing new is opened. What is known by
then, or becomes known, is recorded as soon as the ledger is back; only what cannot be for a minute is left `unknown`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TypeAlias, TypeVar, TypeVarTuple

from msgspec import structs

from translator.errors import LedgerError, LedgerUnavailableError
from translator.ledger import Advanced, Claim, Later, Ledger, Settlement, Step

Asked = TypeVarTuple("Asked")
Told = TypeVar("Told")
_Waiting: TypeAlias = tuple[Step, asyncio.Future[Claim | Later | None]]

UNSENT = Settlement("retry", "not-sent")

PATIENCE_S = 60.0
"""So long are outcomes kept for a ledger that is away."""

AGAIN_S = 0.2
"""How often it is tried whether it is back."""


class Desk:
    """
    The only way from one dispatcher to its ledger; close it at the end.

    Shape: `away` is set where the ledger is away; it belongs to all desks of one delivery.
    Units: `patience_s` is how long outcomes wait for a ledger that is away.
    """

    def __init__(self, ledger: Ledger, away: Event | None = None, *, patience_s: float = PATIENCE_S) -> None:
        self._ledger = ledger
        self.away = away or Event()
        self._patience_s = patience_s
        self._is_closing = False
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")
        self._waiting: list[_Waiting] = []
        self._at_work: asyncio.Task[None] | None = None
        self._unsent: list[Step] = []

    async def ask(self, question: Callable[[*Asked], Told], *asked: *Asked) -> Told:
        """
        Ask one question, after everything that was asked before.

        Raises: LedgerError where the ledger refuses; LedgerUnavailableError where it is away.
        """
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, question, *asked)
        except LedgerUnavailableError:
            self.away.set()
            raise

    async def advance(self, step: Step) -> Claim | Later | None:
        """
        Take a lane one step on; on return it is on disk.

        Raises: LedgerError where the ledger refuses; LedgerUnavailableError where it was away: the outcome is on disk
        all the same if it came back in time, and nothing was opened.
        """
        future: asyncio.Future[Claim | Later | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((step, future))
        if self._at_work is None:
            self._at_work = asyncio.create_task(self._work())
        return await future

    async def close(self) -> None:
        """
        Record what was still asked for, and let go of the thread.

        Nobody waits any more, so nothing new is opened, and what was opened for nobody goes back into the queue.
        """
        self._is_closing = True
        self._waiting = [(_only_settling(step), future) for step, future in self._waiting]
        if self._at_work is not None:
            await self._at_work
        if self._unsent:
            await self.ask(self._ledger.advance, self._unsent)
        self._thread.shutdown()

    async def _work(self) -> None:
        while self._waiting:
            waiting, self._waiting = self._waiting, []
            try:
                done = await self._record([step for step, _ in waiting])
                for (_, future), result in zip(waiting, done, strict=True):
                    self._tell(future, result)
            finally:
                # Only where something broke that is no LedgerError; it comes out of `close`.
                for _, future in waiting:
                    future.cancel()
        self._at_work = None

    async def _record(self, steps: Sequence[Step]) -> list[Advanced]:
        done = await self.ask(self._ledger.advance, steps)
        lost = [step for step, result in zip(steps, done, strict=True) if isinstance(result, LedgerUnavailableError)]
        if lost:
            self.away.set()
            await self._record_late([_only_settling(step) for step in lost if step.claim])
        return done

    async def _record_late(self, steps: list[Step]) -> None:
        """Record outcomes once the ledger is back; one that it refuses was on disk, or is decided by others."""
        clock = asyncio.get_running_loop().time
        until = clock() + self._patience_s
        while steps and clock() < until and not self._is_closing:
            await asyncio.sleep(AGAIN_S)
            done = await self.ask(self._ledger.advance, steps)
            steps = [
                step for step, result in zip(steps, done, strict=True) if isinstance(result, LedgerUnavailableError)
            ]

    def _tell(self, future: asyncio.Future[Claim | Later | None], result: Advanced) -> None:
        if future.cancelled():
            if isinstance(result, Claim):
                self._unsent.append(Step(result.lane_id, result, UNSENT, goes_on=False))
        elif isinstance(result, LedgerError):
            future.set_exception(result)
        else:
            future.set_result(result)


def _only_settling(step: Step) -> Step:
    return structs.replace(step, goes_on=False, then=None)
