"""
Copy a whole ledger into one file, and back: the form is a SQLite ledger, whichever database it came from.

What is sealed stays sealed: a backup needs the same site key as its ledger. What is not sealed lies open in it, so the
file is for its owner only.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, MetaData, Table, delete, func, insert, select, text

from translator.errors import ConfigError
from translator.ledger.columns import METADATA
from translator.ledger.database import Database, connect
from translator.ledger.migrate import run_migrations
from translator.ledger.troubles import told_plainly

_ROWS_AT_ONCE = 1_000
_VERSION_TABLE = "alembic_version"


def back_up(database: Database, path: Path) -> None:
    """
    Write a backup of one moment to a new file; others may go on working meanwhile.

    Raises: ConfigError where there is a file already, or none can be made; LedgerError where the ledger fails.
    """
    part = path.with_name(path.name + ".part")
    try:
        if path.exists():
            raise ConfigError(f"{path}: there is a file already; name another one for the backup")
        with part.open("wb"):
            part.chmod(0o600)
        _write(database, part)
        _reach_disk(part)
        part.rename(path)
    except OSError as error:
        raise ConfigError(f"{path}: the backup cannot be written: {error.strerror}") from None
    finally:
        part.unlink(missing_ok=True)


def _write(database: Database, part: Path) -> None:
    if database.path is not None:
        with told_plainly(), closing(sqlite3.connect(part)) as target:
            copy_sqlite(database, target)
        return
    revision = database.revision()
    copy = connect(part)
    with database.read() as source, copy.write() as target_connection:
        copy_rows(source, target_connection, str(revision))
    copy.close()
    with closing(sqlite3.connect(part)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")


def copy_sqlite(database: Database, target: sqlite3.Connection) -> None:
    """Copy a SQLite ledger page by page, as of one moment."""
    with told_plainly():
        raw = database.engine.raw_connection()
        try:
            source = raw.driver_connection
            if isinstance(source, sqlite3.Connection):
                source.backup(target, pages=-1)
        finally:
            raw.close()
    # One file, without a WAL beside it.
    target.execute("PRAGMA journal_mode=DELETE")


def copy_rows(source: Connection, target: Connection, revision: str) -> None:
    """Make the tables of a revision in an empty database, and fill them with the rows of another ledger of it."""
    run_migrations(target, revision)
    tables = MetaData()
    tables.reflect(source)
    ordered = [table for table in tables.sorted_tables if table.name != _VERSION_TABLE]
    # A migration may have made rows of its own.
    for table in reversed(ordered):
        target.execute(delete(table))
    for table in ordered:
        _copy_table(source, target, table)


def _copy_table(source: Connection, target: Connection, table: Table) -> None:
    # Our own description knows what a text may hold in each database; the reflected one which columns are there.
    into = METADATA.tables.get(table.name, table)
    rows = source.execution_options(yield_per=_ROWS_AT_ONCE).execute(select(table)).mappings()
    for part in rows.partitions(_ROWS_AT_ONCE):
        target.execute(insert(into), [dict(row) for row in part])
    if target.dialect.name == "postgresql" and "id" in table.c:
        highest = target.execute(select(func.max(table.c.id))).scalar_one()
        if highest:
            number = text("SELECT setval(pg_get_serial_sequence(:table, 'id'), :highest)")
            target.execute(number, {"table": table.name, "highest": highest})


def _reach_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
