"""
Compute what a laboratory needs from what was measured: hosts, database, calls, disk, and what gives out first.

    python -m benchmarks.sizing --results 2000000                              # reports, as many as a large lab has
    python -m benchmarks.sizing --results 2000000 --shape single --peak 6      # one result in each message
    python -m benchmarks.sizing --results 2000000 --per-message 8 --calls 4    # eight in each, four calls for each
    python -m benchmarks.sizing --write                                        # the tables of docs/sizing.md anew

Costs are CPU time of one core, as `python -m benchmarks.capacity` measured them (capacity.json). A machine with other
cores has other figures: measure there, and compute again.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct, structs

from benchmarks.capacity_costs import Capacity, Costs, Way, read_capacity
from benchmarks.tables import Table, figure, markdown
from translator.ledger.budget import RESERVE

PAGE = Path(__file__).parents[1] / "docs" / "sizing.md"
_BEGIN, _END = "<!-- figures: written by `python -m benchmarks.sizing --write` -->", "<!-- end of figures -->"

DAY_S = 86_400
BUSY = 0.5
LANES = 64
"""So many lanes one host has under way at most (`whoop.workers`)."""

DAYS = (1_000, 20_000, 80_000, 500_000, 5_000_000, 50_000_000)
GIB = 1 << 30
AGREED, TYPICAL = (10_000, 100_000, 1_000_000, 10_000_000), 20
"""Budgets that may be agreed on with the vendor; the first one is documented. And results of a service request."""

VENDOR, ONE_HOST, DATABASE = "vendor", "one host", "database"


class Assumed(Struct, frozen=True):
    """
    What is taken for granted and was not measured; each may be given.

    Shape: `peak` is how busy the busiest hour is, to the mean of the day; `call_s` how long a vendor's answer takes, in
    seconds. `calls_a_day` and `calls_a_minute` are what is agreed on with the vendor: at first what WHOOP documents.
    `commits_a_second` is what a disk with a cache that survives a power failure syncs (`pg_test_fsync` tells yours),
    `line_mbits` what the line to the database carries, `keep_days` after how many days messages are pruned.
    """

    peak: float = 4.0
    call_s: float = 0.2
    calls_a_day: int = 10_000
    calls_a_minute: int = 100
    commits_a_second: int = 10_000
    database_cores: int = 16
    line_mbits: int = 1_000
    keep_days: int = 90


ASSUMED = Assumed()


class Rung(Struct, frozen=True):
    """One limit on the way up: where it lies, in results a day, what it is, what lifts it, and whose it is."""

    results: float
    limit: str
    remedy: str
    of: str
    name: str


class Need(Struct, frozen=True):
    """
    What a laboratory of one size needs.

    Shape: `is_alone` where one host with its own ledger is enough; `safe_hosts` are those that go on when one has died,
    which always need PostgreSQL.
    Units: a day, or a second of the busiest hour; `load` is the share of one core that one host would be busy with.
    """

    results: int
    messages: float
    calls: float
    peak_messages: float
    peak_calls: float
    budgets: float
    load: float
    is_alone: bool
    hosts: int
    safe_hosts: int
    database_cores: int
    commits: float
    mbits: float
    day_gib: float
    kept_gib: float
    account_gib: float
    gives_out: str


def need(costs: Costs, results: int, assumed: Assumed = ASSUMED) -> Need:
    """Compute what so many results a day need, all of them for the vendor."""
    messages = results / costs.results_per_message
    calls = messages * costs.calls_per_message
    busiest = messages / DAY_S * assumed.peak
    rungs = ladder(costs, assumed)
    is_alone = all(results <= rung.results for rung in rungs if rung.of == ONE_HOST)
    shared = _hosts(costs, busiest, assumed)
    way = costs.alone if is_alone else costs.shared
    return Need(
        results=results,
        messages=messages,
        calls=calls,
        peak_messages=busiest,
        peak_calls=busiest * costs.calls_per_message,
        budgets=results / min(rung.results for rung in rungs if rung.of == VENDOR),
        load=busiest * _whole(costs, costs.alone, "us") / 1_000_000,
        is_alone=is_alone,
        hosts=1 if is_alone else shared,
        safe_hosts=shared + 1,
        database_cores=_ceiling(busiest * _whole(costs, costs.shared, "database_us") / 1_000_000 / BUSY),
        commits=busiest * _whole(costs, way, "commits"),
        mbits=busiest * _whole(costs, way, "wire_bytes") * 8 / 1_000_000,
        day_gib=messages * way.kept_bytes / GIB,
        kept_gib=messages * way.kept_bytes * assumed.keep_days / GIB,
        account_gib=messages * way.account_bytes * 365 / GIB,
        gives_out=_gives_out(results, rungs, ONE_HOST if is_alone else DATABASE),
    )


def _hosts(costs: Costs, busiest: float, assumed: Assumed) -> int:
    """
    Count the hosts that share a load: by their CPU, by the lanes that they have under way, and by what they take in.

    The last one since each takes in by one thread, which waits for the database meanwhile.
    """
    by_cpu = busiest * _whole(costs, costs.shared, "us") / 1_000_000 / BUSY
    by_lanes = busiest * costs.calls_per_message * assumed.call_s / LANES
    return _ceiling(max(by_cpu, by_lanes, busiest / costs.shared.messages_per_second / BUSY))


def _whole(costs: Costs, way: Way, what: str) -> float:
    """Add up what a message costs from the frame to the last answer."""
    a_message, a_call = getattr(way, f"message_{what}"), getattr(way, f"call_{what}")
    return float(a_message + costs.calls_per_message * a_call)


def _ceiling(share: float) -> int:
    return max(1, math.ceil(share))


def _gives_out(results: int, rungs: Sequence[Rung], of: str) -> str:
    """Name what gives out next as the day grows from here; the vendor's budget until it had to be raised."""
    ahead = [rung for rung in rungs if rung.results >= results]
    if rungs[0].of == VENDOR and rungs[0] in ahead:
        return "the vendor's budget"
    return next((rung.name for rung in ahead if rung.of == of), "all: part the ledger")


