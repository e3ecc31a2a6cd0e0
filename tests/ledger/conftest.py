"""A ledger on a real disk, and a clock that a test turns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.postgres import Postgres
from translator.ledger import Ledger
from translator.ledger.database import connect


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.seconds = 1_800_000_000.0

    def __call__(self) -> float:
        """Give the time."""
        return self.seconds

    def move(self, seconds: float) -> None:
        """Let time pass, or jump back."""
        self.seconds += seconds


@pytest.fixture
def clock() -> Clock:
    """Give a standing clock."""
    return Clock()


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Name a ledger that is not there yet: a file, or a database of a real PostgreSQL."""
    if request.param == "sqlite":
        return str(tmp_path / "lab.db")
    server: Postgres = request.getfixturevalue("postgres")
    return server.new()


@pytest.fixture
def path(place: str) -> Path:
    """Name the ledger's file, in a test that is for SQLite only."""
    return Path(place)


@pytest.fixture
def ledger(place: str, clock: Clock) -> Iterator[Ledger]:
    """Open a new ledger."""
    with Ledger.open(place, clock=clock) as opened:
        yield opened


@pytest.fixture
def tamper(place: str) -> Callable[[str], None]:
    """Change a ledger behind its back, by a statement that both databases know."""

    def change(statement: str) -> None:
        database = connect(place)
        with database.engine.begin() as connection:
            connection.exec_driver_sql(statement)
        database.close()

    return change


@pytest.fixture
def url(postgres: Postgres) -> str:
    """Name a ledger in PostgreSQL that nobody shares yet."""
    return postgres.new()


@pytest.fixture
def shared(url: str) -> Iterator[Ledger]:
    """Open a ledger that several hosts share."""
    with Ledger.open(url) as opened:
        opened.cluster().set_up()
        yield opened


@pytest.fixture
def ask(postgres: Postgres, url: str) -> Callable[[str], list[Any]]:
    """Ask the database of that ledger behind its back."""
    return lambda statement: postgres.execute(statement, url)
