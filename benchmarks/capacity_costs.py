"""What `benchmarks.capacity` measures and `benchmarks.sizing` computes with, and the file between them."""

from __future__ import annotations

from pathlib import Path

import msgspec
from msgspec import Struct

COSTS = Path(__file__).parent / "capacity.json"


class Way(Struct, frozen=True, forbid_unknown_fields=True):
    """
    What one message costs on its way from the frame to the vendor's last answer.

    Units: CPU microseconds of one core; commits that write, each of which waits for the disk; bytes on all lines (from
    the sender, to the database, to the vendor); bytes that the ledger keeps, once delivered, and once pruned; the most
    memory of the host's process.
    Absent: what a database of its own needs is 0 with SQLite, which works inside the host.
    """

    message_us: float
    call_us: float
    message_database_us: float
    call_database_us: float
    message_commits: float
    call_commits: float
    message_wire_bytes: float
    call_wire_bytes: float
    kept_bytes: float
    account_bytes: float
    memory_bytes: float
    messages_per_second: float
    calls_per_second: float


class Costs(Struct, frozen=True, forbid_unknown_fields=True):
    """What was measured with messages of one shape: alone with SQLite, and with several hosts on PostgreSQL."""

    results_per_message: float
    calls_per_message: float
    alone: Way
    shared: Way


class Capacity(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that was measured; `machine` says on what."""

    machine: str
    shapes: dict[str, Costs]


def read_capacity(path: Path = COSTS) -> Capacity:
    """Read what was measured."""
    return msgspec.json.decode(path.read_bytes(), type=Capacity)
