"""
Write what a laboratory needs and what hosts carry, computed by `sizes.py` from what was measured.

    python -m benchmarks.sizing --results 2000000                              # reports, as many as a large lab has
    python -m benchmarks.sizing --results 2000000 --shape single --peak 6      # one result in each message
    python -m benchmarks.sizing --results 2000000 --per-message 8 --calls 4    # eight in each, four calls for each
    python -m benchmarks.sizing --write                                        # the tables of docs/sizing.md anew

Costs are CPU time of one core, as `python -m benchmarks.capacity` measured them (capacity.json). A machine with other
cores has other figures: measure there, and compute again.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import structs

from benchmarks.capacity_costs import Capacity, Costs, Way, read_capacity
from benchmarks.sizes import ASSUMED, DATABASE, ONE_HOST, Assumed, between, carried, ladder, need, whole
from benchmarks.tables import Table, figure, markdown
from translator.ledger.budget import RESERVE

PAGE = Path(__file__).parents[1] / "docs" / "sizing.md"
_BEGIN, _END = "<!-- figures: written by `python -m benchmarks.sizing --write` -->", "<!-- end of figures -->"

DAYS = (1_000, 20_000, 80_000, 500_000, 5_000_000, 50_000_000)
HOSTS = (1, 2, 3, 4, 8, 16, 32, 64)
AGREED, TYPICAL = (10_000, 100_000, 1_000_000, 10_000_000), 20
"""Budgets that may be agreed on with the vendor; the first one is documented. And results of a service request."""


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
    taking = costs.shared.message_us / whole(costs, costs.shared, "us")
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


def hosts_table(name: str, costs: Costs, assumed: Assumed = ASSUMED) -> Table:
    """Write what some hosts carry with one database, as a table; up to where more of them carry nothing more."""
    found = [carried(costs, hosts, assumed) for hosts in HOSTS]
    full = next((place for place, one in enumerate(found) if not one.limit.startswith("the hosts")), len(found))
    return Table(
        f"What N hosts carry, on PostgreSQL ({name})",
        ("hosts", "results a day", "calls a day to agree on", "gives out first"),
        tuple((str(one.hosts), f"{one.results:,.0f}", f"{one.calls:,.0f}", one.limit) for one in found[: full + 1]),
    )


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
        found.append(hosts_table(name, costs, assumed))
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
