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

from sqlalchemy import (
    ColumnElement,
    Connection,
    Text,
    bindparam,
    cast,
    exists,
    insert,
    literal_column,
    select,
    text,
)

from translator.errors import ConfigError
from translator.ledger import cluster_install, lanes, lost_attempts, schema
from translator.ledger.cluster_hosts import Host, Hosts, living
from translator.ledger.cluster_tables import host, jobs, setting
from translator.ledger.cluster_view import Queue, Worker, read_queues, read_workers, with_work
from translator.ledger.database import Database
from translator.ledger.lock import Hold, advisory_lock, is_pooled, is_shared

DEAD_AFTER_S = 90.0

NOT_SHARED = "the ledger is not set up for several hosts; run `translator cluster init` once"
POOLED = (
    "between this host and the database stands a connection pooler (PgBouncer?), which lends a connection to several: "
    "a cluster needs connections of its own, so name the database itself in the ledger's URL"
)
_OTHER_VERSION = (
    "the queue of the cluster is of Procrastinate {known}, here is {own}: install the same versions of Procrastinate "
    "and translator on every host, stop them all, and run `translator cluster init`"
)
DAMAGED = (
    "the queue of the cluster is damaged: stop every host, run `translator cluster init`, which makes it anew (it "
    "holds nothing that the ledger does not), and start them"
)
NEEDS_POSTGRESQL = "several hosts need a ledger in PostgreSQL: --ledger postgresql://user@host/database"
_FORGOTTEN_S = 30.0
"""A lane that is due for so long and has no job is given one; there should never be any."""

_SOME = 1000

