"""What a host of a cluster tells the others by way of the queue, and what it hears of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest
from procrastinate.jobs import Job, Status

from tests.postgres import Postgres
from translator.errors import DeclaredDeadError, LedgerError, LedgerUnavailableError
from translator.ledger import Ledger
from translator.transmit.cluster_queue import Reports, queue
from translator.transmit.membership import Member, Terms

TERMS = Terms(dead_after_s=60, call_s=10)

Work = Callable[[Reports], Awaitable[None]]


class Host:
    """One host as far as the queue knows it."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres
        self._url = postgres.shared()
        with Ledger.open(self._url) as ledger:
            self._place = ledger.cluster().address
        self.member = Member(TERMS, time.monotonic)
        self.introduced: list[int] = []
        self.failures: list[LedgerError] = []

    def run(self, work: Work) -> None:
        """Do something with the queue open."""

        async def opened() -> None:
            connector = queue(self._place)
            await connector.open_async()
            try:
                await work(
                    Reports(connector, self.member, time.monotonic, self.introduced.append, self.failures.append)
                )
            finally:
                await connector.close_async()

        asyncio.run(opened())

    def listed(self) -> list[int]:
        """Name the workers that count as alive."""
        rows = self._postgres.execute("SELECT id FROM translator_jobs.procrastinate_workers ORDER BY id", self._url)
        return [row[0] for row in rows]

    def jobs(self) -> list[int]:
        """Name the jobs that are there."""
        return [
            row[0] for row in self._postgres.execute("SELECT id FROM translator_jobs.procrastinate_jobs", self._url)
        ]

    def strike_off(self) -> None:
        """Take every worker for dead."""
        self._postgres.execute("DELETE FROM translator_jobs.procrastinate_workers", self._url)


async def begin_job(reports: Reports) -> Job:
    """Make a job that runs."""
    await reports.connector.execute_query_async(
        "INSERT INTO procrastinate_jobs (queue_name, task_name, lock, queueing_lock, args, status)"
        " VALUES ('whoop', 'drain', '1', '1', '{\"lane\": 1}', 'doing')"
    )
    return Job(id=1, queue="whoop", lock="1", queueing_lock="1", task_name="drain")


@pytest.fixture
def host(postgres: Postgres) -> Host:
    """Make a host that has not begun."""
    return Host(postgres)


def test_worker_is_certain_from_when_it_is_listed(host: Host) -> None:
    """Its attempts are in the name of the first that it lists, and people see whose both are."""

    async def work(reports: Reports) -> None:
        await reports.register_worker()
        await reports.register_worker()

    host.run(work)

    assert (host.member.worker, host.member.is_certain) == (1, True)
    assert host.introduced == [1, 2]


def test_worker_that_was_struck_off_hears_of_it_when_it_reports(host: Host) -> None:
    """Its report finds no row; so do its jobs, which nobody else would tell."""

    async def work(reports: Reports) -> None:
        worker = await reports.register_worker()
        await reports.update_heartbeat(worker)
        host.strike_off()
        with pytest.raises(DeclaredDeadError):
            await reports.update_heartbeat(worker)

    host.run(work)

    assert [type(failure) for failure in host.failures] == [DeclaredDeadError]


def test_workers_leave_the_list_together(host: Host) -> None:
    """One that has ended stays listed, since its name stands in what the other one has under way."""
    seen: list[list[int]] = []

    async def work(reports: Reports) -> None:
        first, second = await reports.register_worker(), await reports.register_worker()
        await reports.unregister_worker(first)
        await reports.unregister_worker(second)
        seen.append(host.listed())
        await reports.sign_off()
        seen.append(host.listed())

    host.run(work)

    assert seen == [[1, 2], []]


def test_job_that_cannot_be_taken_off_the_queue_ends_the_host(host: Host) -> None:
    """Its lane would be locked for as long as this worker lives."""
    job = Job(id=999, queue="whoop", lock="1", queueing_lock="1", task_name="drain")

    async def work(reports: Reports) -> None:
        await reports.finish_job(job, Status.SUCCEEDED, delete_job=True)

    host.run(work)

    assert [type(failure) for failure in host.failures] == [LedgerUnavailableError]


def test_job_that_is_left_stays_where_it_is_when_it_ends(host: Host) -> None:
    """Its lane may be due still: others find the job once this host is off the list."""

    async def work(reports: Reports) -> None:
        job = await begin_job(reports)
        reports.leave(job)
        await reports.finish_job(job, Status.SUCCEEDED, delete_job=True)

    host.run(work)

    assert (host.jobs(), len(host.failures)) == ([1], 0)


def test_job_that_is_given_back_is_gone_while_it_still_runs(host: Host) -> None:
    """Its lane is free for others, and its end is no news."""
    seen: list[list[int]] = []

    async def work(reports: Reports) -> None:
        job = await begin_job(reports)
        await reports.give_back(job)
        seen.append(host.jobs())
        await reports.finish_job(job, Status.SUCCEEDED, delete_job=True)

    host.run(work)

    assert (seen, len(host.failures)) == ([[]], 0)


def test_host_looks_for_no_job_that_is_to_be_cut_off(host: Host) -> None:
    """Where a person has asked for that by Procrastinate's own command: the attempt would block its lane."""
    found: list[int] = []

    async def work(reports: Reports) -> None:
        await begin_job(reports)
        await reports.connector.execute_query_async("UPDATE procrastinate_jobs SET abort_requested = true")
        found.extend(await reports.list_jobs_to_abort_async())

    host.run(work)

    assert found == []
