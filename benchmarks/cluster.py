"""
Deliver from three hosts while two are killed and one is cut off from the database; then measure two hosts undisturbed.

    sudo python -m benchmarks.cluster                  # 20,000 deliveries, some four minutes
    sudo python -m benchmarks.cluster --lanes 500      # 1,000 deliveries
    sudo python -m benchmarks.cluster --only-rate      # only what two hosts deliver in a second

Each host is `translator run --role deliver` in a network namespace of its own; PostgreSQL and the sandbox, in the
vendor's place, are outside. The host that is cut off still reaches the vendor, which is the worst of it: it could send,
but cannot record. What the vendor got is compared with what the ledger says, lane by lane, as `make chaos` does.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import psycopg
from msgspec import Struct

from benchmarks.namespaces import Namespaces, networks
from tests.chaos.campaign import compare
from tests.ledger.arrivals import POLICIES, arrival, report
from tests.postgres import Postgres
from tests.sandbox_process import SandboxProcess
from translator.ledger import Ledger

VERSIONS = 2
HOSTS = 3
DEAD_AFTER_S = 20.0
TIMEOUT_S = 2.0
_BATCH = 250
_START_S = 60.0
_STUCK_S = 120.0

Found = TypeVar("Found")


class Figures(Struct):
    """What was done and found; `broken` is empty where every promise held."""

    deliveries: int = 0
    seconds: float = 0.0
    states: dict[str, int] = {}
    taken_over_s: float = 0.0
    lanes_a_second: float = 0.0
    broken: list[str] = []


class Site:
    """One ledger, one sandbox, and hosts that come and go."""

    def __init__(self, spaces: Namespaces, server: Postgres, sandbox: SandboxProcess, folder: Path) -> None:
        self.spaces = spaces
        self.sandbox = sandbox
        self.folder = folder
        self.url = server.new()
        self._server = server
        self.hosts: dict[int, subprocess.Popen[bytes]] = {}
        self.lanes: list[str] = []
        with Ledger.open(self.url) as ledger:
            ledger.cluster().set_up(DEAD_AFTER_S)

    def start(self, number: int) -> None:
        """Start a host."""
        environment = os.environ | self.sandbox.environment | {
            "TRANSLATOR_LEDGER": self._server.address_of(self.url, self.spaces.addresses[number]),
            "TRANSLATOR_WHOOP_URL": self.sandbox.whoop_url,
            "TRANSLATOR_WHOOP_TIMEOUT_S": str(TIMEOUT_S),
            "TRANSLATOR_LOG_FORMAT": "json",
        }  # fmt: skip
        command = [sys.executable, "-m", "translator", "run", "--role", "deliver"]
        addresses = ["--listen", "127.0.0.1:0", "--console", "127.0.0.1:0"]
        with (self.folder / f"host-{number}.log").open("ab") as log:
            self.hosts[number] = subprocess.Popen(  # noqa: S603 - our own command
                self.spaces.command(number, *command, *addresses),
                env=environment,
                stdout=log,
                stderr=log,
                cwd=self.folder,
            )

    def kill(self, number: int) -> None:
        """Kill a host as a power failure does."""
        self.hosts[number].send_signal(signal.SIGKILL)
        self.hosts[number].wait()

    def end(self) -> list[int]:
        """Ask all hosts to end; gives their exit codes."""
        for host in self.hosts.values():
            host.terminate()
        return [host.wait(_STUCK_S) for host in self.hosts.values()]

    def accept(self, ledger: Ledger, lanes: int, versions: int) -> None:
        """Take in what is to be delivered: on each lane so many, one after the other."""
        first = len(self.lanes)
        new = [f"00000000-0000-4000-8000-{number:012}" for number in range(first, first + lanes)]
        self.lanes += new
        for version in range(versions):
            for at in range(0, lanes, _BATCH):
                part = [arrival(report({f"C{version}": "5"}, lane=lane)) for lane in new[at : at + _BATCH]]
                ledger.accept(part, POLICIES)

    def states(self) -> dict[str, list[str]]:
        """List what the ledger says about each lane, in order of positions."""
        with psycopg.connect(self.url) as connection:
            rows = connection.execute(
                "SELECT service_request_id, array_agg(state ORDER BY position) FROM submission "
                "JOIN lane ON lane.id = submission.lane_id GROUP BY service_request_id"
            )
            return {str(lane): list(states) for lane, states in rows}


def trouble(site: Site, lanes: int) -> Figures:
    """Deliver while hosts are killed and one is cut off."""
    figures = Figures(deliveries=lanes * VERSIONS)
    began = time.monotonic()
    with Ledger.open(site.url) as ledger:
        for number in range(HOSTS):
            site.start(number)
        site.accept(ledger, lanes, VERSIONS)

        def delivered(share: float) -> Callable[[], bool]:
            return lambda: ledger.count("whoop").get("delivered", 0) >= share * figures.deliveries

        _until(delivered(0.15))
        _say("host 0 is killed, and started again")
        site.kill(0)
        site.start(0)
        _until(delivered(0.3))
        workers = {one.id for one in ledger.cluster().workers() if one.pid == site.hosts[2].pid}
        _say("host 2 is cut off from the database")
        site.spaces.cut(2)
        cut_at = time.monotonic()
        _until(delivered(0.45))
        _say("host 1 is killed, and started again")
        site.kill(1)
        site.start(1)
        _until(lambda: not workers & {one.id for one in ledger.cluster().workers()})
        figures.taken_over_s = time.monotonic() - cut_at
        _say(f"host 2 is taken for dead after {figures.taken_over_s:.0f} s; it is mended, and comes back")
        site.spaces.mend(2)
        _until(lambda: any(one.pid == site.hosts[2].pid for one in ledger.cluster().workers()))
        _until(lambda: _is_over(ledger))
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
        _until(lambda: len({one.pid for one in ledger.cluster().workers() if one.lanes}) == 2)
        first, began = ledger.count("whoop").get("delivered", 0), time.monotonic()
        _until(lambda: ledger.count("whoop").get("delivered", 0) >= before + lanes)
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


def _until(condition: Callable[[], bool], seconds: float = 900.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("the hosts do not come on; see their logs")
        time.sleep(0.1)


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


def main() -> int:
    """Run what was asked for; exit 1 where a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cluster", description=__doc__)
    parser.add_argument("--lanes", type=int, default=10_000, help="each with two deliveries (10000)")
    parser.add_argument("--rate-lanes", type=int, default=4_000, help="how many lanes two hosts deliver (4000)")
    parser.add_argument("--only-rate", action="store_true", help="disturb nobody")
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
        server = Postgres(Path(stack.enter_context(tempfile.TemporaryDirectory())) / "postgres")
        stack.callback(server.close)
        server.listen(spaces.addresses, list(networks(spaces.addresses)))
        figures = Figures()
        if not options.only_rate:
            figures = _with_hosts(Site(spaces, server, sandbox, folder), lambda site: trouble(site, options.lanes))
            sandbox.reset()
        site = Site(spaces, server, sandbox, folder)
        figures.lanes_a_second = _with_hosts(site, lambda site: rate(site, options.rate_lanes))
    print(json.dumps({"deliveries": figures.deliveries, "seconds": round(figures.seconds),
                      "states": figures.states, "taken_over_s": round(figures.taken_over_s, 1),
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