def ladder(costs: Costs, assumed: Assumed = ASSUMED) -> list[Rung]:
    """List the limits in the order in which a growing laboratory meets them, if each is lifted in turn."""
    per_message, calls = costs.results_per_message, costs.calls_per_message
    busiest = DAY_S / assumed.peak * per_message
    core, ordinary = 1_000_000 * BUSY, 1 - 1 / RESERVE
    line = assumed.line_mbits * 1_000_000 / 8 * BUSY
    found = [
        Rung(assumed.calls_a_day * ordinary / calls * per_message,
             f"{assumed.calls_a_day * ordinary:,.0f} calls a day: {assumed.calls_a_day:,}, less the urgent tenth",
             "agree on more with the vendor, then set `whoop.calls_per_day`", VENDOR, "calls a day"),
        Rung(assumed.calls_a_minute * ordinary / 60 / calls * busiest,
             f"{assumed.calls_a_minute * ordinary:,.0f} calls a minute at the peak",
             "nothing is lost: calls wait for the night; or agree on more", VENDOR, "calls a minute"),
        Rung(LANES / assumed.call_s / calls * busiest,
             f"{LANES} lanes at a time on one host, {assumed.call_s:g} s a call",
             "[several hosts](cluster.md) on PostgreSQL", ONE_HOST, "the one host's lanes"),
        Rung(core / _whole(costs, costs.alone, "us") * busiest,
             "CPU of the one host, taking in and delivering, half of one core",
             "[several hosts](cluster.md) on PostgreSQL", ONE_HOST, "the one host's CPU"),
        Rung(costs.alone.messages_per_second * BUSY * busiest,
             "what the one host takes in, half of what it took at most",
             "[several hosts](cluster.md) on PostgreSQL", ONE_HOST, "the one host's intake"),
        Rung(assumed.commits_a_second / _whole(costs, costs.alone, "commits") * busiest,
             f"the one host's disk, {assumed.commits_a_second:,} commits a second",
             "a faster one, or [several hosts](cluster.md) on PostgreSQL", ONE_HOST, "the one host's disk"),
        Rung(assumed.commits_a_second / _whole(costs, costs.shared, "commits") * busiest,
             f"the database's disk, {assumed.commits_a_second:,} commits a second",
             "a faster one, or a ledger for each site or region: they share nothing", DATABASE, "the database's disk"),
        Rung(core * assumed.database_cores / _whole(costs, costs.shared, "database_us") * busiest,
             f"CPU of the database, half of {assumed.database_cores} cores",
             "a larger one, or a ledger for each site or region", DATABASE, "the database's cores"),
        Rung(line / _whole(costs, costs.shared, "wire_bytes") * busiest,
             f"the database's line, half of {assumed.line_mbits:,} Mbit/s",
             "a faster one, or a ledger for each site or region", DATABASE, "the database's line"),
    ]  # fmt: skip
    return sorted(found, key=lambda rung: rung.results)


