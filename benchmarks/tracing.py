"""
Measure what traces cost: the same messages taken in by MLLP, and the same submissions delivered, with and without.

    python -m benchmarks.tracing                # five rounds; in each, with and without in turn
    python -m benchmarks.tracing --ratio 0.1    # a tenth of the messages is traced

A collector in a process of its own takes every span. Each figure is the median of the rounds, and so is each ratio.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median

from msgspec import Struct, structs

from benchmarks import delivery, mllp
from benchmarks.messages import SEED
from translator.config_trace import TraceSettings
from translator.delivery import deliver, policies
from translator.ledger import Ledger
from translator.mapping_files import packaged_tables
from translator.tracing import Tracer, open_tracer

OFF = TraceSettings()


class Pair(Struct, frozen=True):
    """
    The same work without and with traces.

    Units: `off` and `on` in messages or submissions a second; CPU time in microseconds for each.
    """

    off: float
    on: float
    off_cpu_us: float
    on_cpu_us: float


def intake(on: TraceSettings, *, messages: int = 4000, seed: int = SEED) -> Pair:
    """Take standard messages in by MLLP over 8 connections."""
    found = []
    for settings in (OFF, on):
        with open_tracer(settings, _warn) as tracer:
            found.append(mllp.measure(messages=messages, seed=seed, tracer=tracer))
    return Pair(found[0].per_second, found[1].per_second, found[0].cpu_us, found[1].cpu_us)


def outgoing(on: TraceSettings, greeting: dict[str, str], *, submissions: int = 1000, seed: int = SEED) -> Pair:
    """Deliver standard messages to a sandbox."""
    found: list[tuple[float, float]] = []
    for settings in (OFF, on):
        with open_tracer(settings, _warn) as tracer:
            found.append(_deliver(tracer, greeting, submissions, seed))
    (off, off_cpu), (with_traces, on_cpu) = found
    return Pair(off, with_traces, off_cpu, on_cpu)


def _deliver(tracer: Tracer, greeting: dict[str, str], submissions: int, seed: int) -> tuple[float, float]:
    tables, settings = packaged_tables(), delivery.settings_for(greeting)
    with tempfile.TemporaryDirectory() as folder, Ledger.open(Path(folder) / "lab.db") as ledger:
        arrivals = delivery.standard_arrivals(tables, submissions, seed)
        spans = [tracer.begin("receive bench", "consumer", tracer.now()) for _ in arrivals]
        kept = [structs.replace(one, traceparent=span.context) for one, span in zip(arrivals, spans, strict=True)]
        ledger.accept(kept, policies(settings))
        began, cpu = time.perf_counter(), time.process_time()
        done = deliver(ledger, settings, tables, tracer=tracer)
        took, used = time.perf_counter() - began, time.process_time() - cpu
    return done.delivered / took, used / done.delivered * 1_000_000


@contextmanager
def collector() -> Iterator[str]:
    """Take every export in a process of its own, and forget it; gives its URL."""
    command = [sys.executable, "-m", "benchmarks.tracing", "--collect"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own module
        if process.stdout is None or not (url := process.stdout.readline().strip()):
            raise RuntimeError("the collector did not start")
        try:
            yield url
        finally:
            process.terminate()


class _Taker(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Take one export."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _collect() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Taker)
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()


def _warn(text: str) -> None:
    print(text, file=sys.stderr)


def _line(name: str, pairs: list[Pair]) -> str:
    off, on = median(one.off for one in pairs), median(one.on for one in pairs)
    ratio = median(one.on / one.off for one in pairs)
    cpu = median(one.on_cpu_us - one.off_cpu_us for one in pairs)
    before = median(one.off_cpu_us for one in pairs)
    return f"{name:10} off {off:6.0f}/s   on {on:6.0f}/s   ratio {ratio:.2f}   CPU {before:.0f} us, and {cpu:.0f} more"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure what traces cost.")
    parser.add_argument("--ratio", type=float, default=1.0, help="the part of the messages that is traced")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--messages", type=int, default=4000, help="messages of a round; a quarter is delivered")
    parser.add_argument("--collect", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.collect:
        _collect()
    with collector() as url, delivery.sandbox() as greeting:
        on = TraceSettings(url, sample_ratio=asked.ratio)
        seeds = range(SEED, SEED + asked.rounds)
        count = asked.messages
        print(_line("intake", [intake(on, messages=count, seed=seed) for seed in seeds]), flush=True)
        print(_line("delivery", [outgoing(on, greeting, submissions=count // 4, seed=seed) for seed in seeds]))


if __name__ == "__main__":
    main()
