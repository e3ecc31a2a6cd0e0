"""
Measure what a message and a call cost a host and its database: the figures that `benchmarks.sizing` computes with.

    python -m benchmarks.capacity                          # some four minutes; prints
    python -m benchmarks.capacity --write                  # and keeps them in capacity.json
    python -m benchmarks.capacity --messages 200           # a look

The service is `translator run` in a process of its own, the vendor is the sandbox, PostgreSQL syncs every commit. First
everything is taken in by MLLP while the vendor is paused, then it is delivered: so each has its own figure. Costs are
CPU times, which other processes on the machine change little; rates are wall times of that machine.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Protocol
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from benchmarks.labday import free_port
from benchmarks.messages import SEED, STANDARD, Shape
from benchmarks.mllp import senders
from benchmarks.sizing import COSTS, Capacity, Costs, Way
from tests.postgres import Postgres
from tests.sandbox_process import SandboxProcess
from translator.ledger import Ledger

SINGLE = Shape("single", (1,))
SHAPES = {"reports": STANDARD, "single": SINGLE}
_TICK = os.sysconf("SC_CLK_TCK")
_PATIENCE_S = 300.0
_WARM_UP = 50


class Spent(Struct, frozen=True):
    """What was spent until now: CPU seconds of the host and of its database, commits."""

    host_s: float
    database_s: float
    commits: float


class Store(Protocol):
    """Where a ledger lies, and what it costs there."""

    address: str
    is_shared: bool

    def cpu_s(self) -> float:
        """Tell the CPU seconds that the database has used."""

    def commits(self) -> int:
        """Tell how many transactions have been committed."""

    def kept(self) -> int:
        """Tell how many bytes the ledger holds."""


class File:
    """SQLite, inside the host: it has no CPU of its own and counts no commits."""

    is_shared = False

    def __init__(self, path: Path) -> None:
        self.address = str(path)
        self._path = path

    def cpu_s(self) -> float:
        """Give 0: the host works for it."""
        return 0.0

    def commits(self) -> int:
        """Give 0: SQLite does not tell."""
        return 0

    def kept(self) -> int:
        """Give what lies on the disk."""
        return sum(path.stat().st_size for path in self._path.parent.glob(f"{self._path.name}*"))


class Server:
    """A database of its own on a real PostgreSQL."""

    is_shared = True

    def __init__(self, server: Postgres) -> None:
        self.address = server.new()
        self._server = server
        self._name = urlsplit(self.address).path.removeprefix("/")

    def cpu_s(self) -> float:
        """Add up the server's processes, those that have ended among them."""
        server = self._server.pid
        return _cpu_s(server, ended=True) + sum(_cpu_s(child) for child in _children(server))

    def commits(self) -> int:
        """Ask the server's own count."""
        asked = f"SELECT xact_commit FROM pg_stat_database WHERE datname = '{self._name}'"  # noqa: S608 - our own name
        return int(self._server.execute(asked)[0][0])

    def kept(self) -> int:
        """Ask the server."""
        return int(self._server.execute(f"SELECT pg_database_size('{self._name}')")[0][0])


def measure(shape: Shape, store: Store, sandbox: SandboxProcess, folder: Path, messages: int) -> tuple[Way, float]:
    """Take messages in, then deliver them; gives what that cost, and how many calls a message had."""
    role: tuple[str, ...] = ()
    with Ledger.open(store.address) as ledger:
        if store.is_shared:
            role = ("--role", "all")
            ledger.cluster().set_up()
    _translator(sandbox, folder, "ledger", "pause", "whoop", "--reason", "measured", "--ledger", store.address)
    port, empty = free_port(), store.kept()
    (folder / "translator.toml").write_text(
        f"[[mllp]]\nlisten = '127.0.0.1:{port}'\n[whoop]\nurl = '{sandbox.whoop_url}'\nworkers = 8\n", encoding="utf-8"
    )
    with _service(sandbox, folder, store, role) as host, Ledger.open(store.address) as ledger:
        _send(port, shape, _WARM_UP, SEED + 1)
        before = _spent(host, store)
        told = _send(port, shape, messages, SEED)
        taken_in = _spent(host, store)
        _translator(sandbox, folder, "ledger", "resume", "whoop", "--ledger", store.address)
        began = time.monotonic()
        _until(lambda: not ledger.count("whoop").get("queued") and ledger.due_in("whoop") is None)
        delivering_s = time.monotonic() - began
        calls = ledger.count("whoop")["delivered"]
        delivered = _spent(host, store)
    everything = messages + _WARM_UP
    way = Way(
        message_us=(taken_in.host_s - before.host_s) / messages * 1e6,
        call_us=(delivered.host_s - taken_in.host_s) / calls * 1e6,
        message_database_us=(taken_in.database_s - before.database_s) / messages * 1e6,
        call_database_us=(delivered.database_s - taken_in.database_s) / calls * 1e6,
        message_commits=(taken_in.commits - before.commits) / messages,
        call_commits=(delivered.commits - taken_in.commits) / calls,
        kept_bytes=(store.kept() - empty) / everything,
        messages_per_second=told,
        calls_per_second=calls / delivering_s,
    )
    return way, calls / everything