def between(capacity: Capacity, per_message: float) -> Costs:
    """Estimate messages of another size: on the line through the two that were measured."""
    few, many = sorted(capacity.shapes.values(), key=lambda costs: costs.results_per_message)
    at = (per_message - few.results_per_message) / (many.results_per_message - few.results_per_message)

    def way(less: Way, more: Way) -> Way:
        start, end = structs.astuple(less), structs.astuple(more)
        return Way(*(low + at * (high - low) for low, high in zip(start, end, strict=True)))

    calls = few.calls_per_message + at * (many.calls_per_message - few.calls_per_message)
    return Costs(per_message, calls, way(few.alone, many.alone), way(few.shared, many.shared))


def cost_table(capacity: Capacity) -> Table:
    """Write what was measured, as a table."""
    ways = [
        (f"{name}, {where}", way)
        for name, costs in capacity.shapes.items()
        for where, way in (("one host, SQLite", costs.alone), ("host of several, PostgreSQL", costs.shared))
    ]
    columns: Sequence[tuple[str, Callable[[Way], float]]] = (
        ("us a message", lambda way: way.message_us),
        ("us a call", lambda way: way.call_us),
        ("database: us a message", lambda way: way.message_database_us),
        ("us a call", lambda way: way.call_database_us),
        ("commits a message", lambda way: way.message_commits),
        ("a call", lambda way: way.call_commits),
        ("KiB on lines a message", lambda way: way.message_wire_bytes / 1024),
        ("a call", lambda way: way.call_wire_bytes / 1024),
        ("KiB kept a message", lambda way: way.kept_bytes / 1024),
        ("once pruned", lambda way: way.account_bytes / 1024),
        ("MiB of memory", lambda way: way.memory_bytes / (1 << 20)),
        ("messages/s", lambda way: way.messages_per_second),
        ("calls/s", lambda way: way.calls_per_second),
    )
    return Table(
        "What was measured",
        ("messages", *(name for name, _ in columns)),
        tuple((name, *(figure(read(way) or None) for _, read in columns)) for name, way in ways),
        note=f"{capacity.machine}; "
        + "; ".join(
            f"{name}: {figure(costs.results_per_message)} results and {figure(costs.calls_per_message)} calls a message"
            for name, costs in capacity.shapes.items()
        )
        + ".",
    )


def need_tables(name: str, costs: Costs, days: Sequence[int] = DAYS, assumed: Assumed = ASSUMED) -> tuple[Table, Table]:
    """Write what laboratories of several sizes need, as two tables: calls and hosts, and the ledger."""
    found = [need(costs, results, assumed) for results in days]
    taking = costs.shared.message_us / _whole(costs, costs.shared, "us")
    return (
        Table(
            f"What a laboratory needs: calls and hosts ({name})",
            ("results a day", "messages/s at the peak", "calls a day", "budgets", "calls at once at the peak",
             "one host is busy", "hosts", "one may fail", "gives out next"),
            tuple(
                (
                    f"{one.results:,}", _amount(one.peak_messages), f"{one.calls:,.0f}", _amount(one.budgets),
                    _amount(one.peak_calls * assumed.call_s), f"{one.load:.0%}" if one.load >= 0.01 else "<1%",
                    str(one.hosts), str(one.safe_hosts), one.gives_out,
                )
                for one in found
            ),
            note=f"Of the work of several hosts {taking:.0%} is taking in and {1 - taking:.0%} delivering.",
        ),
        Table(
            f"What a laboratory needs: the ledger ({name})",
            ("results a day", "database cores", "commits/s at the peak", "Mbit/s at the peak", "GiB a day",
             f"GiB in {assumed.keep_days} days", "account, GiB a year"),
            tuple(
                (
                    f"{one.results:,}", "SQLite" if one.is_alone else str(one.database_cores),
                    _amount(one.commits), _amount(one.mbits), _amount(one.day_gib), _amount(one.kept_gib),
                    _amount(one.account_gib),
                )
                for one in found
            ),
        ),
    )  # fmt: skip


def ladder_table(name: str, costs: Costs, assumed: Assumed = ASSUMED) -> Table:
    """Write which limit a growing laboratory meets when, as a table."""
    rungs = ladder(costs, assumed)
    # Beyond what the database carries, nobody works with one host any more.
    last = min(rung.results for rung in rungs if rung.of == DATABASE)
    met = [rung for rung in rungs if rung.of != ONE_HOST or rung.results < last]
    rows = tuple((rung.limit, f"{rung.results:,.0f}", rung.remedy) for rung in met)
    return Table(f"What gives out, in order ({name})", ("limit", "results a day", "what lifts it"), rows)


