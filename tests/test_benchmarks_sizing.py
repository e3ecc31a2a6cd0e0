"""What is computed of a laboratory's size follows from what was measured, and the page says it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from benchmarks.capacity import SINGLE, File, measure
from benchmarks.sizing import (
    BUDGET_A_DAY,
    BUSY,
    COMMITS_A_SECOND,
    DATABASE,
    DATABASE_CORES,
    DAY_S,
    DISK,
    HOST,
    HOSTS,
    PAGE,
    VENDOR,
    Capacity,
    Costs,
    Way,
    ladder,
    need,
    read_capacity,
    written,
)
from tests.sandbox_process import SandboxProcess

ALONE = Way(1000, 500, 0, 0, 0, 0, 10_000, 900, 900)
SHARED = Way(2000, 1500, 1000, 1000, 1, 3, 20_000, 400, 400)
COSTS = Costs(20, 2, ALONE, SHARED)
"""20 results, 2 calls a message; alone 2 ms of CPU for all of it, shared 5 ms, 3 ms of the database and 7 commits."""

sizes = st.integers(min_value=1, max_value=10**9)


@pytest.fixture(scope="module")
def capacity() -> Capacity:
    """What was measured."""
    return read_capacity()


@pytest.mark.parametrize(
    ("results", "messages_a_second", "hosts", "cores", "gives_out"),
    [
        pytest.param(86_400, 0.2, 0, 0, VENDOR, id="a small laboratory"),
        pytest.param(864_000, 2, 0, 0, HOST, id="more than the documented budget"),
        pytest.param(86_400_000, 200, 0, 0, HOST, id="as much as one host carries"),
        pytest.param(432_000_000, 1000, 10, 6, HOSTS, id="several hosts"),
        pytest.param(864_000_000, 2000, 20, 12, DISK, id="more than a disk carries"),
    ],
)
def test_need_follows_from_the_costs(
    results: int, messages_a_second: float, hosts: int, cores: int, gives_out: str
) -> None:
    """Messages of the busiest hour times CPU a message, at half load."""
    found = need(COSTS, results, peak=4)

    assert found.peak_messages == pytest.approx(messages_a_second)
    assert (found.hosts, found.database_cores, found.gives_out) == (hosts, cores, gives_out)


@given(results=sizes, more=sizes)
def test_need_never_shrinks_with_the_load(results: int, more: int) -> None:
    """More results never need less of anything that is bought."""
    less, greater = need(COSTS, results), need(COSTS, results + more)

    for name in ("calls", "hosts", "database_cores", "kept_gib", "budgets", "load"):
        assert getattr(less, name) <= getattr(greater, name)


@given(results=sizes, peak=st.floats(min_value=1, max_value=24))
def test_bought_machines_are_half_busy_at_most(results: int, peak: float) -> None:
    """What a load needs is enough for its busiest hour."""
    found = need(COSTS, results, peak)

    if found.hosts:
        assert found.peak_messages * 5000 / 1e6 <= found.hosts * BUSY * (1 + 1e-9)
        assert found.peak_messages * 3000 / 1e6 <= found.database_cores * BUSY * (1 + 1e-9)
    else:
        assert found.load <= BUSY


def test_database_of_few_commits_gives_out_by_its_cores() -> None:
    """Where the disk has enough, the cores are next."""
    costs = structs.replace(COSTS, shared=structs.replace(SHARED, message_commits=0.1, call_commits=0.1))

    assert need(costs, 2_000_000_000).gives_out == DATABASE


def test_ladder_stands_where_each_limit_gives_out() -> None:
    """At each rung the limit is reached, neither before nor after."""
    rungs = ladder(COSTS, peak=4)

    assert [round(rung.results) for rung in rungs] == [
        round(BUDGET_A_DAY / 2 * 20),
        round(100 / 60 / 2 / 4 * DAY_S * 20),
        round(BUSY / 0.002 / 4 * DAY_S * 20),
        round(COMMITS_A_SECOND / 7 / 4 * DAY_S * 20),
        round(BUSY * DATABASE_CORES / 0.003 / 4 * DAY_S * 20),
    ]


def test_ladder_and_need_name_the_same_host() -> None:
    """Just below the host's rung one host is enough, just above several are."""
    rung = next(one for one in ladder(COSTS) if "one host" in one.limit)

    assert need(COSTS, round(rung.results * 0.999)).hosts == 0
    assert need(COSTS, round(rung.results * 1.001)).hosts > 0


def test_measured_costs_are_whole(capacity: Capacity) -> None:
    """Nothing is missing from what was measured: both shapes, alone and shared, each figure above 0."""
    assert list(capacity.shapes) == ["reports", "single"]
    for costs in capacity.shapes.values():
        inside = {"message_database_us", "call_database_us", "message_commits", "call_commits"}
        assert all(value > 0 for name, value in structs.asdict(costs.alone).items() if name not in inside)
        assert all(value > 0 for value in structs.asdict(costs.shared).values())


def test_measuring_accounts_for_every_message(tmp_path: Path) -> None:
    """Two calls for a message of one result, and each figure of the host is more than nothing."""
    with SandboxProcess("--accept-any") as sandbox:
        way, calls = measure(SINGLE, File(tmp_path / "lab.db"), sandbox, tmp_path, 20)

    assert calls == 2
    assert min(way.message_us, way.call_us, way.kept_bytes, way.messages_per_second, way.calls_per_second) > 0


def test_page_says_what_is_computed(capacity: Capacity) -> None:
    """`python -m benchmarks.sizing --write` would change nothing."""
    page = PAGE.read_text(encoding="utf-8")

    assert written(page, capacity) == page


def test_national_laboratory_is_on_the_page() -> None:
    """50 million results a day, with what gives out first."""
    assert PAGE.read_text(encoding="utf-8").count("| 50,000,000 ") == len(read_capacity().shapes)
