"""
Ring when anybody commits something to the ledger, so that delivery starts at once and nobody polls the lanes.

SQLite counts the commits of all other connections (`data_version`), which costs a few microseconds to ask; so it is
asked often. What other databases have for this is another bell.
"""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Protocol

from translator.ledger.database import Database

POLL_S = 0.02
"""How often the commits are counted: half of it is the mean delay."""

SELDOM_S = 0.5
"""How often a database that cannot tell is asked."""


class Bell(Protocol):
    """What rings after a commit."""

    async def rings(self) -> None:
        """Return once something was committed since the last return, soon after it; it may ring for nothing."""

    def close(self) -> None:
        """Let go of the database."""


def open_bell(database: Database) -> Bell:
    """Give the bell of a database."""
    return CommitCount(database.path) if database.path is not None else Clockwork()


class CommitCount:
    """The bell of a SQLite file."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._count = self._read()

    async def rings(self) -> None:
        """Return once another connection has committed."""
        while (count := self._read()) == self._count:  # noqa: ASYNC110 - another process sets no event here
            await asyncio.sleep(POLL_S)
        self._count = count

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _read(self) -> int:
        (count,) = self._connection.execute("PRAGMA data_version").fetchone()
        return int(count)


class Clockwork:
    """A bell that rings for nothing, for a database that does not tell."""

    async def rings(self) -> None:
        """Return after a while."""
        await asyncio.sleep(SELDOM_S)

    def close(self) -> None:
        """Nothing to let go of."""
