"""Whoever connects to PostgreSQL, ledger, bell or queue, finds it by the same URL and goes by the same settings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tests.postgres import Postgres
from translator.ledger import Ledger
from translator.ledger.bell import Listener
from translator.transmit.cluster_queue import queue

Ask = Callable[[Ledger, str], Sequence[Any]]


def by_ledger(ledger: Ledger, question: str) -> Sequence[Any]:
    """Ask as the ledger does."""
    with ledger._database.write() as connection:
        return tuple(connection.exec_driver_sql(question).one())


def by_bell(ledger: Ledger, question: str) -> Sequence[Any]:
    """Ask as what waits for news does."""

    async def ask() -> Sequence[Any]:
        bell = Listener(ledger.cluster().address)
        await bell.rings()
        assert bell._connection is not None
        cursor = await bell._connection.execute(question.encode())
        row = await cursor.fetchone()
        await bell.close()
        return tuple(row or ())

    return asyncio.run(ask())


def by_queue(ledger: Ledger, question: str) -> Sequence[Any]:
    """Ask as a host of a cluster asks for jobs."""

    async def ask() -> Sequence[Any]:
        connector = queue(ledger.cluster().address)
        await connector.open_async()
        row = await connector.execute_query_one_async(question)
        await connector.close_async()
        return tuple(row.values())

    return asyncio.run(ask())


WAYS = [
    pytest.param(by_ledger, id="ledger"),
    pytest.param(by_bell, id="bell"),
    pytest.param(by_queue, id="queue"),
]


@pytest.mark.parametrize("ask", WAYS)
def test_session_goes_by_our_settings_whatever_the_user_was_given(postgres: Postgres, ask: Ask) -> None:
    """A limit that is meant for people would break locks that rest, and audits that read for long."""
    url = postgres.new()
    (name,) = postgres.execute("SELECT current_database()", url)[0]
    for setting, given in {
        "default_transaction_isolation": "serializable",
        "idle_session_timeout": "1s",
        "lock_timeout": "1ms",
        "statement_timeout": "1s",
        "synchronous_commit": "off",
    }.items():
        postgres.execute(f"ALTER DATABASE {name} SET {setting} = '{given}'")
    asked = ("transaction_isolation", "idle_session_timeout", "lock_timeout", "statement_timeout", "synchronous_commit")
    question = "SELECT " + ", ".join(f"current_setting('{each}') AS {each}" for each in asked)

    with Ledger.open(url) as ledger:
        with ledger._database.read() as connection:
            # What looks at one state of the ledger leaves nothing of it behind for whoever is next.
            connection.exec_driver_sql("SELECT 1")
        found = ask(ledger, question)

    assert found == ("read committed", "0", "0", "0", "on")


@pytest.mark.parametrize("ask", WAYS)
def test_database_is_found_at_the_host_where_it_is(postgres: Postgres, ask: Ask) -> None:
    """The URL may name several, as PostgreSQL's own library reads it: a database that moves is found again."""
    url = postgres.new()
    ((folder, name),) = postgres.execute("SELECT current_setting('unix_socket_directories'), current_database()", url)

    with Ledger.open(f"postgresql://postgres@/{name}?host=/nowhere,{folder}&target_session_attrs=read-write") as ledger:
        assert ask(ledger, "SELECT current_database()") == (name,)
