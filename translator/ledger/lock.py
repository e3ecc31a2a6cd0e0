"""
Let one process at a time deliver from a ledger: a lock on a file beside SQLite, an advisory lock in PostgreSQL.

The system, or the database, drops the lock when its process dies, however it dies, so no lease has to run out.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from translator.ledger.cluster_tables import TRIGGER
from translator.ledger.database import Database
from translator.ledger.troubles import told_plainly

if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _try_lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def delivery_lock(database: Database) -> AbstractContextManager[bool]:
    """
    Give the lock of whoever delivers from a ledger alone: a file beside it, or one of its database.

    Nobody gets it while several hosts share the ledger: then those deliver.
    """
    path = database.path
    return file_lock(path.with_name(path.name + ".lock")) if path else _alone(database)


@contextmanager
def _alone(database: Database) -> Iterator[bool]:
    with advisory_lock(database.engine) as held:
        with database.read() as connection:
            is_alone = not is_shared(connection)
        yield bool(held) and is_alone


def is_shared(connection: Connection) -> bool:
    """Tell whether several hosts share the ledger, which is in PostgreSQL then."""
    return connection.execute(_IS_SHARED).first() is not None


def is_pooled(engine: Engine) -> bool:
    """
    Tell whether something stands between us and PostgreSQL that lends connections to several.

    Who connects is told the number of its process there. A pooler tells one of its own making.
    """
    with told_plainly(), engine.connect() as connection:
        raw = connection.connection.driver_connection
        told = raw.info.backend_pid if raw is not None else 0
        return bool(connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one() != told)


@contextmanager
def file_lock(path: Path) -> Iterator[bool]:
    """Hold the lock while the block runs; gives False, at once, where another process holds it."""
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        try:
            _try_lock(descriptor)
        except OSError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


class Hold:
    """A lock that this process has in PostgreSQL: it lives as long as its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def is_kept(self) -> bool:
        """Whether its connection stands; to ask keeps one alive that a firewall would forget."""
        try:
            self._connection.exec_driver_sql("SELECT 1")
        except DBAPIError:
            return False
        return True


@contextmanager
def advisory_lock(engine: Engine, key: str = "740702") -> Iterator[Hold | bool]:
    """
    Hold the lock of this ledger's schema while the block runs; gives False, at once, where another process holds it.

    It lives as long as its connection. Should that break, as in a restart of the database, another process may take
    over; whoever did not notice then finds its attempts settled as unknown, and none is sent twice unseen.
    """
    with told_plainly():
        connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    try:
        with told_plainly():
            held = connection.exec_driver_sql(f"SELECT pg_try_advisory_lock({key}, {_OF_THIS_SCHEMA})").scalar_one()
        try:
            yield Hold(connection) if held else False
        finally:
            if held and not connection.invalidated:
                # Closing a connection lets the lock go, too, but a moment too late for whoever asks next.
                with suppress(DBAPIError):
                    connection.exec_driver_sql(f"SELECT pg_advisory_unlock({key}, {_OF_THIS_SCHEMA})")
    finally:
        # The lock belongs to the session: a connection that went back to the pool would keep it.
        connection.invalidate()
        connection.close()


_OF_THIS_SCHEMA = "hashtext(current_schema())"
_IS_SHARED = text("SELECT 1 FROM pg_trigger WHERE tgrelid = to_regclass('lane') AND tgname = :name").bindparams(
    name=TRIGGER
)
