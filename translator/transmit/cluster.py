"""
Run jobs among several hosts: an engine on Procrastinate, over the queue that the ledger fills.

Procrastinate gives each job to one worker at a time (`lock` and `queueing_lock` are the lane), wakes workers by
NOTIFY, and knows which are alive. All else is the ledger's. Where a destination may not be called, a job that was
fetched waits here, so that the others stay where they are; what is urgent has workers of its own, which do not wait
behind it. Where it is only this host that cannot reach the destination, its jobs go back to the others, and this host
fetches none until it is time to try again. A job that ends without having sent anything is made again where its lane is
still due.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Callable, Coroutine
from typing import Any

import psycopg
from procrastinate import App, JobContext
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job, Status

from translator.errors import LedgerError, LedgerUnavailableError, TakenOverError
from translator.ledger import Bell, Cluster
from translator.ledger.cluster_install import TASK, URGENT
from translator.transmit.cluster_queue import GONE, Reports, queue
from translator.transmit.engine import GLANCE_S, Lanes, Turn
from translator.transmit.membership import Member, Terms

POLL_S = 1.0
"""How late a lane may be that waited for its time; what is committed now wakes a worker at once."""

LOOK_S = 1.0
"""How often a worker looks whether its destination may be called, should nobody ring."""


class ClusterEngine:
    """
    An engine that shares its lanes with other hosts.

    Shape: `workers` jobs at a time of one destination. `clock` never goes backwards.
    """

    def __init__(
        self,
        cluster: Cluster,
        member: Member,
        terms: Terms,
        bell: Bell,
        *,
        destination: str,
        workers: int,
        clock: Callable[[], float],
    ) -> None:
        self._cluster = cluster
        self._member = member
        self._terms = terms
        self._bell = bell
        self._destination = destination
        self._workers = workers
        self._clock = clock
        self._slots = asyncio.Semaphore(workers)
        self._news = asyncio.Event()
        self._failure: LedgerError | None = None
        # Its lines name jobs, which nobody needs, and what went wrong with the database, which we say ourselves.
        for name in ("procrastinate", "psycopg.pool"):
            logging.getLogger(name).setLevel(logging.CRITICAL)

    async def run(self, lanes: Lanes, *, is_over: Callable[[], bool], serves: bool) -> None:
        """Run jobs, as the port says; without serving, until the queue is empty."""
        connector = queue(self._cluster.address)
        app = App(connector=connector)
        app.job_manager = reports = Reports(connector, self._member, self._clock, self._introduce, self._fail)

        def ends() -> bool:
            return is_over() or self._failure is not None

        async def drain(context: JobContext, lane: int) -> None:
            await self._job(lanes, lane, ends, reports, context.job)

        app.task(name=TASK, pass_context=True)(drain)
        try:
            async with app.open_async():
                await self._work(app, reports, lanes, ends, serves=serves)
                await reports.sign_off()
        except (ConnectorException, psycopg.Error):
            self._broken()
        if self._failure is not None:
            raise self._failure

    async def _work(self, app: App, reports: Reports, lanes: Lanes, ends: Callable[[], bool], *, serves: bool) -> None:
        """Keep the workers and what goes on beside them at work, until it is over or one of them has ended."""
        names = (self._destination, self._destination + URGENT)
        workers = [asyncio.create_task(self._worker(app, name, serves=serves)) for name in names]
        beside = [asyncio.create_task(self._look(lanes, ends)), asyncio.create_task(self._take_over(reports, lanes))]
        try:
            while not ends() and not all(task.done() for task in workers):
                done, _ = await asyncio.wait([*workers, *beside], timeout=GLANCE_S, return_when=asyncio.FIRST_COMPLETED)
                if done and (serves or not done.isdisjoint(beside)):
                    break
            broke_off = serves and not ends()
        finally:
            # Whoever holds a job back lets it go; what is under way is finished first.
            self._news.set()
            for task in beside:
                task.cancel()
            for task in workers:
                task.cancel()
            ended = await asyncio.gather(*workers, *beside, return_exceptions=True)
        for error in ended:
            if isinstance(error, ConnectorException | LedgerError):
                self._fail(error if isinstance(error, LedgerError) else LedgerUnavailableError(GONE))
            elif isinstance(error, Exception):
                raise error
        if broke_off:
            # Procrastinate ends a worker that cannot report, and keeps the reason to itself.
            self._broken()

    def _worker(self, app: App, name: str, *, serves: bool) -> Coroutine[Any, Any, None]:
        return app.run_worker_async(
            queues=[name],
            name=name,
            concurrency=self._workers,
            wait=serves,
            fetch_job_polling_interval=POLL_S,
            abort_job_polling_interval=self._terms.dead_after_s,
            delete_jobs="always",
            install_signal_handlers=False,
            update_heartbeat_interval=self._terms.every_s,
            stalled_worker_timeout=self._terms.dead_after_s,
        )

    async def _job(self, lanes: Lanes, lane: int, ends: Callable[[], bool], reports: Reports, job: Job) -> None:
        """Drain one lane, as soon as its destination may be called."""
        turn, urgent = Turn(lane), job.queue.endswith(URGENT)
        try:
            while not ends():
                if not lanes.may_go(urgent=urgent):
                    if lanes.is_cut_off:
                        await asyncio.to_thread(self._remind, lane)
                        await reports.give_back(job)
                        await self._sit_out(lanes, ends, urgent=urgent)
                        return
                    await self._wait_for_news()
                    continue
                async with self._slots:
                    await lanes.drain(turn)
                if turn.has_sent or lanes.may_go(urgent=urgent):
                    break
            if not turn.has_sent and await asyncio.to_thread(self._remind, lane) > 0 and not ends():
                # It waits for a time that by the database's clock is over: no other job of it begins before this ends.
                await asyncio.sleep(GLANCE_S)
        except TakenOverError:
            # This host was taken for dead, and the attempt is settled: whoever did that looks after the lane.
            return
        except LedgerError as error:
            # Its lane may be due still, and nobody would know of it.
            reports.leave(job)
            self._fail(error)

    async def _sit_out(self, lanes: Lanes, ends: Callable[[], bool], *, urgent: bool) -> None:
        """Keep a place among our jobs until we may try again, so that we fetch none that others could have."""
        while not ends() and not lanes.may_go(urgent=urgent):
            await self._wait_for_news()

    async def _wait_for_news(self) -> None:
        try:
            async with asyncio.timeout(GLANCE_S):
                await self._news.wait()
        except TimeoutError:
            return

    async def _look(self, lanes: Lanes, ends: Callable[[], bool]) -> None:
        """See again and again what was decided about the destination, and let those know who wait for it."""
        ringing = asyncio.create_task(self._bell.rings())
        try:
            while not ends():
                await lanes.look_around()
                self._news.set()
                self._news = asyncio.Event()
                await asyncio.sleep(GLANCE_S)
                await asyncio.wait({ringing}, timeout=LOOK_S)
                if ringing.done():
                    ringing.result()
                    ringing = asyncio.create_task(self._bell.rings())
        finally:
            ringing.cancel()
            await asyncio.gather(ringing, return_exceptions=True)

    async def _take_over(self, jobs: Reports, lanes: Lanes) -> None:
        """Strike off who was silent for too long, and see to it that their lanes go on."""
        dead_after_s = self._terms.dead_after_s
        while True:
            await jobs.prune_stalled_workers(dead_after_s)
            await asyncio.to_thread(lanes.recover)
            for job in await jobs.get_stalled_jobs(seconds_since_heartbeat=dead_after_s):
                if job.worker_id is None and job.id is not None:
                    await asyncio.to_thread(self._remind, job.task_kwargs["lane"])
                    await self._forget(jobs, job.id)
            await asyncio.to_thread(self._cluster.remind_forgotten)
            await asyncio.sleep(self._terms.every_s)

    async def _forget(self, jobs: Reports, job_id: int) -> None:
        try:
            await jobs.finish_job_by_id_async(job_id, Status.ABORTED, delete_job=True)
        except ConnectorException:
            # Another host was quicker; where it is the database, the next question says so.
            return

    def _remind(self, lane: Any) -> int:
        return self._cluster.remind([int(lane)])

    def _broken(self) -> None:
        self._fail(LedgerUnavailableError(GONE))

    def _introduce(self, worker: int) -> None:
        self._cluster.introduce(worker, name=socket.gethostname(), pid=os.getpid(), queue=self._destination)

    def _fail(self, error: LedgerError) -> None:
        if self._failure is None:
            self._failure = error
