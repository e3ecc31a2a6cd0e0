"""
Compute what a laboratory needs, and what hosts carry, from what was measured.

Costs are CPU time of one core, as `python -m benchmarks.capacity` measured them. What is not measured is assumed, and
can be given.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec import Struct, structs

from benchmarks.capacity_costs import Capacity, Costs, Way
from translator.ledger.budget import RESERVE

DAY_S = 86_400
BUSY = 0.5
LANES = 64
"""So many lanes one host has under way at most (`whoop.workers`)."""

GIB = 1 << 30
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
        load=busiest * whole(costs, costs.alone, "us") / 1_000_000,
        is_alone=is_alone,
        hosts=1 if is_alone else shared,
        safe_hosts=shared + 1,
        database_cores=_ceiling(busiest * whole(costs, costs.shared, "database_us") / 1_000_000 / BUSY),
        commits=busiest * whole(costs, way, "commits"),
        mbits=busiest * whole(costs, way, "wire_bytes") * 8 / 1_000_000,
        day_gib=messages * way.kept_bytes / GIB,
        kept_gib=messages * way.kept_bytes * assumed.keep_days / GIB,
        account_gib=messages * way.account_bytes * 365 / GIB,
        gives_out=_gives_out(results, rungs, ONE_HOST if is_alone else DATABASE),
    )


def _hosts(costs: Costs, busiest: float, assumed: Assumed) -> int:
    """Count the hosts that share a load."""
    return _ceiling(busiest / min(_host_limits(costs, assumed).values()))


def _host_limits(costs: Costs, assumed: Assumed) -> dict[str, float]:
    """
    Give how many messages a second one host of several carries, by what sets the limit.

    It takes in by one thread, which waits for the database meanwhile.
    """
    return {
        "the hosts' CPU": 1_000_000 * BUSY / whole(costs, costs.shared, "us"),
        "the hosts' lanes": LANES / assumed.call_s / costs.calls_per_message,
        "the hosts' intake": costs.shared.messages_per_second * BUSY,
    }


class Carried(Struct, frozen=True):
    """
    What some hosts carry with one database, in PostgreSQL.

    Shape: `limit` names what gives out there; `calls` is what the vendor has to allow for it.
    Units: a day.
    """

    hosts: int
    results: float
    calls: float
    limit: str


def carried(costs: Costs, hosts: int, assumed: Assumed = ASSUMED) -> Carried:
    """Compute what so many hosts carry: as many times what one does, until the database gives out."""
    busiest = DAY_S / assumed.peak * costs.results_per_message
    limits = {name: hosts * limit * busiest for name, limit in _host_limits(costs, assumed).items()}
    limits |= {rung.name: rung.results for rung in ladder(costs, assumed) if rung.of == DATABASE}
    limit = min(limits, key=limits.__getitem__)
    return Carried(hosts, limits[limit], limits[limit] / costs.results_per_message * costs.calls_per_message, limit)


def whole(costs: Costs, way: Way, what: str) -> float:
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
        Rung(core / whole(costs, costs.alone, "us") * busiest,
             "CPU of the one host, taking in and delivering, half of one core",
             "[several hosts](cluster.md) on PostgreSQL", ONE_HOST, "the one host's CPU"),
        Rung(costs.alone.messages_per_second * BUSY * busiest,
             "what the one host takes in, half of what it took at most",
             "[several hosts](cluster.md) on PostgreSQL", ONE_HOST, "the one host's intake"),
        Rung(assumed.commits_a_second / whole(costs, costs.alone, "commits") * busiest,
             f"the one host's disk, {assumed.commits_a_second:,} commits a second",
             "a faster one, or [several hosts](cluster.md) on PostgreSQL", ONE_HOST, "the one host's disk"),
        Rung(assumed.commits_a_second / whole(costs, costs.shared, "commits") * busiest,
             f"the database's disk, {assumed.commits_a_second:,} commits a second",
             "a faster one, or a ledger for each site or region: they share nothing", DATABASE, "the database's disk"),
        Rung(core * assumed.database_cores / whole(costs, costs.shared, "database_us") * busiest,
             f"CPU of the database, half of {assumed.database_cores} cores",
             "a larger one, or a ledger for each site or region", DATABASE, "the database's cores"),
        Rung(line / whole(costs, costs.shared, "wire_bytes") * busiest,
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
