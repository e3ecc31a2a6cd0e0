"""Show who is at work in a cluster, and what waits, as people see it."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, structs
from sqlalchemy import ColumnElement, Connection, func, literal_column, or_, select

from translator.ledger.cluster_hosts import Host
from translator.ledger.cluster_tables import host, jobs, setting, workers


class Worker(Struct, frozen=True):
    """
    One worker of a cluster, as people see it.

    Shape: `lanes` counts what it is at work on.
    Units: `silent_s` in seconds since it last reported.
    """

    id: int
    host: str
    pid: int
    queue: str
    since: str
    silent_s: float
    lanes: int
    is_alive: bool

    def is_of(self, host: Host) -> bool:
        """Tell whether it is a worker of a host."""
        return (self.host, self.pid) == (host.host, host.pid)


class Queue(Struct, frozen=True):
    """What waits in one queue: lanes that may go on now, and those that wait for a time."""

    name: str
    due: int
    later: int


def read_workers(connection: Connection) -> list[Worker]:
    """List the workers, those that died and were not struck off yet among them."""
    dead_after_s = connection.execute(select(setting.c.dead_after_s)).scalar_one()
    return [
        Worker(
            id=row["id"],
            host=row["name"] or "",
            pid=row["pid"] or 0,
            queue=row["queue"] or "",
            since=row["started_at"].isoformat(timespec="seconds") if row["started_at"] else "",
            silent_s=round(float(row["silent_s"]), 1),
            lanes=row["lanes"],
            is_alive=row["silent_s"] < dead_after_s,
        )
        for row in connection.execute(_WORKERS).mappings()
    ]


def read_queues(connection: Connection) -> list[Queue]:
    """List what waits, by queue."""
    return [Queue(*row) for row in connection.execute(_QUEUES)]


def with_work(hosts: Sequence[Host], workers: Sequence[Worker]) -> list[Host]:
    """List every host with what it delivers to, and workers of which no host speaks (any more)."""
    found = [_at_work(one, [each for each in workers if each.is_of(one)]) for one in hosts]
    strays = [each for each in workers if not any(each.is_of(one) for one in found)]
    return found + [_at_work(_unknown(one), [one]) for one in strays]


def _at_work(host: Host, own: Sequence[Worker]) -> Host:
    """Say what a host delivers to; it is as silent as the most silent of its workers."""
    return structs.replace(
        host,
        delivers_to=tuple(dict.fromkeys(one.queue for one in own)),
        lanes=sum(one.lanes for one in own),
        silent_s=max([host.silent_s, *(one.silent_s for one in own)]),
        is_alive=host.is_alive and all(one.is_alive for one in own),
    )


def _unknown(worker: Worker) -> Host:
    """Give what is known of a host by its worker alone."""
    return Host(0, worker.host, worker.pid, "", "", "", "", "", worker.since, worker.silent_s, 0.0, worker.is_alive)


# Written out, not bound: they are of a type of Procrastinate's, and only so fit its indexes.
_WAITING: ColumnElement[str] = literal_column("'todo'")
_DOING: ColumnElement[str] = literal_column("'doing'")
_silent_s = func.extract("epoch", func.clock_timestamp() - workers.c.last_heartbeat)
_lanes_of = select(func.count()).where(jobs.c.worker_id == workers.c.id, jobs.c.status == _DOING).scalar_subquery()
_WORKERS = (
    select(
        workers.c.id,
        host.c.name,
        host.c.pid,
        host.c.queue,
        host.c.started_at,
        _silent_s.label("silent_s"),
        _lanes_of.label("lanes"),
    )
    .select_from(workers.outerjoin(host, host.c.worker_id == workers.c.id))
    .order_by(workers.c.id)
)
_is_later = jobs.c.scheduled_at > func.now()
_QUEUES = (
    select(
        jobs.c.queue_name,
        func.count().filter(or_(jobs.c.scheduled_at.is_(None), ~_is_later)),
        func.count().filter(_is_later),
    )
    .where(jobs.c.status == _WAITING)
    .group_by(jobs.c.queue_name)
    .order_by(jobs.c.queue_name)
)
