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
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Protocol

import msgspec
from msgspec import Struct

from benchmarks import commits
from benchmarks.capacity_costs import COSTS, Capacity, Costs, Way
from benchmarks.labday import free_port
from benchmarks.messages import SEED, STANDARD, Shape
from benchmarks.mllp import senders
from tests.postgres import Postgres
from tests.sandbox_process import SandboxProcess
from translator.ledger import Ledger

SINGLE = Shape("single", (1,))
SHAPES = {"reports": STANDARD, "single": SINGLE}
_TICK = os.sysconf("SC_CLK_TCK")
_PATIENCE_S = 300.0
PLACE = "127.0.54.32"
"""Where the database of the measurement listens: an address of this machine that nobody else has."""

_WARM_UP = 50


class Spent(Struct, frozen=True):
    """What was spent until now: CPU seconds of the host and of its database, commits that wrote, bytes on all lines."""

    host_s: float
    database_s: float
    commits: float
    wire: int


class Store(Protocol):
    """Where a ledger lies, and what it costs there."""

    address: str
    is_shared: bool

    def cpu_s(self) -> float:
        """Tell the CPU seconds that the database has used."""

    def commits(self) -> int:
        """Tell how many transactions have been committed that wrote something."""

    def kept(self) -> int:
        """Tell how many bytes the ledger holds, what is free for what comes next not counted."""

    def tidy(self) -> None:
        """Get what was deleted out of the way."""

    def command(self) -> list[str]:
        """Give the words that start the service on it."""


class File:
    """SQLite, inside the host: it has no CPU of its own, and the host counts its commits."""

    is_shared = False

    def __init__(self, path: Path) -> None:
        self.address = str(path)
        self._path = path
        self._count = path.with_suffix(".commits")
        self._count.write_text("0", encoding="ascii")

    def cpu_s(self) -> float:
        """Give 0: the host works for it."""
        return 0.0

    def commits(self) -> int:
        """Ask the host."""
        return commits.count(self._count)

    def kept(self) -> int:
        """Count the pages that hold something, those that still stand in the log of SQLite among them."""
        with contextlib.closing(sqlite3.connect(self._path)) as connection:
            pages, free, size = (
                connection.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("page_count", "freelist_count", "page_size")
            )
        return int((pages - free) * size)

    def tidy(self) -> None:
        """Write all tables anew."""
        with contextlib.closing(sqlite3.connect(self._path)) as connection:
            connection.execute("VACUUM")

    def command(self) -> list[str]:
        """Start it by who counts."""
        return [sys.executable, "-m", "benchmarks.commits", str(self._count), "run"]


class Server:
    """A database of its own on a real PostgreSQL."""

    is_shared = True

    def __init__(self, server: Postgres) -> None:
        # By TCP, as from another machine.
        self.address = server.address_of(server.new(), PLACE)
        self._server = server

    def cpu_s(self) -> float:
        """Add up the server's processes, those that have ended among them."""
        server = self._server.pid
        return _cpu_s(server, ended=True) + sum(_cpu_s(child) for child in _children(server))

    def commits(self) -> int:
        """Ask for the next number of a transaction: only one that writes gets a number."""
        return int(self._server.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text")[0][0])

    def kept(self) -> int:
        """Ask for the tables with their indexes, the system's own left out."""
        asked = "SELECT sum(pg_total_relation_size(relid)) FROM pg_stat_user_tables"
        return int(self._server.execute(asked, self.address)[0][0])

    def tidy(self) -> None:
        """Write all tables anew."""
        self._server.execute("VACUUM FULL", self.address)

    def command(self) -> list[str]:
        """Start it as one of several hosts."""
        return [sys.executable, "-m", "translator", "run", "--role", "all"]


def measure(shape: Shape, store: Store, sandbox: SandboxProcess, folder: Path, messages: int) -> tuple[Way, float]:
    """Take messages in, then deliver them; gives what that cost, and how many calls a message had."""
    with Ledger.open(store.address) as ledger:
        if store.is_shared:
            ledger.cluster().set_up()
    _translator(sandbox, folder, "ledger", "pause", "whoop", "--reason", "measured", "--ledger", store.address)
    port, empty = free_port(), store.kept()
    (folder / "translator.toml").write_text(
        f"[[mllp]]\nlisten = '127.0.0.1:{port}'\n[whoop]\nurl = '{sandbox.whoop_url}'\nworkers = 8\n", encoding="utf-8"
    )
    with _service(sandbox, folder, store) as host, Ledger.open(store.address) as ledger:
        _send(port, shape, _WARM_UP, SEED + 1)
        before = _spent(host, store)
        told = _send(port, shape, messages, SEED)
        taken_in = _spent(host, store)
        _translator(sandbox, folder, "ledger", "resume", "whoop", "--ledger", store.address)
        began = time.monotonic()
        _until(lambda: not ledger.count("whoop").get("queued") and ledger.due_in("whoop") is None)
        delivering_s = time.monotonic() - began
        calls = ledger.count("whoop")["delivered"]
        delivered, memory = _spent(host, store), _most_memory(host)
    everything, kept = messages + _WARM_UP, store.kept() - empty
    with Ledger.open(store.address) as ledger:
        ledger.storage().prune(-1.0, lambda *_: None)
    store.tidy()
    way = Way(
        message_us=(taken_in.host_s - before.host_s) / messages * 1e6,
        call_us=(delivered.host_s - taken_in.host_s) / calls * 1e6,
        message_database_us=(taken_in.database_s - before.database_s) / messages * 1e6,
        call_database_us=(delivered.database_s - taken_in.database_s) / calls * 1e6,
        message_commits=(taken_in.commits - before.commits) / messages,
        call_commits=(delivered.commits - taken_in.commits) / calls,
        message_wire_bytes=(taken_in.wire - before.wire) / messages,
        call_wire_bytes=(delivered.wire - taken_in.wire) / calls,
        kept_bytes=kept / everything,
        account_bytes=(store.kept() - empty) / everything,
        memory_bytes=memory,
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
def _service(sandbox: SandboxProcess, folder: Path, store: Store) -> Iterator[int]:
    """Run the service; gives its process."""
    places = ["--ledger", store.address, "--listen", "127.0.0.1:0", "--console", "127.0.0.1:0"]
    with (
        (folder / "service.log").open("ab") as log,
        subprocess.Popen(  # noqa: S603 - our own module
            [*store.command(), *places],
            env=os.environ | sandbox.environment,
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=log,
        ) as process,
    ):
        if process.stdout is None or not process.stdout.readline():
            raise RuntimeError(f"the service did not start: {(folder / 'service.log').read_text(encoding='utf-8')}")
        try:
            yield process.pid
        finally:
            process.terminate()


def _spent(host: int, store: Store) -> Spent:
    return Spent(_cpu_s(host), store.cpu_s(), store.commits(), _wire())


def _wire() -> int:
    """Tell the bytes that went over the lines of this machine to itself, whoever sent them."""
    (loopback,) = (line for line in _lines("/proc/net/dev") if line.strip().startswith("lo:"))
    return int(loopback.partition(":")[2].split()[0])


def _most_memory(process: int) -> int:
    """Tell the most memory that a process has had, in bytes."""
    (line,) = (one for one in _lines(f"/proc/{process}/status") if one.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def _lines(place: str) -> list[str]:
    return Path(place).read_text(encoding="utf-8").splitlines()


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
            server.listen([PLACE], [f"{PLACE}/32"])
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
