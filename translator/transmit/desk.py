"""
Ask the ledger from asyncio, in one thread of its own, so that no disk ever stops the clients.

Steps of several lanes that come while the ledger is at work are done together, in one commit. Each waits for that
commit: an outcome is on disk before its lane goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias, TypeVar, TypeVarTuple

from msgspec import structs

from translator.errors import LedgerError
from translator.ledger import Advanced, Claim, Later, Ledger, Settlement, Step

Asked = TypeVarTuple("Asked")
Told = TypeVar("Told")
_Waiting: TypeAlias = tuple[Step, asyncio.Future[Claim | Later | None]]

UNSENT = Settlement("retry", "not-sent")


class Desk:
    """The only way from one dispatcher to its ledger; close it at the end."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")
        self._waiting: list[_Waiting] = []
        self._at_work: asyncio.Task[None] | None = None
        self._unsent: list[Step] = []

    async def ask(self, question: Callable[[*Asked], Told], *asked: *Asked) -> Told:
        """Ask one question, after everything that was asked before."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, question, *asked)

    async def advance(self, step: Step) -> Claim | Later | None:
        """
        Take a lane one step on; on return it is on disk.

        Raises: LedgerError where the ledger refuses.
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
        self._waiting = [(structs.replace(step, goes_on=False), future) for step, future in self._waiting]
        if self._at_work is not None:
            await self._at_work
        if self._unsent:
            await self.ask(self._ledger.advance, self._unsent)
        self._thread.shutdown()

    async def _work(self) -> None:
        while self._waiting:
            waiting, self._waiting = self._waiting, []
            try:
                done = await self.ask(self._ledger.advance, [step for step, _ in waiting])
                for (_, future), result in zip(waiting, done, strict=True):
                    self._tell(future, result)
            finally:
                # Only where something broke that is no LedgerError; it comes out of `close`.
                for _, future in waiting:
                    future.cancel()
        self._at_work = None

    def _tell(self, future: asyncio.Future[Claim | Later | None], result: Advanced) -> None:
        if future.cancelled():
            if isinstance(result, Claim):
                self._unsent.append(Step(result.lane_id, result, UNSENT, goes_on=False))
        elif isinstance(result, LedgerError):
            future.set_exception(result)
        else:
            future.set_result(result)
