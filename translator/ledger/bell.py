"""
Ring when anybody commits something to the ledger, so that delivery starts at once and nobody polls the lanes.

SQLite counts the commits of all other connections (`data_version`), which costs a few microseconds to ask; so it is
asked often. PostgreSQL tells who listens, and `announce` makes it tell.
"""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import Connection, func, select

from translator.ledger.database import Database, session_settings

if TYPE_CHECKING:
    from psycopg import AsyncConnection

POLL_S = 0.02
"""How often the commits are counted: half of it is the mean delay."""

SELDOM_S = 2.0
"""PostgreSQL's bell rings at least so often, should an announcement have been lost with its connection."""

CHANNEL = "translator"


class Bell(Protocol):
    """What rings after a commit."""

    async def rings(self) -> None:
        """Return once something was committed since the last return, soon after it; it may ring for nothing."""

    async def close(self) -> None:
        """Let go of the database."""


def open_bell(database: Database) -> Bell:
    """Give the bell of a database."""
    return CommitCount(database.path) if database.path is not None else Listener(database.address)


def announce(connection: Connection) -> None:
    """Let the bells of other processes ring when this transaction is committed; SQLite's do so by themselves."""
    if connection.dialect.name == "postgresql":
        connection.execute(_ANNOUNCE)


_ANNOUNCE = select(func.pg_notify(CHANNEL, ""))


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

    async def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _read(self) -> int:
        (count,) = self._connection.execute("PRAGMA data_version").fetchone()
        return int(count)


class Listener:
    """The bell of a PostgreSQL database; it outlives a restart of the server."""

    def __init__(self, address: str) -> None:
        self._place = address
        self._connection: AsyncConnection[Any] | None = None

    async def rings(self) -> None:
        """Return once something was announced, or after a while."""
        from psycopg import OperationalError  # noqa: PLC0415 - only who has a PostgreSQL ledger has the driver

        try:
            if self._connection is None:
                # Something may have been committed before anybody listened: so the first ring comes at once.
                await self._listen()
            else:
                async for _ in self._connection.notifies(timeout=SELDOM_S, stop_after=1):
                    pass
        except OperationalError:
            await self.close()
            await asyncio.sleep(SELDOM_S)

    async def close(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def _listen(self) -> None:
        from psycopg import AsyncConnection  # noqa: PLC0415 - as above

        self._connection = await AsyncConnection.connect(self._place, autocommit=True)
        await self._connection.execute(session_settings())
        await self._connection.execute(f"LISTEN {CHANNEL}".encode())
