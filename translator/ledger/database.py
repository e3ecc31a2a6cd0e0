"""
Open the database behind a ledger: SQLite by path, PostgreSQL by URL.

SQLite runs in WAL with full sync, foreign keys on, and takes its write lock at the start of a writing
transaction, so that what a transaction has read is still true when it writes. PostgreSQL commits synchronously; a
transaction that changes a lane locks its row first. Its URL is read by PostgreSQL's own library, and all that connect
to it do so in the same way.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, text

from translator.errors import ConfigError
from translator.ledger.troubles import told_plainly

Row: TypeAlias = Mapping[str, Any]

BUSY_SECONDS = 30
CONNECT_SECONDS = 10

# A network that swallows everything must not keep anybody waiting for a quarter of an hour.
_PATIENCE: dict[str, Any] = {
    "connect_timeout": CONNECT_SECONDS, "application_name": "translator",
    "keepalives": 1, "keepalives_idle": 5, "keepalives_interval": 3, "keepalives_count": 3, "tcp_user_timeout": 10_000,
}  # fmt: skip

# Page cache in KiB, and pages of WAL before they are copied back: a batch of messages is some hundred pages. Each
# connection has a cache of its own, and each thread of a service a connection; what is not in it is in the system's.
_SQLITE_PRAGMAS = (
    "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-16384", "wal_autocheckpoint=4000",
    # What is deleted is overwritten, too.
    "secure_delete=ON",
)  # fmt: skip

_POSTGRESQL = ("postgresql", "postgres")
_SESSION = {
    # P2: a server, or a user, whose default is otherwise must wait for the disk, too.
    "synchronous_commit": "on",
    # The same patience from the server's side: what a host has locked that is gone must not stop the others.
    "tcp_keepalives_idle": "5", "tcp_keepalives_interval": "3", "tcp_keepalives_count": "3",
    "tcp_user_timeout": "10000", "idle_in_transaction_session_timeout": "300000",
    # What the user has been given otherwise is meant for people: here locks rest, bells wait, and audits read for long.
    "default_transaction_isolation": "read committed", "idle_session_timeout": "0", "lock_timeout": "0",
    "statement_timeout": "0", "transaction_timeout": "0",
}  # fmt: skip
"""What every session in PostgreSQL goes by."""


class Database:
    """
    One database: `read()` and `write()` give a connection inside a transaction.

    Absent: `path` is None in PostgreSQL; `address`, by which its driver finds it, is empty in SQLite.
    """

    def __init__(self, engine: Engine, path: Path | None, address: str = "") -> None:
        self.engine = engine
        self.path = path
        self.address = address
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
    scheme, is_url, rest = name.partition("://")
    if not is_url:
        return _by_path(Path(name))
    driver = scheme.split("+")[0]
    if driver in _POSTGRESQL:
        return _by_address(f"postgresql://{rest}")
    if driver == "sqlite" and (file := make_url(name).database):
        return _by_path(Path(file))
    raise ConfigError("the ledger's URL names no database that we know; write `postgresql://user@host/database`")


def session_settings(**more: str) -> bytes:
    """Give the statement by which a session in PostgreSQL is set up; what its version does not know is left out."""
    wanted = ", ".join(f"('{name}', '{value}')" for name, value in (_SESSION | more).items())
    query = (
        "SELECT set_config(name, wanted, false) FROM pg_settings JOIN (VALUES {}) AS ours (name, wanted) USING (name)"
    )
    return query.format(wanted).encode()


def read_only(path: Path) -> Database:
    """Open a SQLite file that must not change, such as a backup."""
    return Database(create_engine(f"sqlite:///{path.absolute().as_uri()}?mode=ro&uri=true", hide_parameters=True), path)


def only_look(place: str | os.PathLike[str]) -> Database:
    """
    Open a database that is in use, to look at it: nothing in it can be changed.

    Raises: ConfigError where the place cannot be a ledger.
    """
    name = os.fspath(place)
    if "://" in name and not name.startswith("sqlite"):
        database = connect(name)
        event.listen(database.engine, "connect", _only_look_postgresql)
        return database
    path = Path(make_url(name).database or "") if "://" in name else Path(name)
    database = read_only(path)
    event.listen(database.engine, "connect", _only_look_sqlite)
    event.listen(database.engine, "begin", _begin_sqlite)
    return database


def _by_address(url: str) -> Database:
    try:
        from psycopg import ProgrammingError  # noqa: PLC0415 - only who has a PostgreSQL ledger has the driver
        from psycopg.conninfo import conninfo_to_dict, make_conninfo  # noqa: PLC0415
    except ImportError:
        raise ConfigError(
            "a ledger in PostgreSQL needs psycopg, not here yet: pip install '.[postgresql]' in translator's folder"
        ) from None
    try:
        place = _PATIENCE | conninfo_to_dict(url)
    except ProgrammingError:
        raise ConfigError(
            "the ledger's URL is not one that PostgreSQL knows; write `postgresql://user@host/database`"
        ) from None
    # A connection that broke while it lay in the pool is replaced before it is used; threads wait for none.
    engine = create_engine(
        "postgresql+psycopg://",
        hide_parameters=True,
        isolation_level="READ COMMITTED",
        pool_pre_ping=True,
        max_overflow=-1,
        connect_args=place,
    )
    event.listen(engine, "connect", _prepare_postgresql)
    return Database(engine, None, make_conninfo(**place))


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
    connection.autocommit = True
    connection.execute(session_settings())
    connection.autocommit = False


def _only_look_postgresql(connection: Any, _record: object) -> None:
    connection.autocommit = True
    connection.execute("SET default_transaction_read_only TO on")
    connection.autocommit = False
