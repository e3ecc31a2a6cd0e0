"""
Compute what a laboratory needs from what was measured: hosts, database, calls, disk, and what gives out first.

    python -m benchmarks.sizing --results 2000000                              # reports, as many as a large lab has
    python -m benchmarks.sizing --results 2000000 --shape single --peak 6      # one result in each message
    python -m benchmarks.sizing --write                                        # the tables of docs/sizing.md anew

Costs are CPU time of one core, as `python -m benchmarks.capacity` measured them (capacity.json). A machine with other
cores has other figures: measure there, and compute again.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from benchmarks.tables import Table, figure, markdown

COSTS = Path(__file__).parent / "capacity.json"
PAGE = Path(__file__).parents[1] / "docs" / "sizing.md"
_BEGIN, _END = "<!-- figures: written by `python -m benchmarks.sizing --write` -->", "<!-- end of figures -->"

DAY_S = 86_400
BUDGET_A_DAY = 10_000
BUDGET_A_MINUTE = 100
PEAK = 4.0
BUSY = 0.5
DATABASE_CORES = 16
COMMITS_A_SECOND = 10_000
"""What a disk with a cache that survives a power failure syncs; `pg_test_fsync` tells yours."""

DAYS = (1_000, 20_000, 80_000, 500_000, 5_000_000, 50_000_000)
MIB = 1 << 20
GIB = 1 << 30

VENDOR, HOST, HOSTS = "the vendor's budget", "the one host", "hosts"
DATABASE, DISK = "the database's cores", "the database's disk"


class Way(Struct, frozen=True):
    """
    What one message costs on its way from the frame to the vendor's last answer.

    Units: CPU microseconds of one core; commits of the database; bytes that the ledger keeps, once delivered.
    Absent: what a database of its own needs is 0 with SQLite, which works inside the host.
    """

    message_us: float
    call_us: float
    message_database_us: float
    call_database_us: float
    message_commits: float
    call_commits: float
    kept_bytes: float
    messages_per_second: float
    calls_per_second: float


class Costs(Struct, frozen=True):
    """What was measured with messages of one shape: alone with SQLite, and with several hosts on PostgreSQL."""

    results_per_message: float
    calls_per_message: float
    alone: Way
    shared: Way


class Capacity(Struct, frozen=True):
    """Everything that was measured; `machine` says on what."""

    machine: str
    shapes: dict[str, Costs]


class Need(Struct, frozen=True):
    """
    What a laboratory of one size needs.

    Shape: `hosts` and `database_cores` are 0 where one host with its own ledger is enough.
    Units: a day, or a second of the busiest hour; `load` is the share of one core that one host would be busy with.
    """

    results: int
    messages: float
    calls: float
    peak_messages: float
    peak_calls: float
    load: float
    hosts: int
    database_cores: int
    commits: float
    kept_gib: float
    budgets: float
    gives_out: str


class Rung(Struct, frozen=True):
    """One limit on the way up: where it lies, in results a day, and what it is."""

    results: float
    limit: str
    remedy: str


def need(costs: Costs, results: int, peak: float = PEAK) -> Need:
    """Compute what so many results a day need, all of them for the vendor."""
    messages = results / costs.results_per_message
    calls = messages * costs.calls_per_message
    busiest = messages / DAY_S * peak
    shared = costs.shared
    load = busiest * _host_us(costs, costs.alone) / 1_000_000
    alone = load <= BUSY
    hosts = 0 if alone else _whole(busiest * _host_us(costs, shared) / 1_000_000 / BUSY)
    cores = 0 if alone else _whole(busiest * _database_us(costs) / 1_000_000 / BUSY)
    way = costs.alone if alone else shared
    commits = busiest * _commits(costs, way)
    return Need(
        results,
        messages,
        calls,
        busiest,
        busiest * costs.calls_per_message,
        load,
        hosts,
        cores,
        commits,
        messages * way.kept_bytes / GIB,
        max(calls / BUDGET_A_DAY, busiest * costs.calls_per_message * 60 / BUDGET_A_MINUTE),
        _gives_out(calls, load, cores, commits),
    )


def _host_us(costs: Costs, way: Way) -> float:
    return way.message_us + costs.calls_per_message * way.call_us


def _database_us(costs: Costs) -> float:
    return costs.shared.message_database_us + costs.calls_per_message * costs.shared.call_database_us


def _commits(costs: Costs, way: Way) -> float:
    return way.message_commits + costs.calls_per_message * way.call_commits


def _whole(share: float) -> int:
    return max(1, math.ceil(share))


def _gives_out(calls: float, load: float, cores: int, commits: float) -> str:
    """Name what gives out next as the day grows from here; the vendor's documented budget until it had to be raised."""
    limits = (
        (calls <= BUDGET_A_DAY, VENDOR),
        (load <= BUSY, HOST),
        (commits > COMMITS_A_SECOND, DISK),
        (cores > DATABASE_CORES, DATABASE),
        (True, HOSTS),
    )
    return next(name for holds, name in limits if holds)


