"""
Translate an archive alone and on a Ray cluster of two nodes on this machine; compare the bytes and the rates.

    python -m benchmarks.archive                       # 1,000,000 messages: some ten minutes
    python -m benchmarks.archive --messages 50000      # a minute
    python -m benchmarks.archive --folder DIR          # keep the messages in DIR, or take what is there

The archive is a folder of batches as laboratories keep them, some 8 MB each, no two messages the same; with what both
ways write of it, it takes 20 GB of the disk for a million. One process translates it by the plain
path, `translator translate FOLDER --output alone/`. Each node of the cluster has one processor; `--cluster` has them
read the files and write their parts. Both times are those of the whole command, with its start; the cluster is there
before it. The bytes are those of all lines in their order.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from msgspec import Struct

from benchmarks.messages import SEED, STANDARD, Laboratory
from translator.mapping_files import packaged_tables

MESSAGES = 1_000_000
GOAL = 0.7
_IN_FILE = 1_600
_NODES = 2
_STORE_BYTES = 200 << 20
_AGENTS = ("metrics_agent_port", "dashboard_agent_listen_port", "runtime_env_agent_port")


class Figures(Struct):
    """
    What was measured.

    Shape: `ratio` is the rate of the cluster to as many times the rate of one process as it has nodes.
    """

    messages: int
    alone_s: float
    cluster_s: float
    ratio: float
    is_same: bool


def measure(folder: Path, messages: int, out: Path) -> Figures:
    """Translate the messages of a folder both ways."""
    alone = _translate(folder, out / "alone")
    with ray_cluster(_NODES) as address:
        cluster = _translate(folder, out / "cluster", "--cluster", address)
    is_same = _hash(out / "alone") == _hash(out / "cluster")
    return Figures(messages, round(alone, 1), round(cluster, 1), round(alone / cluster / _NODES, 3), is_same)


def write(folder: Path, messages: int) -> None:
    """Write an archive, each file from a seed of its own; files that are there stay."""
    counts = [min(_IN_FILE, messages - first) for first in range(0, messages, _IN_FILE)]
    folder.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor() as pool:
        list(pool.map(partial(_write_file, folder), range(len(counts)), counts))


@contextmanager
def ray_cluster(nodes: int, processors: int = 1) -> Iterator[str]:
    """Run a cluster on this machine, of so many nodes with so many processors each."""
    from ray.cluster_utils import Cluster  # noqa: PLC0415 - only this needs it

    os.environ |= {
        "RAY_USAGE_STATS_ENABLED": "0",
        "DO_NOT_TRACK": "1",
        "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
        # A token that lies in a person's home is for another cluster.
        "RAY_AUTH_MODE": "disabled",
    }
    node = {
        "num_cpus": processors,
        "object_store_memory": _STORE_BYTES,
        "include_dashboard": False,
        "include_log_monitor": False,
        "no_monitor": True,
    }
    cluster = Cluster(initialize_head=True, head_node_args=node | _ports())
    try:
        for _ in range(nodes - 1):
            cluster.add_node(**node, **_ports())  # type: ignore[arg-type]
        yield cluster.address
    finally:
        cluster.shutdown()  # type: ignore[no-untyped-call]


def _ports() -> dict[str, int]:
    """Find ports for a node's agents; where they choose their own, a node waits until they have."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in _AGENTS]
    try:
        return {agent: each.getsockname()[1] for agent, each in zip(_AGENTS, sockets, strict=True)}
    finally:
        for each in sockets:
            each.close()


def _write_file(folder: Path, number: int, count: int) -> None:
    path = folder / f"{number:05}.hl7"
    if not path.exists():
        raw = b"".join(Laboratory(packaged_tables(), seed=SEED + number).messages(STANDARD, count))
        fresh = path.with_name(f".{path.name}")
        fresh.write_bytes(raw)
        fresh.replace(path)


def _translate(folder: Path, out: Path, *flags: str) -> float:
    begin = time.perf_counter()
    command = [sys.executable, "-m", "translator", "translate", str(folder), "--output", f"{out}/", *flags]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own command line
    return time.perf_counter() - begin


def _hash(out: Path) -> str:
    digest = hashlib.sha256()
    for part in sorted(out.glob("part-*")):
        digest.update(part.read_bytes())
    return digest.hexdigest()


def main() -> int:
    """Write, measure, and say whether the goal is met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=MESSAGES)
    parser.add_argument("--folder", type=Path, help="where the messages lie, or are to be kept")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="archive") as name:
        folder = given.folder or Path(name, "messages")
        write(folder, given.messages)
        figures = measure(folder, given.messages, Path(name))
    print(json.dumps({name: getattr(figures, name) for name in figures.__struct_fields__}, indent=2))
    return 0 if figures.is_same and figures.ratio >= GOAL else 1


if __name__ == "__main__":
    raise SystemExit(main())