def budget_table() -> Table:
    """Write what an agreed number of calls allows, as a table."""
    rows = []
    for agreed in AGREED:
        ordinary = agreed * (1 - 1 / RESERVE)
        two, four = ordinary / 2, ordinary / 4
        spread = f"{four * TYPICAL:,.0f} to {two * TYPICAL:,.0f}"
        rows.append((f"{agreed:,}", f"{ordinary:,.0f}", f"{two:,.0f}", f"{four:,.0f}", spread))
    return Table(
        "What the vendor's budget allows",
        ("agreed calls a day", "but for the urgent tenth", "service requests a day, two calls each", "four calls each",
         f"results a day, {TYPICAL} in each"),
        tuple(rows),
    )  # fmt: skip


def tables(capacity: Capacity, days: Sequence[int] = DAYS, assumed: Assumed = ASSUMED) -> list[Table]:
    """Write all tables of the page."""
    found = [cost_table(capacity)]
    for name, costs in capacity.shapes.items():
        found += [*need_tables(name, costs, days, assumed), ladder_table(name, costs, assumed)]
    return [*found, budget_table()]


def written(page: str, capacity: Capacity) -> str:
    """Give the page with its tables as they come out now."""
    head, _, rest = page.partition(_BEGIN)
    _, _, tail = rest.partition(_END)
    figures = "\n".join(map(markdown, tables(capacity)))
    return f"{head}{_BEGIN}\n\n{figures}\n{_END}{tail}"


def _amount(number: float) -> str:
    """Write a figure, and one that is too small for it as such."""
    return figure(number) if number >= 0.01 else "<0.01"


def _at_least(least: float, most: float, of: type[float] = float) -> Callable[[str], float]:
    def read(text: str) -> float:
        number = of(text)
        if not least <= number <= most:
            raise argparse.ArgumentTypeError(f"write a number from {least:g} to {most:g}")
        return number

    return read


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what was asked for, or write the page; 2 where what was asked for cannot be."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.sizing",
        description="Compute what a laboratory needs.",
        epilog="What is measured stands in benchmarks/capacity.json; docs/sizing.md says how to read the tables.",
    )
    capacity = read_capacity()
    whole, share = _at_least(1, 10**12, int), ASSUMED
    parser.add_argument("--results", type=whole, action="append", help="results a day; may stand several times")
    parser.add_argument("--shape", choices=[*capacity.shapes], help="what messages are like (all that were measured)")
    parser.add_argument("--per-message", type=_at_least(1, 1000), help="results in a message, estimated from both")
    parser.add_argument("--calls", type=_at_least(1, 10), help="calls for a message: 2 at least, 4 at most")
    parser.add_argument("--peak", type=_at_least(1, 24), default=share.peak,
                        help="how busy the busiest hour is, to the mean (%(default)s)")  # fmt: skip
    parser.add_argument("--call-s", type=_at_least(0.001, 60), default=share.call_s,
                        help="seconds until the vendor answers (%(default)s)")  # fmt: skip
    parser.add_argument("--agreed", type=whole, default=share.calls_a_day,
                        help="calls a day that are agreed on; in a minute a hundredth (%(default)s)")  # fmt: skip
    parser.add_argument("--commits", type=whole, default=share.commits_a_second,
                        help="commits a second that the disk syncs (%(default)s)")  # fmt: skip
    parser.add_argument("--keep-days", type=whole, default=share.keep_days,
                        help="days until messages are pruned (%(default)s)")  # fmt: skip
    parser.add_argument("--write", action="store_true", help="write the tables of docs/sizing.md anew, and no others")
    argued = sys.argv[1:] if arguments is None else arguments
    wanted = parser.parse_args(argued)
    if wanted.write:
        if len(argued) > 1:
            parser.error("--write takes no other option: the page has the figures of all that was measured")
        PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), capacity), encoding="utf-8", newline="\n")
        return 0
    if wanted.shape and wanted.per_message:
        parser.error("--shape and --per-message exclude each other")
    shapes = {wanted.shape: capacity.shapes[wanted.shape]} if wanted.shape else capacity.shapes
    if wanted.per_message:
        shapes = {f"{wanted.per_message:g} results, estimated": between(capacity, wanted.per_message)}
    if wanted.calls:
        shapes = {name: structs.replace(one, calls_per_message=wanted.calls) for name, one in shapes.items()}
    assumed = Assumed(
        peak=wanted.peak,
        call_s=wanted.call_s,
        calls_a_day=wanted.agreed,
        calls_a_minute=max(1, wanted.agreed // 100),
        commits_a_second=wanted.commits,
        keep_days=wanted.keep_days,
    )
    print("\n".join(map(markdown, tables(Capacity(capacity.machine, shapes), wanted.results or DAYS, assumed))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
