"""A broker and a service that are killed while messages stream: nothing is lost, and nothing is kept or told twice."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

from tests.chaos.stream_hosts import share_messages
from tests.chaos.streaming import stream_messages
from tests.postgres import Postgres

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are for POSIX")


def run(folder: Path, count: int, broker_kills: int, service_kills: int) -> None:
    """Run a campaign with a seed of its own, and show the seed where a promise was broken."""
    seed = random.randrange(1_000_000)  # noqa: S311 - no secret

    figures = stream_messages(
        folder, count, broker_kills=broker_kills, service_kills=service_kills, seed=seed, ack_wait_s=2.0
    )

    assert not figures.broken, f"seed {seed}: {figures.broken}"


def test_nothing_is_lost_or_doubled_by_some_kills(tmp_path: Path) -> None:
    """The broker and the service are killed once each in the middle of some hundred messages."""
    run(tmp_path, 400, 1, 1)


def share(folder: Path, postgres: Postgres, count: int, host_kills: int, broker_kills: int, restarts: int) -> None:
    """Run a campaign of several hosts with a seed of its own, and show the seed where a promise was broken."""
    seed = random.randrange(1_000_000)  # noqa: S311 - no secret

    broken = share_messages(
        folder, postgres, count, host_kills=host_kills, broker_kills=broker_kills, restarts=restarts, seed=seed
    )

    assert not broken, f"seed {seed}: {broken}"


@pytest.mark.slow
def test_hosts_that_are_killed_tell_of_each_message_once(postgres: Postgres, tmp_path: Path) -> None:
    """6,000 messages; hosts are killed twelve times, the broker eight times, the database restarts six times."""
    share(tmp_path, postgres, 6_000, 12, 8, 6)


@pytest.mark.slow
def test_nothing_is_lost_or_doubled_by_many_kills(tmp_path: Path) -> None:
    """20,000 messages; the broker is killed twenty times, the service ten times."""
    run(tmp_path, 20_000, 20, 10)
