"""Delivery stays within its limits: beside bare httpx, from commit to request, and while it waits."""

from __future__ import annotations

from statistics import median

import pytest

from benchmarks.delivery import throughput, wake
from translator.mapping_files import packaged_tables

TABLES = packaged_tables()


def test_throughput_delivers_what_it_measures() -> None:
    """A round posts everything, and both sides come to a figure."""
    (found,) = throughput(TABLES, submissions=10, rounds=1)

    assert found.bare > 0
    assert found.ours > 0


@pytest.mark.bench
def test_delivery_reaches_its_share_of_bare_httpx() -> None:
    """At least 0.4 of what httpx reaches that remembers nothing."""
    assert median(one.ratio for one in throughput(TABLES, rounds=5)) >= 0.4


@pytest.mark.bench
def test_commit_becomes_a_request_at_once() -> None:
    """Half of all commits of one process are requests of another within 50 ms, and waiting costs next to nothing."""
    found = wake(TABLES)

    assert found.p50_ms < 50
    assert found.idle_cpu is None or found.idle_cpu < 0.02
