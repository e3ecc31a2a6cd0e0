"""
Know every host of a cluster that runs, whatever its role: by which tables and terms it goes, and how its clock is set.

Who takes in is no worker of the queue, but decides by its tables all the same. So each host says every few seconds that
it is there, and how far its clock is ahead of the database's; by that one all of them go.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from msgspec import Struct
from sqlalchemy import Connection, Table, delete, func, insert, select, update

from translator.ledger.cluster_tables import SCHEMA, host, process, setting, workers
from translator.ledger.database import Database

FORGOTTEN_S = 3600.0
"""A host that was silent for so long is not listed any more, as if it had been stopped."""

_SURE_S = 1.0
"""A question to the database that took longer tells nothing about its clock."""


class CommonClock:
    """
    The clock by which all hosts of a cluster go: this machine's, less what it is ahead of the database's.

    Units: seconds since 1970; `ahead_s` in seconds, 0 without a cluster.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.own = clock
        self.ahead_s = 0.0

    def __call__(self) -> float:
        """Give the time."""
        return self.own() - self.ahead_s


class Card(Struct, frozen=True):
    """
    What a host says of itself.

    Shape: `tables` is the hash of its tables; `terms` says how it serves each vendor, and `rules` by what it decides
    what a vendor is sent, both in words that can be compared.
    """

    name: str
    pid: int
    role: str
    version: str
    tables: str
    terms: str
    rules: str


class Host(Struct, frozen=True):
    """
    One host that runs, or has lately, as people see it.

    Shape: `delivers_to` names the queues of its workers, `lanes` counts what they are at work on.
    Units: `silent_s` in seconds since it last said that it is there; `ahead_s` in seconds, by which its own clock is
    ahead of the database's.
    """

    id: int
    host: str
    pid: int
    role: str
    version: str
    tables: str
    terms: str
    rules: str
    since: str
    silent_s: float
    ahead_s: float
    is_alive: bool
    delivers_to: tuple[str, ...] = ()
    lanes: int = 0


class Hosts:
    """The hosts of one cluster; `Cluster.hosts()` gives it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ahead_s(self, clock: Callable[[], float]) -> float | None:
        """Measure how far a clock is ahead of the database's; None where the answer took too long to tell."""
        with self._database.read() as connection:
            connection.execute(_NOW)
            began = clock()
            there = connection.execute(_NOW).scalar_one()
            took = clock() - began
        return began + took / 2 - float(there) if 0 <= took < _SURE_S else None

    def enter(self, card: Card, ahead_s: float) -> int:
        """Know a host from now on, instead of those of its name that were silent; gives its number."""
        with self._database.write() as connection:
            is_old = _silent_s > select(_FORGET_S).scalar_subquery()
            connection.execute(delete(process).where(is_old))
            connection.execute(delete(process).where(process.c.name == card.name, _is_silent))
            row = _row(card) | {"ahead_s": ahead_s}
            return int(connection.execute(insert(process).values(row).returning(process.c.id)).scalar_one())

    def seen(self, number: int, card: Card, ahead_s: float) -> bool:
        """Note that a host is there, and by what it goes; gives False where it is not known any more."""
        values = _row(card) | {"ahead_s": ahead_s, "seen_at": func.clock_timestamp()}
        with self._database.write() as connection:
            return bool(connection.execute(update(process).where(process.c.id == number).values(values)).rowcount)

    def leave(self, number: int) -> None:
        """Forget a host that ends."""
        with self._database.write() as connection:
            connection.execute(delete(process).where(process.c.id == number))

    def listed(self) -> list[Host]:
        """List all hosts, those among them that have been silent for a while."""
        with self._database.read() as connection:
            dead_after_s = connection.execute(select(setting.c.dead_after_s)).scalar_one()
            rows = connection.execute(_LISTED).mappings().all()
        return [
            Host(
                id=row["id"],
                host=row["name"],
                pid=row["pid"],
                role=row["role"],
                version=row["version"],
                tables=row["tables"],
                terms=row["terms"],
                rules=row["rules"],
                since=row["started_at"].isoformat(timespec="seconds"),
                silent_s=round(float(row["silent_s"]), 1),
                ahead_s=round(row["ahead_s"], 3),
                is_alive=row["silent_s"] < dead_after_s,
            )
            for row in rows
            if row["silent_s"] < max(FORGOTTEN_S, dead_after_s)
        ]


def differences(hosts: Sequence[Host]) -> list[str]:
    """Say in what hosts that are alive differ from each other: nothing of it is meant to."""
    alive = [one for one in hosts if one.is_alive]
    of_role = [one for one in alive if one.role != "accept"]
    asked = (
        ("versions of translator", [(one, one.version) for one in alive]),
        ("tables", [(one, one.tables[:12]) for one in alive]),
        ("terms for vendors", [(one, one.terms) for one in of_role]),
        ("rules of what is sent", [(one, one.rules) for one in alive]),
    )
    return [
        f"hosts go by different {what}: " + "; ".join(f"{one.host} ({one.pid}): {value}" for one, value in values)
        for what, values in asked
        if len({value for _, value in values}) > 1
    ]


def living(connection: Connection) -> list[str]:
    """Name the hosts of a cluster that are at work, or may be, as far as what is left of its queue can tell."""
    found = {table.name for table in (setting, workers, host, process) if _is_there(connection, table)}
    names: list[str | None] = []
    if {setting.name, workers.name, host.name} <= found:
        names += connection.execute(_LIVING_WORKERS).scalars()
    # A queue that was made by an older version has no such table.
    if {setting.name, process.name} <= found:
        names += connection.execute(_LIVING).scalars()
    return sorted({name or "unnamed" for name in names})


def _is_there(connection: Connection, table: Table) -> bool:
    return connection.execute(select(func.to_regclass(f"{SCHEMA}.{table.name}").is_not(None))).scalar_one()


def _row(card: Card) -> dict[str, str | int]:
    return {name: getattr(card, name) for name in card.__struct_fields__}


_NOW = select(func.extract("epoch", func.clock_timestamp()))
_DEAD_AFTER_S = select(setting.c.dead_after_s).scalar_subquery()
_FORGET_S = func.greatest(_DEAD_AFTER_S, FORGOTTEN_S)
_silent_s = func.extract("epoch", func.clock_timestamp() - process.c.seen_at)
_is_silent = _silent_s >= _DEAD_AFTER_S
_LISTED = select(process, _silent_s.label("silent_s")).order_by(process.c.id)
_LIVING = select(process.c.name).where(~_is_silent)
_LIVING_WORKERS = (
    select(host.c.name)
    .select_from(workers.outerjoin(host, host.c.worker_id == workers.c.id))
    .where(func.extract("epoch", func.clock_timestamp() - workers.c.last_heartbeat) < _DEAD_AFTER_S)
)
