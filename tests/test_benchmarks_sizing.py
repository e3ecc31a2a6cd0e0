"""What is computed of a laboratory's size follows from what was measured, and the page says it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from benchmarks import sizing
from benchmarks.capacity import SINGLE, File, measure
from benchmarks.capacity_costs import Capacity, Costs, Way, read_capacity
from benchmarks.sizes import BUSY, DATABASE, DAY_S, LANES, ONE_HOST, VENDOR, Assumed, between, carried, ladder, need
from benchmarks.sizing import PAGE, hosts_table, ladder_table, written
from tests.sandbox_process import SandboxProcess

ALONE = Way(1000, 500, 0, 0, 0.5, 0.25, 6_000, 1_000, 10_000, 5_000, 1e8, 900, 900)
SHARED = Way(2000, 1500, 1000, 1000, 1, 3, 30_000, 10_000, 20_000, 8_000, 1e8, 400, 400)
COSTS = Costs(20, 2, ALONE, SHARED)
"""
20 results, 2 calls a message; alone 2 ms of CPU for all of it and 1 commit, shared 5 ms, 3 ms of the database, 7
commits and 50,000 bytes on the lines.
"""

sizes = st.integers(min_value=1, max_value=10**9)
NEXT = "the vendor's budget"


@pytest.fixture(scope="module")
def capacity() -> Capacity:
    """What was measured."""
    return read_capacity()


@pytest.mark.parametrize(
    ("results", "messages_a_second", "hosts", "cores", "gives_out"),
    [
        pytest.param(86_400, 0.2, 1, 1, NEXT, id="a small laboratory"),
        pytest.param(864_000, 2, 1, 1, "the one host's CPU", id="more than the documented budget"),
        pytest.param(86_400_000, 200, 1, 2, "the one host's CPU", id="as much as one host carries"),
        pytest.param(432_000_000, 1000, 10, 6, "the database's line", id="several hosts"),
        pytest.param(600_000_000, 1388.9, 14, 9, "the database's disk", id="more than a line carries"),
        pytest.param(4_320_000_000, 10_000, 100, 60, "all: part the ledger", id="more than one database carries"),
    ],
)
def test_need_follows_from_the_costs(
    results: int, messages_a_second: float, hosts: int, cores: int, gives_out: str
) -> None:
    """Messages of the busiest hour times CPU a message, at half load."""
    found = need(COSTS, results, Assumed(peak=4, call_s=0.01))

    assert found.peak_messages == pytest.approx(messages_a_second, rel=1e-4)
    assert (found.hosts, found.database_cores, found.gives_out) == (hosts, cores, gives_out)


def test_ledger_is_what_is_kept_and_what_pruning_leaves() -> None:
    """A day's messages, as long as they are kept; and their account for good."""
    alone, shared = (need(COSTS, results, Assumed(keep_days=30, call_s=0.01)) for results in (2_000_000, 200_000_000))

    gib = 1 << 30
    assert alone.day_gib == pytest.approx(100_000 * 10_000 / gib)
    assert alone.kept_gib == pytest.approx(30 * alone.day_gib)
    assert alone.account_gib == pytest.approx(100_000 * 5_000 * 365 / gib)
    assert (shared.day_gib, shared.account_gib) == pytest.approx((10**7 * 20_000 / gib, 10**7 * 8_000 * 365 / gib))
    assert shared.mbits == pytest.approx(10**7 / DAY_S * 4 * 50_000 * 8 / 1e6)


