"""Hosts of a cluster say that they are there, by what they go, and how their clocks are set."""

from __future__ import annotations

import time

import pytest
from msgspec import structs

from tests.postgres import Postgres
from translator.errors import ConfigError
from translator.ledger import Card, CommonClock, Ledger, differences
from translator.ledger.lane_sql import STANDSTILL_MS
from translator.ledger.lanes import lock_lanes

CARD = Card("lab-1", 7, "all", "1.0", "ab" * 32, "whoop https://api.example 100/min 10000/day hold", "resubmit changes")


def be_silent(postgres: Postgres, url: str, seconds: int) -> None:
    """Let all hosts have said nothing for a while."""
    postgres.execute(
        f"UPDATE translator_jobs.process SET seen_at = now() - interval '{seconds} seconds'",  # noqa: S608 - a number
        url,
    )


def test_host_is_listed_until_it_leaves(shared: Ledger) -> None:
    """With what it goes by now, as the last word says."""
    hosts = shared.cluster().hosts()
    number = hosts.enter(CARD, 0.25)
    was_known = hosts.seen(number, structs.replace(CARD, tables="cd" * 32), -3.0)
    (listed,) = hosts.listed()
    hosts.leave(number)

    assert was_known
    assert (listed.host, listed.role, listed.tables, listed.ahead_s, listed.is_alive) == (
        "lab-1", "all", "cd" * 32, -3.0, True,
    )  # fmt: skip
    assert (hosts.listed(), hosts.seen(number, CARD, 0.0)) == ([], False)


@pytest.mark.parametrize(
    ("seconds", "states"),
    [
        pytest.param(60, [True], id="alive"),
        pytest.param(120, [False], id="silent"),
        pytest.param(4000, [], id="forgotten"),
    ],
)
def test_host_that_is_killed_is_silent_and_then_forgotten(
    shared: Ledger, postgres: Postgres, url: str, seconds: int, states: list[bool]
) -> None:
    """A monitor has an hour to notice."""
    shared.cluster().hosts().enter(CARD, 0.0)
    be_silent(postgres, url, seconds)

    assert [one.is_alive for one in shared.cluster().hosts().listed()] == states


def test_host_that_is_back_takes_the_place_of_what_it_was(shared: Ledger, postgres: Postgres, url: str) -> None:
    """Another host that is silent stays so."""
    hosts = shared.cluster().hosts()
    hosts.enter(CARD, 0.0)
    hosts.enter(structs.replace(CARD, name="lab-2"), 0.0)
    be_silent(postgres, url, 120)
    hosts.enter(structs.replace(CARD, pid=8), 0.0)

    assert [(one.host, one.pid, one.is_alive) for one in hosts.listed()] == [("lab-2", 7, False), ("lab-1", 8, True)]


@pytest.mark.parametrize(
    ("other", "said"),
    [
        pytest.param({}, [], id="alike"),
        pytest.param({"version": "1.1"}, ["versions"], id="rolling-upgrade"),
        pytest.param({"tables": "cd" * 32}, ["tables"], id="tables-of-one-host"),
        pytest.param({"terms": "whoop https://api.example 200/min 10000/day hold"}, ["terms"], id="another-budget"),
        pytest.param({"role": "accept", "terms": "whoop http://127.0.0.1"}, [], id="who-does-not-deliver-has-no-terms"),
        pytest.param({"role": "accept", "rules": "resubmit full"}, ["rules"], id="who-takes-in-has-rules"),
    ],
)
def test_difference_between_hosts_is_said(shared: Ledger, other: dict[str, str], said: list[str]) -> None:
    """Each goes by its own settings; that they should be the same, nobody would notice otherwise."""
    hosts = shared.cluster().hosts()
    hosts.enter(CARD, 0.0)
    hosts.enter(structs.replace(CARD, name="lab-2", **other), 0.0)

    found = differences(hosts.listed())

    assert [text.removeprefix("hosts go by different ").split(" ")[0].rstrip(":") for text in found] == said


@pytest.mark.parametrize("ahead_s", [0.0, 420.0, -540.0])
def test_clock_is_that_of_the_database(shared: Ledger, ahead_s: float) -> None:
    """A host whose clock is minutes off goes by the others' all the same."""
    clock = CommonClock(lambda: time.time() + ahead_s)
    measured = shared.cluster().hosts().ahead_s(clock.own)
    assert measured is not None
    clock.ahead_s = measured

    # The database of the tests is on this machine.
    assert clock() == pytest.approx(time.time(), abs=2)


def test_queue_stays_while_a_host_that_only_accepts_is_at_work(shared: Ledger) -> None:
    """It is no worker, and is one of those that have to be stopped."""
    shared.cluster().hosts().enter(CARD, 0.0)

    with pytest.raises(ConfigError, match="lab-1"):
        shared.cluster().take_down()


def test_tables_are_not_upgraded_under_hosts_that_are_at_work(shared: Ledger, postgres: Postgres, url: str) -> None:
    """Whatever a newer translator is asked for, on whichever machine: it leaves them alone until all are stopped."""
    number = shared.cluster().hosts().enter(CARD, 0.0)
    postgres.execute("UPDATE alembic_version SET version_num = '0009'", url)

    with pytest.raises(ConfigError, match="lab-1 may be at work"):
        Ledger.open(url)

    shared.cluster().hosts().leave(number)
    assert postgres.execute("SELECT version_num FROM alembic_version", url) == [("0009",)]


def test_transaction_that_stands_still_does_not_keep_its_lanes_for_long(shared: Ledger) -> None:
    """A machine that is suspended in the middle of one would stop all other hosts for minutes."""
    with shared._database.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO lane (destination, service_request_id, fence, next_position, priority)"
            " VALUES ('whoop', 'x', 0, 0, 0)"
        )
        before = connection.exec_driver_sql("SHOW idle_in_transaction_session_timeout").scalar_one()
        lock_lanes(connection, [1])
        while_locked = connection.exec_driver_sql("SHOW idle_in_transaction_session_timeout").scalar_one()
    with shared._database.write() as connection:
        after = connection.exec_driver_sql("SHOW idle_in_transaction_session_timeout").scalar_one()

    assert (before, while_locked, after) == ("5min", f"{STANDSTILL_MS // 1000}s", "5min")
