"""
Open the database behind a ledger: SQLite by path, PostgreSQL by URL.

SQLite runs in WAL with full sync, foreign keys on, and takes its write lock at the start of a writing
transaction, so that what a transaction has read is still true when it writes. PostgreSQL commits synchronously; a
transaction that changes a lane locks its row first.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from translator.errors import ConfigError
from translator.ledger.troubles import told_plainly

Row: TypeAlias = Mapping[str, Any]

BUSY_SECONDS = 30
CONNECT_SECONDS = 10

# A network that swallows everything must not keep anybody waiting for a quarter of an hour.
PATIENCE = {
    "keepalives": 1, "keepalives_idle": 5, "keepalives_interval": 3, "keepalives_count": 3, "tcp_user_timeout": 10_000,
}  # fmt: skip

# Page cache in KiB, and pages of WAL before they are copied back: a batch of messages is some hundred pages. Each
# connection has a cache of its own, and each thread of a service a connection; what is not in it is in the system's.
_SQLITE_PRAGMAS = (
    "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-16384", "wal_autocheckpoint=4000",
    # What is deleted is overwritten, too.
    "secure_delete=ON",
)  # fmt: skip

_DRIVERS = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}
# The same from the server's side: what a host has locked that is not there any more must not stop the others.
SERVER_PATIENCE = {
    "tcp_keepalives_idle": 5, "tcp_keepalives_interval": 3, "tcp_keepalives_count": 3, "tcp_user_timeout": 10_000,
    "idle_in_transaction_session_timeout": 300_000,
}  # fmt: skip


class Database:
    """One database: `read()` and `write()` give a connection inside a transaction."""

    def __init__(self, engine: Engine, path: Path | None) -> None:
        self.engine = engine
        self.path = path
        self._readers = engine if path else engine.execution_options(isolation_level="REPEATABLE READ")
        self._writers = engine.execution_options(translator_writes=True)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection that sees one state of the ledger."""
        with told_plainly(), self._readers.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection that writes; all of it or nothing is kept."""
        with told_plainly(), self._writers.begin() as connection:
            yield connection

    def revision(self) -> str | None:
        """Give the version of the tables; None where there are none yet."""
        with told_plainly(ConfigError), self.engine.begin() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()

    def forget_pages(self) -> None:
        """Leave no deleted content behind in the WAL of a SQLite file; PostgreSQL's vacuum does so in its own time."""
        if self.path is not None:
            with told_plainly(), self.engine.connect() as connection:
                raw = connection.connection.driver_connection
                if isinstance(raw, sqlite3.Connection):
                    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def connect(place: str | os.PathLike[str]) -> Database:
    """
    Connect to the database at a path or URL; its tables may not be there yet.

    Raises: ConfigError where the place cannot be a ledger.
    """
    name = os.fspath(place)
    if "://" not in name:
        return _by_path(Path(name))
    try:
        url = make_url(name)
    except SQLAlchemyError:
        raise ConfigError("the ledger's URL is not one; write `postgresql://user@host/database`") from None
    if url.drivername == "sqlite" and url.database:
        return _by_path(Path(url.database))
    return _by_url(url)


def read_only(path: Path) -> Database:
    """Open a SQLite file that must not change, such as a backup."""
    return Database(create_engine(f"sqlite:///{path.absolute().as_uri()}?mode=ro&uri=true", hide_parameters=True), path)


def only_look(place: str | os.PathLike[str]) -> Database:
    """
    Open a database that is in use, to look at it: nothing in it can be changed.

    Raises: ConfigError where the place cannot be a ledger.
    """
    name = os.fspath(place)
    if "://" in name and make_url(name).drivername != "sqlite":
        database = connect(name)
        event.listen(database.engine, "connect", _only_look_postgresql)
        return database
    path = Path(make_url(name).database or "") if "://" in name else Path(name)
    database = read_only(path)
    event.listen(database.engine, "connect", _only_look_sqlite)
    event.listen(database.engine, "begin", _begin_sqlite)
    return database


def _by_url(url: URL) -> Database:
    driver = _DRIVERS.get(url.drivername.split("+")[0])
    if driver is None:
        raise ConfigError("the ledger's URL names no database that we know; write `postgresql://user@host/database`")
    try:
        # A connection that broke while it lay in the pool is replaced before it is used; threads wait for none.
        engine = create_engine(
            url.set(drivername=driver),
            hide_parameters=True,
            pool_pre_ping=True,
            max_overflow=-1,
            connect_args={"connect_timeout": CONNECT_SECONDS, "application_name": "translator", **PATIENCE},
        )
    except (SQLAlchemyError, ImportError):
        raise ConfigError(
            "a ledger in PostgreSQL needs psycopg, not here yet: pip install '.[postgresql]' in translator's folder"
        ) from None
    event.listen(engine, "connect", _prepare_postgresql)
    return Database(engine, None)


def _by_path(path: Path) -> Database:
    if not path.parent.is_dir():
        message = f"the folder of the ledger does not exist: {path.parent}"
        raise ConfigError(message)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        message = f"the ledger cannot be opened: {path}: {error.strerror}"
        raise ConfigError(message) from None
    # Several threads use one ledger, each its own connection; `timeout` is SQLite's wait for a lock.
    engine = create_engine(
        f"sqlite:///{path.absolute().as_posix()}",
        hide_parameters=True,
        max_overflow=-1,
        connect_args={"timeout": BUSY_SECONDS},
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return Database(engine, path)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # Without this the driver opens transactions by its own rules, too late for a write lock.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _SQLITE_PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _only_look_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
    cursor.execute("PRAGMA query_only=ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("translator_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _prepare_postgresql(connection: Any, _record: object) -> None:
    # P2: a server whose default is otherwise must wait for its disk, too.
    connection.autocommit = True
    connection.execute("SET synchronous_commit TO on")
    for name, value in SERVER_PATIENCE.items():
        connection.execute(f"SET {name} TO {value}")
    connection.autocommit = False


def _only_look_postgresql(connection: Any, _record: object) -> None:
    connection.autocommit = True
    connection.execute("SET default_transaction_read_only TO on")
    connection.autocommit = False
