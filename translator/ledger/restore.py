"""
Make a ledger of a backup.

A backup does not know what was sent after it was made. So whatever it holds as queued or under way becomes `unknown`:
nothing of it is sent until a person has decided. What came in after it is not in it at all, so every destination is
paused, too, until a person has seen to that.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from msgspec import Struct
from sqlalchemy import Connection, func, insert, select, update

from translator.errors import ConfigError
from translator.ledger import schema
from translator.ledger.backup import copy_rows, copy_sqlite
from translator.ledger.database import Database, connect, read_only
from translator.ledger.destinations import EVERY, pause
from translator.ledger.migrate import check_known, run_migrations
from translator.ledger.moves import move
from translator.ledger.schema import HEAD
from translator.ledger.troubles import told_plainly

RESTORED = "restored"
"""The answer of an attempt, and the detail of a submission, that a restore made unknown."""


class Restored(Struct, frozen=True):
    """What a restore brought back: messages, and submissions that are now unknown."""

    messages: int
    unknown: int


def restore(backup: Path, place: str | os.PathLike[str], now: int) -> Restored:
    """
    Write the content of a backup to a place where there is no ledger yet.

    Raises: ConfigError where the file is no backup, or the place is taken; LedgerError where the database fails.
    """
    name = os.fspath(place)
    _check_backup(backup)
    source = read_only(backup)
    try:
        check_known(str(source.revision()))
        return _into_database(source, name, now) if "://" in name else _into_file(source, Path(name), now)
    finally:
        source.close()


def _check_backup(backup: Path) -> None:
    if not backup.is_file():
        raise ConfigError(f"{backup}: there is no backup here")
    try:
        with closing(sqlite3.connect(f"{backup.absolute().as_uri()}?mode=ro", uri=True)) as file:
            faults = file.execute("PRAGMA integrity_check(1)").fetchall()
            is_ledger = file.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
    except sqlite3.Error:
        faults, is_ledger = [], None
    if faults != [("ok",)] or not is_ledger:
        raise ConfigError(f"{backup}: the file is damaged, or no backup of a ledger; use another one")


def _into_database(source: Database, url: str, now: int) -> Restored:
    target = connect(url)
    try:
        if target.revision() is not None:
            raise ConfigError("the database holds a ledger already; restore into an empty one")
        with source.read() as reader, target.write() as writer:
            copy_rows(reader, writer, str(source.revision()))
            return _finish(writer, now)
    finally:
        target.close()


def _into_file(source: Database, path: Path, now: int) -> Restored:
    """Work on a file of another name, so that a restore that was cut short leaves no ledger that would be delivered."""
    part = path.with_name(path.name + ".part")
    if path.exists():
        raise ConfigError(f"{path}: there is a file already; move it away, then restore")
    part.unlink(missing_ok=True)
    made = connect(part)
    try:
        with told_plainly(), closing(sqlite3.connect(part)) as copy:
            copy_sqlite(source, copy)
        with made.write() as writer:
            restored = _finish(writer, now)
    finally:
        made.close()
    part.rename(path)
    return restored


def _finish(connection: Connection, now: int) -> Restored:
    run_migrations(connection, HEAD)
    unknown = _forget_what_may_have_been_sent(connection, now)
    pause(connection, EVERY, RESTORED, now)
    connection.execute(insert(schema.journal), {"at": now, "deed": RESTORED, "detail": f"unknown={unknown}"})
    messages = connection.execute(select(func.count(schema.message.c.id))).scalar_one()
    return Restored(messages, unknown)


def _forget_what_may_have_been_sent(connection: Connection, now: int) -> int:
    attempt, submission, entry, lane = schema.attempt, schema.submission, schema.entry, schema.lane
    is_open, is_queued = attempt.c.ended_at.is_(None), submission.c.state == "queued"
    was_under_way = submission.c.id.in_(select(attempt.c.submission_id).where(is_open))
    connection.execute(update(submission).where(was_under_way).values(attempts=submission.c.attempts + 1))
    connection.execute(update(attempt).where(is_open).values(ended_at=now, outcome="unknown", answer=RESTORED))
    queued = select(submission.c.id).where(is_queued)
    move(connection, entry, entry.c.submission_id.in_(queued), "unknown")
    changed = move(connection, submission, is_queued, "unknown", detail=RESTORED)
    connection.execute(update(lane).where(lane.c.due_at.is_not(None)).values(due_at=None))
    connection.execute(update(lane).where(lane.c.priority != 0).values(priority=0))
    return changed