def _send(port: int, shape: Shape, messages: int, seed: int) -> float:
    """Send messages over 8 connections that each wait for their answer; gives how many a second were taken."""
    with senders(port, messages, 1, seed, shape) as sending:
        print("go", file=sending.stdin, flush=True)
        told = json.loads(sending.stdout.readline() if sending.stdout else "")
    if told["accepted"] != messages:
        raise RuntimeError(f"{told['accepted']} of {messages} messages were accepted")
    return float(told["per_second"])


def _translator(sandbox: SandboxProcess, folder: Path, *words: str) -> None:
    command = [sys.executable, "-m", "translator", *words]
    subprocess.run(command, env=os.environ | sandbox.environment, cwd=folder, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own module


@contextlib.contextmanager
def _service(sandbox: SandboxProcess, folder: Path, store: Store, role: tuple[str, ...]) -> Iterator[int]:
    """Run the service; gives its process."""
    places = ["--ledger", store.address, "--listen", "127.0.0.1:0", "--console", "127.0.0.1:0"]
    command = [sys.executable, "-m", "translator", "run", *role, *places]
    with (
        (folder / "service.log").open("ab") as log,
        subprocess.Popen(  # noqa: S603 - our own module
            command, env=os.environ | sandbox.environment, cwd=folder, stdout=subprocess.PIPE, stderr=log
        ) as process,
    ):
        if process.stdout is None or not process.stdout.readline():
            raise RuntimeError(f"the service did not start: {(folder / 'service.log').read_text(encoding='utf-8')}")
        try:
            yield process.pid
        finally:
            process.terminate()


def _spent(host: int, store: Store) -> Spent:
    return Spent(_cpu_s(host), store.cpu_s(), store.commits())


def _cpu_s(process: int, *, ended: bool = False) -> float:
    """Tell the CPU seconds of a process, and those of its children that have ended; 0 once it is gone."""
    try:
        told = Path(f"/proc/{process}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0.0
    fields = told.rpartition(")")[2].split()[11:15]
    return sum(map(int, fields if ended else fields[:2])) / _TICK


def _children(process: int) -> list[int]:
    told = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii")
    return [int(child) for child in told.split()]


def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + _PATIENCE_S
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("not everything was delivered; see the log of the service")
        time.sleep(0.1)


def costs(shape: Shape, messages: int, server: Postgres) -> Costs:
    """Measure one shape, alone and on PostgreSQL."""
    ways: list[Way] = []
    calls = 0.0
    for shared in (False, True):
        with SandboxProcess("--accept-any") as sandbox, tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            store = Server(server) if shared else File(folder / "lab.db")
            way, calls = measure(shape, store, sandbox, folder, messages)
            ways.append(way)
    return Costs(sum(shape.counts) / len(shape.counts), calls, *ways)


def middle(rounds: list[Costs]) -> Costs:
    """Give the median of each figure."""

    def of(ways: list[Way]) -> Way:
        return Way(*(median(getattr(way, name) for way in ways) for name in Way.__struct_fields__))

    first = rounds[0]
    ways = of([one.alone for one in rounds]), of([one.shared for one in rounds])
    return Costs(first.results_per_message, median(one.calls_per_message for one in rounds), *ways)


def main() -> None:
    """Measure, print, and keep where that is wanted."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.capacity", description="Measure what sizing needs.")
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3, help="the median of each figure counts")
    parser.add_argument("--write", action="store_true", help="keep the figures in capacity.json")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        server = Postgres(Path(name) / "postgres", syncs=True)
        try:
            shapes = {}
            for what, shape in SHAPES.items():
                print(f"{what}: {wanted.rounds} rounds of {wanted.messages:,} messages", file=sys.stderr)
                shapes[what] = middle([costs(shape, wanted.messages, server) for _ in range(wanted.rounds)])
        finally:
            server.close()
    machine = f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}"
    found = msgspec.json.format(msgspec.json.encode(Capacity(machine, shapes)), indent=2)
    print(found.decode())
    if wanted.write:
        COSTS.write_bytes(found + b"\n")


if __name__ == "__main__":
    main()
