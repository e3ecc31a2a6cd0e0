"""Run hosts of a cluster for a benchmark: one ledger, one sandbox, and hosts that come and go."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg

from benchmarks.namespaces import Namespaces
from tests.ledger.arrivals import POLICIES, arrival, report
from tests.postgres import Postgres
from tests.sandbox_process import SandboxProcess
from translator.ledger import Ledger

CALLS = 10
"""A call may last so small a part of the silence that is death; connecting and answering, each."""
_BATCH = 250
_STUCK_S = 120.0


class Site:
    """One ledger, one sandbox, and hosts that come and go."""

    def __init__(
        self, spaces: Namespaces, server: Postgres, sandbox: SandboxProcess, folder: Path, dead_after_s: float
    ) -> None:
        self.spaces = spaces
        self.sandbox = sandbox
        self.folder = folder
        self.url = server.new()
        self._server = server
        self._dead_after_s = dead_after_s
        self.hosts: dict[int, subprocess.Popen[bytes]] = {}
        self.killed: set[int] = set()
        self.lanes: list[str] = []
        with Ledger.open(self.url) as ledger:
            ledger.cluster().set_up(dead_after_s)

    def start(self, number: int) -> None:
        """Start a host."""
        environment = os.environ | self.sandbox.environment | {
            "TRANSLATOR_LEDGER": self._server.address_of(self.url, self.spaces.addresses[number]),
            "TRANSLATOR_WHOOP_URL": self.sandbox.whoop_url,
            "TRANSLATOR_WHOOP_TIMEOUT_S": f"{self._dead_after_s / CALLS:g}",
            "TRANSLATOR_LOG_FORMAT": "json",
        }  # fmt: skip
        command = [sys.executable, "-m", "translator", "run", "--role", "deliver"]
        addresses = ["--listen", "127.0.0.1:0", "--console", "127.0.0.1:0"]
        self.killed.discard(number)
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
        self.killed.add(number)

    def look(self) -> None:
        """
        Look whether the hosts that should are running.

        Raises: RuntimeError where one has ended by itself.
        """
        ended = [number for number, host in self.hosts.items() if host.poll() is not None and number not in self.killed]
        if ended:
            raise RuntimeError(f"hosts ended by themselves: {ended}; --keep shows what they said")

    def end(self) -> list[int]:
        """Ask all hosts to end; gives their exit codes."""
        for host in self.hosts.values():
            host.terminate()
        codes = {number: host.wait(_STUCK_S) for number, host in self.hosts.items()}
        return [code for number, code in codes.items() if number not in self.killed]

    def accept(self, ledger: Ledger, lanes: int, versions: int) -> None:
        """Take in what is to be delivered: on each of so many new lanes so much, one after the other."""
        first = len(self.lanes)
        new = [f"00000000-0000-4000-8000-{number:012}" for number in range(first, first + lanes)]
        self.lanes += new
        for version in range(versions):
            _accept(ledger, new, version)

    def accept_again(self, ledger: Ledger, versions: int) -> None:
        """Take in so much more for every lane."""
        for version in range(versions):
            _accept(ledger, self.lanes, 1 + version)

    def states(self) -> dict[str, list[str]]:
        """List what the ledger says about each lane, in order of positions."""
        with psycopg.connect(self.url) as connection:
            rows = connection.execute(
                "SELECT service_request_id, array_agg(state ORDER BY position) FROM submission "
                "JOIN lane ON lane.id = submission.lane_id GROUP BY service_request_id"
            )
            return {str(lane): list(states) for lane, states in rows}


def _accept(ledger: Ledger, lanes: list[str], version: int) -> None:
    for at in range(0, len(lanes), _BATCH):
        part = [arrival(report({f"C{version}": "5"}, lane=lane)) for lane in lanes[at : at + _BATCH]]
        ledger.accept(part, POLICIES)
