"""
Kill a delivering process again and again while messages come in and the vendor stumbles, then look what is left.

What the vendor processed is compared with what the ledger says, service request by service request: nothing lost,
nothing out of order, nothing twice, and nothing at the vendor that the ledger does not call delivered or unknown.
"""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from random import Random

from msgspec import Struct, structs

from tests.ledger.arrivals import POLICIES, arrival, report
from tests.sandbox_process import SandboxProcess
from tests.transmit.delivering import settings
from translator.delivery import deliver
from translator.ledger import Ledger
from translator.mapping_files import packaged_tables

VERSIONS = 3
LANES_A_ROUND = 12
FAULTS = (
    ("delay", 0.02),
    ("delay", 0.2),
    ("status", 503),
    ("status", 429),
    ("status", 500),
    ("drop_before", None),
    ("drop_after", None),
    ("truncate", None),
)


class Figures(Struct):
    """What a campaign did and found; `broken` is empty when every promise held."""

    seed: int
    kills: int = 0
    submissions: int = 0
    requests: int = 0
    processed: int = 0
    states: dict[str, int] = {}
    seconds: float = 0.0
    broken: list[str] = []

    def __str__(self) -> str:
        """Write one line."""
        states = ", ".join(f"{count} {state}" for state, count in sorted(self.states.items()))
        return (
            f"seed {self.seed}: {self.kills} kills in {self.seconds:.0f} s, {self.submissions} submissions, "
            f"{self.requests} requests, {self.processed} processed; ledger: {states}"
        )


class Campaign:
    """One ledger, one sandbox, one seed."""

    def __init__(self, place: str, sandbox: SandboxProcess, seed: int) -> None:
        self._place = place
        self._sandbox = sandbox
        self._dice = Random(seed)  # noqa: S311 - seeded on purpose
        self._figures = Figures(seed)
        self._lanes: list[str] = []

    def run(self, kills: int) -> Figures:
        """Kill so many workers, deliver what is left, and compare."""
        began = time.monotonic()
        with Ledger.open(self._place) as ledger:
            for _ in range(kills):
                self._round(ledger)
            self._sandbox.clear_faults()
            self._finish(ledger)
            self._figures.states = ledger.count("whoop")
            self._figures.broken = list(self._broken(ledger))
        return structs.replace(self._figures, kills=kills, seconds=time.monotonic() - began)

    def _round(self, ledger: Ledger) -> None:
        """Start a worker, bring messages and trouble while it works, and kill it."""
        self._bring(ledger)
        for kind, value in self._dice.sample(FAULTS, self._dice.randrange(4)):
            headers = {"Retry-After": "0"} if value == 429 else {}
            self._sandbox.fault("results", kind, value, times=self._dice.randint(1, 3), headers=headers)
        command = [sys.executable, "-m", "tests.chaos.worker", self._place, self._sandbox.whoop_url]
        seen = len(self._lanes) * VERSIONS
        with subprocess.Popen(command, env=os.environ | self._sandbox.environment) as worker:
            # Half of them die at work, half at any moment from the start on.
            if self._dice.random() < 0.5:
                self._wait_for_work(ledger, seen)
                time.sleep(self._dice.random() / 20)
            else:
                time.sleep(self._dice.random())
            if self._dice.random() < 0.3:
                self._bring(ledger)
                time.sleep(self._dice.random() / 10)
            worker.send_signal(signal.SIGKILL)

    def _wait_for_work(self, ledger: Ledger, submissions: int) -> None:
        """Wait until the worker has begun on what was queued."""
        before = ledger.count("whoop").get("queued", 0)
        end = time.monotonic() + 5
        while ledger.count("whoop").get("queued", 0) >= min(before, submissions) and time.monotonic() < end:
            time.sleep(0.01)

    def _bring(self, ledger: Ledger) -> None:
        """Accept a few submissions for each of some new service requests."""
        first = len(self._lanes)
        new = [f"00000000-0000-4000-8000-{number:012}" for number in range(first, first + LANES_A_ROUND)]
        self._lanes += new
        ledger.accept(
            [arrival(report({f"C{version}": "5"}, lane=lane)) for version in range(VERSIONS) for lane in new], POLICIES
        )
        self._figures.submissions += len(new) * VERSIONS

    def _finish(self, ledger: Ledger) -> None:
        # One worker, so that nothing is made unknown by the end itself.
        whoop = settings(self._sandbox)
        deliver(ledger, whoop, packaged_tables(), deadline_s=1800)

    def _broken(self, ledger: Ledger) -> Iterator[str]:
        yield from (f"verify: {finding.code} at {finding.at}" for finding in ledger.verify())
        results, requests = self._sandbox.results(), self._sandbox.requests("results")
        self._figures.requests = len(requests)
        said = self._said(ledger)
        if set(results) - set(said):
            yield "the vendor has results of a service request that the ledger does not know"
        if sum(map(len, said.values())) != self._figures.submissions:
            yield "the ledger lost a submission"
        for lane, states in said.items():
            received = [int(body["observations"][0]["code"][1:]) for body in results.get(lane, [])]
            self._figures.processed += len(received)
            yield from (f"{lane[-4:]}: {what}" for what in compare(received, states))

    def _said(self, ledger: Ledger) -> dict[str, list[str]]:
        """List what the ledger says about each lane, in order of positions."""
        said: dict[str, list[tuple[int, str]]] = {}
        for row in ledger.messages():
            for one in ledger.show(row.message).submissions:
                said.setdefault(one.service_request_id, []).append((one.position, one.state))
        return {lane: [state for _, state in sorted(states)] for lane, states in said.items()}


def compare(received: list[int], states: list[str]) -> Iterator[str]:
    """Compare the versions that the vendor processed, in its order, with the states of all versions."""
    if received != sorted(set(received)):
        yield f"received {received}: out of order or twice"
    for version, state in enumerate(states):
        if state == "delivered" and version not in received:
            yield f"version {version} is called delivered and never arrived"
        if version in received and state not in ("delivered", "unknown"):
            yield f"version {version} arrived and is called {state}"
    for earlier, later in itertools.pairwise(states):
        if earlier in ("unknown", "queued") and later != "queued":
            yield f"states {states}: what is behind an undecided one went on"
    counts = Counter(states)
    if counts["queued"] and not counts["unknown"]:
        yield "something is queued behind nothing"
