"""
Bring the tables of a ledger to the version that this code knows, with a backup first.

The upgrade is one transaction, so a ledger has the old tables or the new ones, never something between.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from translator.errors import ConfigError, LedgerError, TranslatorError
from translator.ledger.backup import back_up
from translator.ledger.cluster_hosts import living
from translator.ledger.database import Database, connect, only_look
from translator.ledger.lock import is_shared
from translator.ledger.migrate import check_known, run_migrations
from translator.ledger.schema import HEAD


def open_database(place: str | os.PathLike[str]) -> Database:
    """
    Open the ledger at a path or URL; create and upgrade its tables where needed.

    Raises: ConfigError where the place cannot be one; LedgerError where a newer version wrote it.
    """
    database = connect(place)
    try:
        _upgrade(database)
    except TranslatorError:
        database.close()
        raise
    return database


def look_into(place: str | os.PathLike[str]) -> Database:
    """
    Open the ledger at a path or URL to look at it; it is neither created nor upgraded, nor changed in any way.

    Raises: ConfigError where it cannot be opened; LedgerError where its tables are not those that this code knows.
    """
    database = only_look(place)
    try:
        revision = database.revision()
        if revision is None:
            raise ConfigError("there is no ledger here; `translator submit` creates one, --ledger names another")
        if revision != HEAD:
            check_known(revision)
            raise LedgerError(
                "an older version wrote this ledger; `translator ledger verify` upgrades it, which looking does not"
            )
    except TranslatorError:
        database.close()
        raise
    return database


def _upgrade(database: Database) -> None:
    revision = database.revision()
    if revision == HEAD:
        return
    if revision is not None:
        check_known(revision)
        _need_rest(database)
        back_up(database, _backup_path(database, revision))
    with database.write() as connection:
        run_migrations(connection, HEAD)


def _need_rest(database: Database) -> None:
    """Leave tables alone by which hosts of a cluster go that are at work."""
    if database.path is not None:
        return
    with database.read() as connection:
        names = living(connection) if is_shared(connection) else []
    if names:
        raise ConfigError(
            f"this translator is newer than the tables of the ledger, and {', '.join(names)} may be at work with the "
            "older ones: stop every host, then start one with the new version, which upgrades them"
        )


def _backup_path(database: Database, revision: str) -> Path:
    """Name a new file beside a SQLite ledger; for PostgreSQL, in the current folder."""
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    name = f"{database.path.name if database.path else 'translator-ledger'}.{revision}.{moment}.backup"
    return database.path.with_name(name) if database.path else Path(name)
