"""
Measure how many messages an MLLP port takes and acknowledges, each on disk before its acknowledgement.

    python -m benchmarks.mllp                         # 8 connections, each waits for its answer before it sends on
    python -m benchmarks.mllp --window 4 --profile    # up to 4 under way on each; where the server's time goes

The senders have a process of their own, as they have at a laboratory. Standard messages, each on lanes of its own.
"""

from __future__ import annotations

import argparse
import json
import selectors
import socket
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from time import perf_counter, process_time

from msgspec import Struct

from benchmarks.messages import SEED, STANDARD, Laboratory, Shape
from translator.accept.mllp_server import MllpServer
from translator.config import parse_settings
from translator.config_intakes import MllpIntake
from translator.intake import Intake, Tables
from translator.ledger import DestinationPolicy, Ledger
from translator.mapping_files import packaged_tables
from translator.secrets import Secret
from translator.sites import Sites
from translator.tracing import NO_TRACER, Tracer
from translator.write.mllp import frame

POLICIES = {"whoop": DestinationPolicy(loopback=True)}
CONNECTIONS = 8
_END = b"\x1c\r"
_CHUNK = 1 << 16
_LINES = 40


class Figures(Struct, frozen=True):
    """
    What the senders saw.

    Shape: `accepted` are the acknowledgements that say CA, as the standard message asks, of `messages`.
    Units: `per_second` messages; `p50_ms` and `p99_ms` from the first byte written to the answer read, in milliseconds;
    `cpu_us` of the server's process for one message, in microseconds.
    """

    messages: int
    accepted: int
    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_us: float = 0.0


def measure(
    *,
    messages: int = 4000,
    window: int = 1,
    key: Secret | None = None,
    seed: int = SEED,
    tracer: Tracer = NO_TRACER,
) -> Figures:
    """Send standard messages over 8 connections to a new ledger."""
    tables = Tables(Sites.load(parse_settings("")), POLICIES)
    with (
        tempfile.TemporaryDirectory() as folder,
        Ledger.open(Path(folder) / "lab.db", key=key) as ledger,
        Intake(ledger, tables, tracer) as intake,
        MllpServer(intake, MllpIntake("127.0.0.1:0")) as server,
        senders(server.port, messages, window, seed) as sending,
    ):
        began = process_time()
        print("go", file=sending.stdin, flush=True)
        told = sending.stdout.readline() if sending.stdout else ""
        cpu = process_time() - began
        if ledger.verify():
            raise RuntimeError("the ledger does not balance")
    figures = json.loads(told)
    return Figures(**figures, cpu_us=cpu / messages * 1_000_000)


@contextmanager
def senders(
    port: int, messages: int, window: int, seed: int, shape: Shape = STANDARD
) -> Iterator[subprocess.Popen[str]]:
    """Start senders in a process of their own; they begin with `go`, and tell their figures as a line of JSON."""
    arguments = [*map(str, (port, messages, window, seed)), ",".join(map(str, shape.counts))]
    command = [sys.executable, "-m", "benchmarks.mllp", "--send", *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own module
        # They write their messages first.
        if process.stdout is None or process.stdout.readline() != "ready\n":
            raise RuntimeError("the senders did not start")
        try:
            yield process
        finally:
            process.terminate()


def _send(port: int, messages: int, window: int, seed: int, shape: Shape) -> None:
    """Be the senders: each has `window` messages under way and sends the next with each answer."""
    frames = deque(frame(raw) for raw in Laboratory(packaged_tables(), seed=seed).messages(shape, messages))
    connections = [socket.create_connection(("127.0.0.1", port)) for _ in range(CONNECTIONS)]
    print("ready", flush=True)
    sys.stdin.readline()
    selector = selectors.DefaultSelector()
    under_way: dict[int, deque[float]] = {}
    waits: list[float] = []
    accepted = 0
    began = perf_counter()
    for connection in connections:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(connection, selectors.EVENT_READ)
        under_way[connection.fileno()] = deque()
        for _ in range(min(window, len(frames))):
            under_way[connection.fileno()].append(perf_counter())
            connection.sendall(frames.popleft())
    while len(waits) < messages:
        for ready, _ in selector.select():
            peer = connections[[one.fileno() for one in connections].index(ready.fd)]
            chunk = peer.recv(_CHUNK)
            if not chunk:
                raise RuntimeError("the server hung up")
            accepted += chunk.count(b"\rMSA|CA|")
            for _ in range(chunk.count(_END)):
                waits.append(perf_counter() - under_way[ready.fd].popleft())
                if frames:
                    under_way[ready.fd].append(perf_counter())
                    peer.sendall(frames.popleft())
    seconds = perf_counter() - began
    hundredths = quantiles(waits, n=100)
    figures = Figures(messages, accepted, messages / seconds, hundredths[49] * 1000, hundredths[98] * 1000)
    told = {name: getattr(figures, name) for name in Figures.__struct_fields__ if name != "cpu_us"}
    print(json.dumps(told), flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure an MLLP port.")
    parser.add_argument("--messages", type=int, default=4000)
    parser.add_argument("--window", type=int, default=1, help="how many messages a sender has under way")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--profile", action="store_true", help="show where the thread of the intake spends its time")
    parser.add_argument("--send", nargs=5, help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.send:
        *numbers, counts = wanted.send
        port, messages, window, seed = map(int, numbers)
        _send(port, messages, window, seed, Shape("sent", tuple(map(int, counts.split(",")))))
        return
    for number in range(wanted.rounds):
        found = measure(messages=wanted.messages, window=wanted.window, seed=SEED + number)
        print(
            f"{found.per_second:,.0f} durable acknowledgements/s, {found.cpu_us:,.0f} us of CPU a message, "
            f"p50 {found.p50_ms:.1f} ms, p99 {found.p99_ms:.1f} ms"
        )


if __name__ == "__main__":
    main()