def ladder(costs: Costs, peak: float = PEAK) -> list[Rung]:
    """List the limits in the order in which a growing laboratory meets them, if each is lifted in turn."""
    per_message = costs.results_per_message
    busiest = DAY_S / peak * per_message
    core = 1_000_000 * BUSY * busiest
    found = [
        Rung(BUDGET_A_DAY / costs.calls_per_message * per_message, f"{BUDGET_A_DAY:,} calls a day, as WHOOP documents",
             "agree on more with the vendor, then set `whoop.calls_per_day`"),
        Rung(BUDGET_A_MINUTE / 60 / costs.calls_per_message * busiest, f"{BUDGET_A_MINUTE} calls a minute, at the peak",
             "nothing is lost: calls wait for the night; or agree on more"),
        Rung(core / _host_us(costs, costs.alone), "CPU of the one host, taking in and delivering, half of one core",
             "[several hosts](cluster.md) on PostgreSQL"),
        Rung(COMMITS_A_SECOND / _commits(costs, costs.shared) * busiest,
             f"the database's disk, {COMMITS_A_SECOND:,} commits a second",
             "a faster one, or a ledger for each site or region: they share nothing"),
        Rung(core * DATABASE_CORES / _database_us(costs), f"CPU of the database, half of {DATABASE_CORES} cores",
             "a ledger for each site or region"),
    ]  # fmt: skip
    return sorted(found, key=lambda rung: rung.results)


def read_capacity(path: Path = COSTS) -> Capacity:
    """Read what was measured."""
    return msgspec.json.decode(path.read_bytes(), type=Capacity)


def cost_table(capacity: Capacity) -> Table:
    """Write what was measured, as a table."""
    ways = [
        (f"{name}, {where}", costs, way)
        for name, costs in capacity.shapes.items()
        for where, way in (("one host, SQLite", costs.alone), ("host of several, PostgreSQL", costs.shared))
    ]
    return Table(
        "What was measured",
        ("messages", "us a message", "us a call", "database: us a message", "us a call", "commits a message", "a call",
         "KiB kept", "messages/s", "calls/s"),
        tuple(
            (name, *map(_measured, (way.message_us, way.call_us, way.message_database_us, way.call_database_us,
                                 way.message_commits, way.call_commits, way.kept_bytes / 1024,
                                 way.messages_per_second, way.calls_per_second)))
            for name, costs, way in ways
        ),
        note=f"{capacity.machine}; "
        + "; ".join(
            f"{name}: {figure(costs.results_per_message)} results and {figure(costs.calls_per_message)} calls a message"
            for name, costs in capacity.shapes.items()
        )
        + ".",
    )  # fmt: skip


def _measured(value: float) -> str:
    """Write a figure; what a way does not have is a dash."""
    return figure(value or None)


def need_table(name: str, costs: Costs, days: Sequence[int] = DAYS, peak: float = PEAK) -> Table:
    """Write what laboratories of several sizes need, as a table."""
    return Table(
        f"What a laboratory needs ({name})",
        ("results a day", "messages/s at the peak", "calls a day", "documented budgets", "one host is busy", "hosts",
         "database cores", "commits/s", "GiB a day", "gives out next"),
        tuple(_need_row(need(costs, results, peak)) for results in days),
    )  # fmt: skip


def _need_row(found: Need) -> tuple[str, ...]:
    return (
        f"{found.results:,}",
        figure(found.peak_messages),
        f"{found.calls:,.0f}",
        figure(found.budgets),
        f"{found.load:.0%}" if found.load >= 0.01 else "<1%",
        str(found.hosts or 1),
        str(found.database_cores) if found.database_cores else "SQLite",
        _measured(found.commits),
        figure(found.kept_gib),
        found.gives_out,
    )


def ladder_table(name: str, costs: Costs, peak: float = PEAK) -> Table:
    """Write which limit a growing laboratory meets when, as a table."""
    rows = tuple((rung.limit, f"{rung.results:,.0f}", rung.remedy) for rung in ladder(costs, peak))
    return Table(f"What gives out, in order ({name})", ("limit", "results a day", "what lifts it"), rows)


def tables(capacity: Capacity, days: Sequence[int] = DAYS, peak: float = PEAK) -> list[Table]:
    """Write all tables of the page."""
    found = [cost_table(capacity)]
    for name, costs in capacity.shapes.items():
        found += [need_table(name, costs, days, peak), ladder_table(name, costs, peak)]
    return found


def written(page: str, capacity: Capacity) -> str:
    """Give the page with its tables as they come out now."""
    head, _, rest = page.partition(_BEGIN)
    _, _, tail = rest.partition(_END)
    figures = "\n".join(map(markdown, tables(capacity)))
    return f"{head}{_BEGIN}\n\n{figures}\n{_END}{tail}"


def main() -> None:
    """Print what was asked for, or write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sizing", description="Compute what a laboratory needs.")
    capacity = read_capacity()
    parser.add_argument("--results", type=int, action="append", help="results a day; may stand several times")
    parser.add_argument("--shape", choices=[*capacity.shapes], help="what messages are like (all that were measured)")
    parser.add_argument("--peak", type=float, default=PEAK, help=f"how busy the busiest hour is, to the mean ({PEAK})")
    parser.add_argument("--write", action="store_true", help="write the tables of docs/sizing.md anew")
    wanted = parser.parse_args()
    if wanted.shape:
        capacity = msgspec.structs.replace(capacity, shapes={wanted.shape: capacity.shapes[wanted.shape]})
    if wanted.write:
        page = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(written(page, read_capacity()), encoding="utf-8", newline="\n")
    else:
        print("\n".join(map(markdown, tables(capacity, wanted.results or DAYS, wanted.peak))))


if __name__ == "__main__":
    main()