def test_slow_vendor_needs_more_hosts_than_the_work_does() -> None:
    """A call that takes long costs no CPU, but a lane as long."""
    quick, slow = (need(COSTS, 43_200_000, Assumed(call_s=seconds)) for seconds in (0.1, 2.0))

    assert (quick.hosts, quick.gives_out) == (1, "the one host's CPU")
    assert slow.hosts == -(-slow.peak_calls * 2.0 // LANES) == 7
    assert next(rung for rung in ladder(COSTS, Assumed(call_s=2.0)) if rung.of == ONE_HOST).name.endswith("lanes")


def test_host_more_than_the_load_needs_survives_the_loss_of_one() -> None:
    """Where one is enough it is two, and in PostgreSQL, whose costs count then."""
    small, large = (need(COSTS, results, Assumed(call_s=0.01)) for results in (86_400_000, 432_000_000))

    assert (small.hosts, small.safe_hosts) == (1, 3)
    assert (large.hosts, large.safe_hosts) == (10, 11)


@given(results=sizes, more=sizes)
def test_need_never_shrinks_with_the_load(results: int, more: int) -> None:
    """More results never need less of anything that is bought."""
    less, greater = need(COSTS, results), need(COSTS, results + more)

    for name in ("calls", "hosts", "safe_hosts", "database_cores", "day_gib", "kept_gib", "account_gib", "budgets"):
        assert getattr(less, name) <= getattr(greater, name)


@given(results=sizes, peak=st.floats(min_value=1, max_value=24))
def test_bought_machines_are_half_busy_at_most(results: int, peak: float) -> None:
    """What a load needs is enough for its busiest hour."""
    found = need(COSTS, results, Assumed(peak=peak))

    assert found.peak_messages * 3000 / 1e6 <= found.database_cores * BUSY * (1 + 1e-9)
    if found.is_alone:
        assert found.load <= BUSY * (1 + 1e-9)
    else:
        assert found.peak_messages * 5000 / 1e6 <= found.hosts * BUSY * (1 + 1e-9)
        assert found.peak_calls * 0.2 <= found.hosts * LANES * (1 + 1e-9)


@pytest.mark.parametrize(
    ("hosts", "messages_a_second", "limit"),
    [
        pytest.param(1, 100, "the hosts' CPU", id="one"),
        pytest.param(3, 300, "the hosts' CPU", id="three carry three times as much"),
        pytest.param(100, 1250, "the database's line", id="more than the database serves"),
    ],
)
def test_hosts_carry_as_many_times_what_one_does_until_the_database_gives_out(
    hosts: int, messages_a_second: float, limit: str
) -> None:
    """In the busiest hour; what is carried in a day follows from it."""
    found = carried(COSTS, hosts, Assumed(peak=4, call_s=0.01))

    assert (round(found.results / 20 / (DAY_S / 4)), found.limit) == (messages_a_second, limit)
    assert found.calls == pytest.approx(found.results / 20 * 2)


@given(hosts=st.integers(min_value=1, max_value=200), call_s=st.floats(min_value=0.01, max_value=5))
def test_what_hosts_carry_needs_no_more_of_them(hosts: int, call_s: float) -> None:
    """The two ways to compute agree: so many carry it, and one more result needs one more, or another database."""
    assumed = Assumed(call_s=call_s)
    found = carried(COSTS, hosts, assumed)

    assert need(COSTS, int(found.results), assumed).safe_hosts - 1 <= hosts
    if found.limit.startswith("the hosts"):
        assert need(COSTS, int(found.results * 1.001) + 1, assumed).safe_hosts - 1 > hosts


def test_hosts_that_carry_nothing_more_are_not_shown() -> None:
    """The table ends with the first row at which the database gives out."""
    limits = [row[-1] for row in hosts_table("of a test", COSTS, Assumed(call_s=0.01)).rows]

    assert [limit.startswith("the hosts") for limit in limits] == [True] * (len(limits) - 1) + [False]


def test_ladder_stands_where_each_limit_gives_out() -> None:
    """At each rung the limit is reached, neither before nor after; a tenth of a budget is for what is urgent."""
    rungs = ladder(COSTS, Assumed(peak=4, call_s=0.1))

    day = DAY_S / 4 * 20
    assert [(rung.name, round(rung.results)) for rung in rungs] == [
        ("calls a day", round(9_000 / 2 * 20)),
        ("calls a minute", round(90 / 60 / 2 * day)),
        ("the one host's CPU", round(BUSY / 0.002 * day)),
        ("the one host's lanes", round(LANES / 0.1 / 2 * day)),
        ("the one host's intake", round(900 * BUSY * day)),
        ("the database's line", round(1e9 / 8 * BUSY / 50_000 * day)),
        ("the database's disk", round(10_000 / 7 * day)),
        ("the database's cores", round(BUSY * 16 / 0.003 * day)),
        ("the one host's disk", round(10_000 * day)),
    ]


def test_limit_of_one_host_that_no_database_lets_it_reach_is_not_shown() -> None:
    """There are several hosts by then."""
    shown = [row[0] for row in ladder_table("of a test", COSTS, Assumed(call_s=0.1)).rows]

    assert len(shown) == 8
    assert not any("one host's disk" in limit for limit in shown)


@pytest.mark.parametrize("of", [ONE_HOST, VENDOR])
def test_ladder_and_need_agree(of: str) -> None:
    """Just below a rung its limit is ahead, just above it is not."""
    rung = next(one for one in ladder(COSTS) if one.of == of)
    below, above = (need(COSTS, round(rung.results * part)) for part in (0.999, 1.001))

    if of == VENDOR:
        assert (below.budgets < 1 < above.budgets, below.gives_out, above.gives_out != NEXT) == (True, NEXT, True)
    else:
        assert (below.is_alone, above.is_alone, below.gives_out) == (True, False, rung.name)
        assert above.gives_out in {one.name for one in ladder(COSTS) if one.of == DATABASE}


def test_messages_of_another_size_are_estimated_between_the_two(capacity: Capacity) -> None:
    """On the line through both, which therefore lie on it."""
    few, many = capacity.shapes["single"], capacity.shapes["reports"]
    middle = between(capacity, (few.results_per_message + many.results_per_message) / 2)

    assert between(capacity, 1.0) == few
    assert structs.astuple(between(capacity, many.results_per_message).shared) == pytest.approx(
        structs.astuple(many.shared)
    )
    assert middle.alone.message_us == pytest.approx((few.alone.message_us + many.alone.message_us) / 2)


def test_measured_costs_are_whole(capacity: Capacity) -> None:
    """Nothing is missing from what was measured: both shapes, alone and shared, each figure above 0."""
    assert list(capacity.shapes) == ["reports", "single"]
    for costs in capacity.shapes.values():
        inside = {"message_database_us", "call_database_us"}
        assert all(value > 0 for name, value in structs.asdict(costs.alone).items() if name not in inside)
        assert all(value > 0 for value in structs.asdict(costs.shared).values())
        for way in (costs.alone, costs.shared):
            assert way.account_bytes < way.kept_bytes
            assert way.message_commits <= 1


def test_measuring_accounts_for_every_message(tmp_path: Path) -> None:
    """Two calls for a message of one result, a commit for each at most, and no figure of the host is nothing."""
    with SandboxProcess("--accept-any") as sandbox:
        way, calls = measure(SINGLE, File(tmp_path / "lab.db"), sandbox, tmp_path, 20)

    assert calls == 2
    assert 0 < way.message_commits <= 1
    assert way.message_wire_bytes > 500
    assert 0 < way.account_bytes < way.kept_bytes
    assert min(way.message_us, way.call_us, way.messages_per_second, way.calls_per_second, way.memory_bytes) > 0


def test_page_says_what_is_computed(capacity: Capacity) -> None:
    """`python -m benchmarks.sizing --write` would change nothing; with other costs it would."""
    page = PAGE.read_text(encoding="utf-8")
    reports = capacity.shapes["reports"]
    alone = structs.replace(reports.alone, call_us=reports.alone.call_us * 1.1)
    other = structs.replace(capacity, shapes={**capacity.shapes, "reports": structs.replace(reports, alone=alone)})

    assert written(page, capacity) == page
    assert written(page, other) != page


def test_national_laboratory_is_on_the_page() -> None:
    """50 million results a day, with what gives out first."""
    assert PAGE.read_text(encoding="utf-8").count("| 50,000,000 ") == 2 * len(read_capacity().shapes)


def test_own_laboratory_is_computed_by_options(capsys: pytest.CaptureFixture[str]) -> None:
    """By its own results, messages, calls, peak, vendor and disk."""
    words = (
        "--results 2000000 --per-message 8 --calls 4 --peak 6 --call-s 1 --agreed 2000000 --commits 500 --keep-days 30"
    )

    assert sizing.main(words.split()) == 0

    told = capsys.readouterr().out
    assert "(8 results, estimated)" in told
    assert "| 2,000,000 " in told
    assert "1,000,000 " in told  # calls a day
    assert "1,800,000 calls a day: 2,000,000" in told
    assert "1 s a call" in told
    assert "500 commits a second" in told
    assert "GiB in 30 days" in told


@pytest.mark.parametrize(
    "words",
    [
        pytest.param("--results 0", id="no-results"),
        pytest.param("--results many", id="no-number"),
        pytest.param("--peak 0", id="no-peak"),
        pytest.param("--peak 25", id="more-than-a-day"),
        pytest.param("--call-s nan", id="not-a-number"),
        pytest.param("--shape other", id="no-shape"),
        pytest.param("--shape single --per-message 8", id="two-shapes"),
        pytest.param("--write --peak 6", id="the-page-with-something-else"),
    ],
)
def test_what_cannot_be_computed_is_refused(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With exit code 2, and nothing is written."""
    before = PAGE.read_bytes()
    with pytest.raises(SystemExit) as ended:
        sizing.main(words.split())

    assert (ended.value.code, capsys.readouterr().out, PAGE.read_bytes()) == (2, "", before)
