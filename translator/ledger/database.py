"""
Open the database behind a ledger: SQLite by path, or whatever SQLAlchemy knows by URL.

SQLite runs in WAL with full sync, foreign keys on, and takes its write lock at the start of a writing
transaction, so that what a transaction has read is still true when it writes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.exc import DatabaseError, DBAPIError, SQLAlchemyError

from translator.errors import ConfigError, LedgerError
from translator.ledger.schema import HEAD

Row: TypeAlias = Mapping[str, Any]

BUSY_SECONDS = 30

# What SQLite says, and what the operator can do about it. Its own texts may quote a key, so they are not shown.
_TROUBLE = {
    "database is locked": "another process has kept the ledger locked; try again when it has finished",
    "disk is full": "the disk is full; nothing was recorded",
    "readonly": "the ledger cannot be written; check the rights of the file and its folder",
    "unable to open": "the ledger cannot be opened; check the rights of the file and its folder",
    "disk i/o error": "the disk reports an error; check it before you go on",
    "malformed": "the ledger is damaged; restore a backup",
    "not a database": "the file is no ledger",
}


class Database:
    """One database: `read()` and `write()` give a connection inside a transaction."""

    def __init__(self, engine: Engine, path: Path | None) -> None:
        self.engine = engine
        self.path = path

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection that sees one state of the ledger."""
        with _translated_errors(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection that writes; all of it or nothing is kept."""
        with _translated_errors(), self.engine.connect() as connection:
            writer = connection.execution_options(translator_writes=True)
            with writer.begin():
                yield writer

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def open_database(place: str | os.PathLike[str]) -> Database:
    """
    Open the ledger at a path or URL; create and upgrade its tables where needed.

    Raises: ConfigError where the place cannot be one; LedgerError where a newer version wrote it.
    """
    name = os.fspath(place)
    database = _by_url(name) if "://" in name else _by_path(Path(name))
    with _translated_errors(ConfigError):
        revision = _revision(database.engine)
    if revision != HEAD:
        _upgrade(database, revision)
    return database


def _by_url(url: str) -> Database:
    try:
        return Database(create_engine(url, hide_parameters=True), None)
    except (SQLAlchemyError, ImportError):
        message = "the ledger's URL names no database that this installation can open"
        raise ConfigError(message) from None


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
        f"sqlite:///{path.absolute().as_posix()}", hide_parameters=True, connect_args={"timeout": BUSY_SECONDS}
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return Database(engine, path)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # Without this the driver opens transactions by its own rules, too late for a write lock.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("translator_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _revision(engine: Engine) -> str | None:
    with engine.begin() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def _upgrade(database: Database, revision: str | None) -> None:
    # Alembic takes a tenth of a second to import; an up-to-date ledger does without it.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", "translator.ledger:migrations")
    with database.write() as connection:
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, HEAD)
        except CommandError:
            message = f"the ledger has version {revision}, which this translator does not know; use a newer one"
            raise LedgerError(message) from None


@contextmanager
def _translated_errors(kind: type[ConfigError | LedgerError] = LedgerError) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        said = str(error.orig).lower()
        text_ = next((advice for sign, advice in _TROUBLE.items() if sign in said), "")
        damaged = "the database refused" if isinstance(error, DatabaseError) else "the database failed"
        message = text_ or f"{damaged}: {type(error).__name__}"
        raise kind(message) from None
