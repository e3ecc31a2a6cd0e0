"""
Deliver from three hosts while two are killed and one is cut off from the database; then measure two hosts undisturbed.

    sudo .venv/bin/python -m benchmarks.cluster --seed 7         # 20,000 deliveries, some two minutes
    sudo .venv/bin/python -m benchmarks.cluster --lanes 500      # 1,000 deliveries
    sudo .venv/bin/python -m benchmarks.cluster --only-rate      # only what two hosts deliver in a second

Each host is `translator run --role deliver` in a network namespace of its own; PostgreSQL and the sandbox, in the
vendor's place, are outside. The seed says which host meets with what, and when:

1. one is killed, and stays dead; the others go on;
2. another one is cut off from the database while it still reaches the vendor, which is the worst of it: it could send,
   but cannot record. The third one goes on alone, and takes over what both had;
3. that one is killed in the middle of its work: nobody is left;
4. the one that was cut off has its line again, comes back by itself, and takes over all the rest. Near the end the
   first one is started again, and helps.

No person decides or repairs anything but the line. What the vendor got is compared with what the ledger says, lane by
lane, as `make chaos` does.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import TypeVar
from urllib.parse import urlsplit

from msgspec import Struct

from benchmarks.cluster_site import Site
from benchmarks.namespaces import Namespaces, networks
from tests.chaos.campaign import compare
from tests.postgres import Postgres
from tests.sandbox_process import SandboxProcess
from translator.ledger import Ledger

VERSIONS = 2
HOSTS = 3
DEAD_AFTER_S = 20.0

Found = TypeVar("Found")


class Figures(Struct):
    """What was done and found; `broken` is empty where every promise held."""

    deliveries: int = 0
    seconds: float = 0.0
    states: dict[str, int] = {}
    taken_over_s: float = 0.0
    taken_over_again_s: float = 0.0
    lanes_a_second: float = 0.0
    broken: list[str] = []


def trouble(site: Site, lanes: int, dice: Random) -> Figures:
    """Deliver while two hosts are killed and one is cut off, each when the dice say so."""
    figures = Figures(deliveries=lanes * VERSIONS)
    first, cut, second = dice.sample(range(HOSTS), HOSTS)
    began = time.monotonic()
    with Ledger.open(site.url) as ledger:

        def delivered(least: float, most: float) -> Callable[[], bool]:
            share = dice.uniform(least, most)
            return lambda: ledger.count("whoop").get("delivered", 0) >= share * figures.deliveries

        def listed(number: int) -> set[int]:
            return {one.id for one in ledger.cluster().workers() if one.pid == site.hosts[number].pid}

        for number in range(HOSTS):
            site.start(number)
        _until(site, lambda: all(listed(number) for number in range(HOSTS)))
        site.accept(ledger, lanes, 1)
        _until(site, delivered(0.05, 0.15))
        lost = listed(first) | listed(cut)
        _say(f"host {first} is killed")
        site.kill(first)
        _until(site, delivered(0.2, 0.3))
        _say(f"host {cut} is cut off from the database")
        site.spaces.cut(cut)
        cut_at = time.monotonic()
        _until(site, lambda: not lost & {one.id for one in ledger.cluster().workers()})
        figures.taken_over_s = time.monotonic() - cut_at
        _say(f"host {second} has taken over what both had, after {figures.taken_over_s:.0f} s; more comes in")
        site.accept_again(ledger, VERSIONS - 1)
        _until(site, delivered(0.6, 0.75))
        lost = listed(second)
        _say(f"host {second} is killed; nobody is left")
        site.kill(second)
        time.sleep(dice.uniform(0, 3))
        _say(f"the line of host {cut} is mended")
        site.spaces.mend(cut)
        mended_at = time.monotonic()
        _until(site, lambda: not lost & {one.id for one in ledger.cluster().workers()})
        figures.taken_over_again_s = time.monotonic() - mended_at
        _say(f"host {cut} has taken over everything, after {figures.taken_over_again_s:.0f} s")
        _until(site, delivered(0.9, 0.95))
        _say(f"host {first} is started again")
        site.start(first)
        _until(site, lambda: bool(listed(first)) and _is_over(ledger))
        figures.seconds = time.monotonic() - began
        codes = site.end()
        figures.states = ledger.count("whoop")
        figures.broken = [
            *_broken(site, ledger),
            *(f"a host ended with {code}" for code in codes if code not in (0, 1)),
        ]
    return figures


def rate(site: Site, lanes: int) -> float:
    """Give the lanes in a second that two hosts deliver from a backlog, after both have begun."""
    with Ledger.open(site.url) as ledger:
        site.accept(ledger, lanes, 1)
        before = ledger.count("whoop").get("delivered", 0)
        for number in range(2):
            site.start(number)
        _until(site, lambda: len({one.pid for one in ledger.cluster().workers() if one.lanes}) == 2)
        first, began = ledger.count("whoop").get("delivered", 0), time.monotonic()
        _until(site, lambda: ledger.count("whoop").get("delivered", 0) >= before + lanes)
        found = (before + lanes - first) / (time.monotonic() - began)
        site.end()
    return found


def _is_over(ledger: Ledger) -> bool:
    """Tell whether nothing is left that could be sent, or is under way."""
    queues, workers = ledger.cluster().queues(), ledger.cluster().workers()
    return not queues and not any(one.lanes for one in workers) and ledger.due_in("whoop") is None


def _broken(site: Site, ledger: Ledger) -> Iterator[str]:
    yield from (f"verify: {finding.code} at {finding.at}" for finding in ledger.verify())
    results, said = site.sandbox.results(), site.states()
    if set(results) - set(said) or set(said) != set(site.lanes):
        yield "the vendor, the ledger and we know different lanes"
    for lane, states in said.items():
        received = [int(body["observations"][0]["code"][1:]) for body in results.get(lane, [])]
        yield from (f"{lane[-6:]}: {what}" for what in compare(received, states))


def _until(site: Site, condition: Callable[[], bool], seconds: float = 900.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        site.look()
        if time.monotonic() > end:
            raise TimeoutError("the hosts do not come on; --keep shows what they said")
        time.sleep(0.1)


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


def main() -> int:
    """Run what was asked for; exit 1 where a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cluster", description=__doc__)
    parser.add_argument("--lanes", type=int, default=10_000, help="each with two deliveries (10000)")
    parser.add_argument(
        "--rate-lanes", type=int, default=4_000, help="how many lanes two hosts deliver (4000); 0: none"
    )
    parser.add_argument("--only-rate", action="store_true", help="disturb nobody")
    parser.add_argument("--seed", type=int, default=1, help="which host meets with what, and when (1)")
    parser.add_argument("--dead-after", type=float, default=DEAD_AFTER_S, help=f"seconds of silence ({DEAD_AFTER_S:g})")
    parser.add_argument("--keep", metavar="DIR", help="keep the logs of the hosts there")
    options = parser.parse_args()
    # The database is stopped at once, and says so; that is no news.
    logging.disable(logging.ERROR)
    try:
        spaces = Namespaces(HOSTS)
    except PermissionError as error:
        _say(str(error))
        return 2
    with contextlib.ExitStack() as stack:
        folder = Path(options.keep or stack.enter_context(tempfile.TemporaryDirectory(prefix="translator-cluster-")))
        folder.mkdir(exist_ok=True)
        stack.enter_context(spaces)
        sandbox = stack.enter_context(SandboxProcess("--accept-any"))
        spaces.relay(urlsplit(sandbox.whoop_url).port or 0)
        server = Postgres(Path(stack.enter_context(tempfile.TemporaryDirectory())) / "postgres", syncs=True)
        stack.callback(server.close)
        server.listen(spaces.addresses, list(networks(spaces.addresses)))
        figures = Figures()
        if not options.only_rate:
            dice = Random(options.seed)
            site = Site(spaces, server, sandbox, folder, options.dead_after)
            figures = _with_hosts(site, lambda site: trouble(site, options.lanes, dice))
            sandbox.reset()
        if options.rate_lanes:
            site = Site(spaces, server, sandbox, folder, DEAD_AFTER_S)
            figures.lanes_a_second = _with_hosts(site, lambda site: rate(site, options.rate_lanes))
    taken_over = [round(figures.taken_over_s, 1), round(figures.taken_over_again_s, 1)]
    print(json.dumps({"seed": options.seed, "deliveries": figures.deliveries, "seconds": round(figures.seconds),
                      "states": figures.states, "taken_over_s": taken_over,
                      "lanes_a_second": round(figures.lanes_a_second), "broken": len(figures.broken)}))  # fmt: skip
    for what, times in Counter(figures.broken).most_common(20):
        _say(f"BROKEN {what} ({times})")
    return 1 if figures.broken else 0


def _with_hosts(site: Site, work: Callable[[Site], Found]) -> Found:
    try:
        return work(site)
    finally:
        for host in site.hosts.values():
            host.kill()
            host.wait()


if __name__ == "__main__":
    sys.exit(main())