ERRANDS = ("fetch", "notices", "bring", "confirm", "outcomes")
_FIRST_ERRAND = 740_703


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
        return self._database.address

    def check(self) -> float:
        """
        Make sure that this host can take part; gives the seconds after which a silent worker counts as dead.

        Raises: ConfigError where the ledger is not shared, or the queue is of another version of Procrastinate.
        """
        known = self.need()
        own = cluster_install.queue_version()
        if known != own:
            raise ConfigError(_OTHER_VERSION.format(known=known, own=own))
        return self.dead_after_s

    @property
    def dead_after_s(self) -> float:
        """The seconds after which a silent host counts as dead."""
        with self._database.read() as connection:
            return float(connection.execute(select(setting.c.dead_after_s)).scalar_one())

    def need(self) -> str:
        """
        Make sure that several hosts share this ledger, by a queue such as we make it; gives its version.

        Raises: ConfigError where they do not, the queue is damaged, or somebody stands between this host and the
        database.
        """
        self._need_postgresql()
        if not self.is_set_up:
            raise ConfigError(NOT_SHARED)
        if is_pooled(self._database.engine):
            raise ConfigError(POOLED)
        with self._database.read() as connection:
            made_by = cluster_install.made_by(connection)
            if made_by is None:
                raise ConfigError(DAMAGED)
            known, layout = made_by[0], f"+{cluster_install.LAYOUT}"
            if not known.endswith(layout):
                raise ConfigError(_OTHER_VERSION.format(known=known, own=f"...{layout}"))
            if not cluster_install.is_sound(connection):
                raise ConfigError(DAMAGED)
        return known

    def set_up(self, dead_after_s: float = DEAD_AFTER_S) -> bool:
        """
        Let several hosts share this ledger from now on; gives False where they did already, by the same version.

        Raises: ConfigError where the ledger is in SQLite, Procrastinate is not installed, or somebody is at work.
        """
        self._need_postgresql()
        wanted = (cluster_install.queue_version(), dead_after_s)
        with self._nobody_at_work() as connection:
            if cluster_install.is_of_another(connection):
                raise ConfigError("the database holds the queue of another ledger: give each its own database")
            if cluster_install.is_there(connection):
                is_known = cluster_install.made_by(connection) == wanted
                if is_known and is_shared(connection) and cluster_install.is_sound(connection):
                    return False
                self._need_rest(connection)
            cluster_install.install(connection, dead_after_s)
        return True

    def take_down(self) -> bool:
        """
        Let one host have the ledger again; gives False where it was not shared.

        Raises: ConfigError where a worker may still live.
        """
        self._need_postgresql()
        with self._nobody_at_work() as connection:
            if cluster_install.is_of_another(connection) or not cluster_install.is_there(connection):
                return False
            self._need_rest(connection)
            cluster_install.remove(connection)
        return True

    def hosts(self) -> Hosts:
        """Give who runs, whatever the role."""
        return Hosts(self._database)

    def present(self) -> list[Host]:
        """List every host with what it delivers to, and workers of which no host speaks (any more)."""
        return with_work(self.hosts().listed(), self.workers())

    def room(self) -> int:
        """Tell how many more connections the database takes of its user."""
        with self._database.read() as connection:
            return int(connection.execute(_ROOM).scalar_one())

    def introduce(self, worker: int, *, name: str, pid: int, queue: str) -> None:
        """Note whose worker it is, for people."""
        with self._database.write() as connection:
            connection.execute(insert(host), {"worker_id": worker, "name": name, "pid": pid, "queue": queue})

    def recover(self, destination: str, *, resends: bool = False) -> list[lost_attempts.Lost]:
        """Settle what workers had under way that are not alive, and give it."""
        with self._database.write() as connection:
            return lost_attempts.recover(connection, destination, self._instant(), resends=resends, shared=True)

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
            return read_workers(connection)

    def queues(self) -> list[Queue]:
        """List what waits, by queue."""
        with self._database.read() as connection:
            return read_queues(connection)

    @contextmanager
    def errand(self, name: str) -> Iterator[Hold | bool]:
        """Hold the right to what only one host does, one of `ERRANDS`; gives False where another host has it."""
        with advisory_lock(self._database.engine, key=str(_FIRST_ERRAND + ERRANDS.index(name))) as held:
            yield held

    def _need_postgresql(self) -> None:
        if self._database.path is not None:
            raise ConfigError(NEEDS_POSTGRESQL)

    @contextmanager
    def _nobody_at_work(self) -> Iterator[Connection]:
        """Give a transaction during which no process delivers from this ledger alone."""
        with advisory_lock(self._database.engine) as held:
            if not held:
                raise ConfigError("a process delivers from this ledger: stop `translator run` first")
            with self._database.write() as connection:
                yield connection

    def _need_rest(self, connection: Connection) -> None:
        names = living(connection)
        if names:
            raise ConfigError(
                f"hosts are at work, or may be: {', '.join(names)}; stop every host first (`translator cluster status`)"
            )


# Written out, not bound: they are of a type of Procrastinate's, and only so fit its indexes.
_WAITING: ColumnElement[str] = literal_column("'todo'")
_DOING: ColumnElement[str] = literal_column("'doing'")
# By what every user may see, and no more than this user may have.
_ROOM = text("""
SELECT least(
    current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
        - coalesce(current_setting('reserved_connections', true)::int, 0)
        - (SELECT sum(numbackends) FROM pg_stat_database),
    CASE WHEN rolconnlimit >= 0 THEN
        rolconnlimit - (SELECT count(*) FROM pg_stat_activity WHERE usename = session_user) END,
    CASE WHEN datconnlimit >= 0 THEN
        datconnlimit - (SELECT numbackends FROM pg_stat_database WHERE datname = current_database()) END)
  FROM pg_roles, pg_database WHERE rolname = session_user AND datname = current_database()
""")
_lane = schema.lane
_FORGOTTEN = (
    select(_lane.c.id)
    .where(
        _lane.c.due_at < bindparam("since"),
        ~exists().where(jobs.c.queueing_lock == cast(_lane.c.id, Text), jobs.c.status.in_([_WAITING, _DOING])),
    )
    .order_by(_lane.c.id)
    .limit(_SOME)
)
