"""Reach the job queue of a cluster by Procrastinate: where it is, and what a host tells the others through it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress

from procrastinate import PsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job, Notification, Status
from procrastinate.manager import JobManager, NotificationCallback
from psycopg import AsyncConnection

from translator.errors import DeclaredDeadError, LedgerError, LedgerUnavailableError
from translator.ledger.cluster_tables import SCHEMA
from translator.ledger.database import CONNECT_SECONDS, session_settings
from translator.ledger.lanes import DEAD
from translator.transmit.membership import Member

GONE = "the database of the cluster cannot be reached, or broke off; this host stops sending until it is back"

_LISTED = "SELECT 1 FROM procrastinate_workers WHERE id = %(worker_id)s"

_SETTINGS = {
    "search_path": SCHEMA,
    # A host that stands still in the middle of a report would keep the others from striking it off.
    "idle_in_transaction_session_timeout": "10000",
    # A queue is empty when its statistics are made and long when they matter, so the planner is not left to guess: in
    # order of the index, one job at a time. Otherwise a backlog of thousands costs half a second for each job.
    **dict.fromkeys(
        ("enable_seqscan", "enable_bitmapscan", "enable_hashjoin", "enable_mergejoin", "enable_sort", "jit"), "off"
    ),
}
_POOL = 4


class Reports(JobManager):
    """
    Procrastinate's way to its tables; it tells when this worker was listed, when it reported, and when it cannot go on.

    Theory: Procrastinate ends a worker that cannot report, listen or fetch, but only when its jobs have ended, and
    those that are held back wait for a word. So whoever may give that word is told at once.
    """

    def __init__(
        self,
        connector: PsycopgConnector,
        member: Member,
        clock: Callable[[], float],
        introduce: Callable[[int], None],
        failed: Callable[[LedgerError], None],
    ) -> None:
        super().__init__(connector)
        self._introduce = introduce
        self._failed = failed
        self._member = member
        self._clock = clock
        self.listed: list[int] = []
        self._left: set[int | None] = set()

    async def register_worker(self) -> int:
        """List a worker; attempts are in the name of the first."""
        asked_at = self._clock()
        worker = await super().register_worker()
        self.listed.append(worker)
        if not self._member.worker:
            self._member.enlisted(worker, asked_at)
        await asyncio.to_thread(self._introduce, worker)
        return worker

    async def update_heartbeat(self, worker_id: int) -> None:
        """
        Report a worker.

        Raises: DeclaredDeadError where the others have struck it off, of which Procrastinate takes no notice.
        """
        asked_at = self._clock()
        with self._telling():
            await super().update_heartbeat(worker_id)
            if not await self.connector.execute_query_all_async(_LISTED, worker_id=worker_id):
                raise DeclaredDeadError(DEAD)
        self._member.reported(worker_id, asked_at)

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:
        """Fetch a job for a worker."""
        with self._telling():
            return await super().fetch_job(queues, worker_id)

    async def listen_for_jobs(
        self, *, on_notification: NotificationCallback, queues: Iterable[str] | None = None
    ) -> None:
        """Hear of new jobs, and of nothing else: who shares the database, in whichever schema, could end ours."""

        async def hear(*, channel: str, notification: Notification) -> None:
            if notification["type"] == "job_inserted":
                await on_notification(channel=channel, notification=notification)

        with self._telling():
            await super().listen_for_jobs(on_notification=hear, queues=queues)

    async def list_jobs_to_abort_async(self, queue: str | None = None) -> Iterable[int]:  # noqa: ARG002 - its own
        """Find no job that is to be cut off: its attempt would be left open, and block its lane."""
        return ()

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:  # noqa: FBT001 - the method's own
        """Take a job off the queue; where that fails, its lane is locked until this worker is off the list."""
        if job.id in self._left:
            self._left.remove(job.id)
            return
        with suppress(ConnectorException), self._telling():
            await super().finish_job(job, status, delete_job)

    async def give_back(self, job: Job) -> None:
        """Take a job off the queue while it still runs, so that its lane is free for others."""
        await self.finish_job(job, Status.ABORTED, delete_job=True)
        self.leave(job)

    def leave(self, job: Job) -> None:
        """Leave a job where it is when it ends: if it is there, others find it once this worker is off the list."""
        self._left.add(job.id)

    async def unregister_worker(self, worker_id: int) -> None:
        """Leave a worker that has ended on the list: the other one may still have something under way."""

    async def sign_off(self) -> None:
        """Take all workers off the list; nothing is under way any more."""
        for worker in self.listed:
            await super().unregister_worker(worker)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Tell what keeps this host from going on."""
        try:
            yield
        except ConnectorException:
            self._failed(LedgerUnavailableError(GONE))
            raise
        except DeclaredDeadError as error:
            self._failed(error)
            raise


def queue(address: str) -> PsycopgConnector:
    """Give the way to the queue: in the database of the ledger, in the queue's own schema."""
    return PsycopgConnector(conninfo=address, configure=_set_up, min_size=1, max_size=_POOL, timeout=CONNECT_SECONDS)


async def _set_up(connection: AsyncConnection[object]) -> None:
    await connection.execute(session_settings(**_SETTINGS))
    await connection.commit()
