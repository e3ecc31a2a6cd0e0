"""
Look after a cluster: several hosts that deliver from one ledger in PostgreSQL.

Whether a ledger is shared by a cluster says the ledger itself, so no two hosts can be of different minds: it is while
the queue is there (cluster_install.py). A worker is alive while it is listed in the queue. It reports every few
seconds; one that was silent for `dead_after_s`, by the database's clock, is struck off by any other, and only then is
what it had under way settled: `unknown`, or sent again where the destination says so. A worker that was struck off can
open no attempt any more.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

from msgspec import Struct
from sqlalchemy import (
    ColumnElement,
    Connection,
    Text,
    bindparam,
    cast,
    exists,
    func,
    insert,
    literal_column,
    or_,
    select,
)

from translator.errors import ConfigError
from translator.ledger import cluster_install, lanes, schema
from translator.ledger.cluster_tables import host, jobs, setting, workers
from translator.ledger.database import Database
from translator.ledger.lock import advisory_lock, is_shared

DEAD_AFTER_S = 90.0

NOT_SHARED = "the ledger is not set up for several hosts; run `translator cluster init` once"
_NEEDS_POSTGRESQL = "several hosts need a ledger in PostgreSQL: --ledger postgresql://user@host/database"
_FORGOTTEN_S = 30.0
"""A lane that is due for so long and has no job is given one; there should never be any."""

_SOME = 1000

ERRANDS = ("fetch", "notices", "bring", "confirm", "outcomes")
_FIRST_ERRAND = 740_703


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


class Queue(Struct, frozen=True):
    """What waits in one queue: lanes that may go on now, and those that wait for a time."""

    name: str
    due: int
    later: int


class Cluster:
    """The cluster of one ledger; `Ledger.cluster()` gives it."""

    def __init__(self, database: Database, instant: Callable[[], int]) -> None:
        self._database = database
        self._instant = instant

    @property
    def is_set_up(self) -> bool:
        """Whether several hosts share this ledger."""
        if self._database.path is not None:
            return False
        with self._database.read() as connection:
            return is_shared(connection)

    @property
    def address(self) -> str:
        """The database as its driver takes it."""
        return self._database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)

    def check(self) -> float:
        """
        Make sure that this host can take part; gives the seconds after which a silent worker counts as dead.

        Raises: ConfigError where the ledger is not shared, or the queue is of another version of Procrastinate.
        """
        self.need()
        with self._database.read() as connection:
            known, dead_after_s = connection.execute(select(setting.c.version, setting.c.dead_after_s)).one()
        own = cluster_install.procrastinate_version()
        if known != own:
            raise ConfigError(
                f"the queue of the cluster is of Procrastinate {known}, here is {own}: install the same on every host, "
                "stop them all, and run `translator cluster init`"
            )
        return float(dead_after_s)

    def need(self) -> None:
        """
        Make sure that several hosts share this ledger.

        Raises: ConfigError where they do not.
        """
        self._need_postgresql()
        if not self.is_set_up:
            raise ConfigError(NOT_SHARED)

    def set_up(self, dead_after_s: float = DEAD_AFTER_S) -> bool:
        """
        Let several hosts share this ledger from now on; gives False where they did already, by the same version.

        Raises: ConfigError where the ledger is in SQLite, Procrastinate is not installed, or somebody is at work.
        """
        self._need_postgresql()
        wanted = (cluster_install.procrastinate_version(), dead_after_s)
        with self._nobody_at_work() as connection:
            if is_shared(connection):
                known = connection.execute(select(setting.c.version, setting.c.dead_after_s)).one()
                if tuple(known) == wanted:
                    return False
                self._need_rest(connection)
            elif cluster_install.is_taken(connection):
                raise ConfigError("the database holds the queue of another ledger: give each its own database")
            cluster_install.install(connection, dead_after_s)
        return True

    def take_down(self) -> bool:
        """
        Let one host have the ledger again; gives False where it was not shared.

        Raises: ConfigError where a worker may still live.
        """
        self._need_postgresql()
        with self._nobody_at_work() as connection:
            if not is_shared(connection):
                return False
            self._need_rest(connection)
            cluster_install.remove(connection)
        return True

    def introduce(self, worker: int, *, name: str, pid: int, queue: str) -> None:
        """Note whose worker it is, for people."""
        with self._database.write() as connection:
            connection.execute(insert(host), {"worker_id": worker, "name": name, "pid": pid, "queue": queue})

    def recover(self, destination: str, *, resends: bool = False) -> int:
        """Settle what workers had under way that are not alive; gives how much it was."""
        with self._database.write() as connection:
            return lanes.recover(connection, destination, self._instant(), resends=resends, shared=True)

    def remind(self, lane_ids: Collection[int]) -> int:
        """Make jobs for lanes, where they wait to be sent; gives how many do."""
        with self._database.write() as connection:
            return lanes.remind(connection, lane_ids)

    def remind_forgotten(self) -> int:
        """Make jobs for lanes that are due and have none; gives their number."""
        with self._database.write() as connection:
            since = self._instant() - round(_FORGOTTEN_S * 1_000_000)
            forgotten = list(connection.execute(_FORGOTTEN, {"since": since}).scalars())
            return lanes.remind(connection, forgotten) if forgotten else 0

    def workers(self) -> list[Worker]:
        """List the workers, those that died and were not struck off yet among them."""
        with self._database.read() as connection:
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

    def queues(self) -> list[Queue]:
        """List what waits, by queue."""
        with self._database.read() as connection:
            return [Queue(*row) for row in connection.execute(_QUEUES)]

    @contextmanager
    def errand(self, name: str) -> Iterator[bool]:
        """Hold the right to what only one host does, one of `ERRANDS`; gives False where another host has it."""
        with advisory_lock(self._database.engine, key=str(_FIRST_ERRAND + ERRANDS.index(name))) as held:
            yield held

    def _need_postgresql(self) -> None:
        if self._database.path is not None:
            raise ConfigError(_NEEDS_POSTGRESQL)

    @contextmanager
    def _nobody_at_work(self) -> Iterator[Connection]:
        """Give a transaction during which no process delivers from this ledger alone."""
        with advisory_lock(self._database.engine) as held:
            if not held:
                raise ConfigError("a process delivers from this ledger: stop `translator run` first")
            with self._database.write() as connection:
                yield connection

    def _need_rest(self, connection: Connection) -> None:
        alive = connection.execute(select(func.count()).select_from(workers).where(~_is_silent)).scalar_one()
        if alive:
            raise ConfigError(
                f"{alive} workers are at work, or may be: stop every host first (`translator cluster status`)"
            )


# Written out, not bound: they are of a type of Procrastinate's, and only so fit its indexes.
_TODO: ColumnElement[str] = literal_column("'todo'")
_DOING: ColumnElement[str] = literal_column("'doing'")
_silent_s = func.extract("epoch", func.clock_timestamp() - workers.c.last_heartbeat)
_is_silent = _silent_s >= select(setting.c.dead_after_s).scalar_subquery()
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
    .where(jobs.c.status == _TODO)
    .group_by(jobs.c.queue_name)
    .order_by(jobs.c.queue_name)
)
_lane = schema.lane
_FORGOTTEN = (
    select(_lane.c.id)
    .where(
        _lane.c.due_at < bindparam("since"),
        ~exists().where(jobs.c.queueing_lock == cast(_lane.c.id, Text), jobs.c.status.in_([_TODO, _DOING])),
    )
    .order_by(_lane.c.id)
    .limit(_SOME)
)
