"""
Measure how fast a ledger takes standard messages in, empty and when it already holds millions of entries.

    python -m benchmarks.ledger --entries 10000000 --folder /somewhere/with/6GB

fills a SQLite ledger once (minutes) and prints both figures; a folder that was filled before is used again.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter

from msgspec import Struct, structs

from benchmarks.messages import STANDARD, Laboratory
from translator import Translator
from translator.ledger import Arrival, DestinationPolicy, Ledger, Settlement
from translator.secrets import Secret

BATCH = 64
POLICIES = {"whoop": DestinationPolicy(loopback=True)}
_KINDS = 200
_FILL_BATCH = 500


class Rates(Struct, frozen=True):
    """
    What a ledger of one size does.

    Units: messages accepted per second, in batches of 64, and submissions claimed and settled per second, one by one.
    """

    entries: int
    accepted: float
    settled: float


def arrivals(seed: int = 1) -> Iterator[Arrival]:
    """Give standard messages without end, each on lanes of its own; translated once, so that only the ledger works."""
    engine = Translator.load()
    laboratory = Laboratory(engine.tables, seed=seed)
    raws = laboratory.messages(STANDARD, _KINDS)
    kinds = [Arrival(engine.translate(raw), raw) for raw in raws]
    for number in itertools.count():
        kind = kinds[number % _KINDS]
        submissions = tuple(
            structs.replace(one, service_request_id=str(uuid.UUID(int=(seed << 96) + (number << 8) + place)))
            for place, one in enumerate(kind.outcome.submissions)
        )
        yield structs.replace(kind, outcome=structs.replace(kind.outcome, submissions=submissions))


def measure(ledger: Ledger, source: Iterator[Arrival], messages: int = 2_000) -> Rates:
    """Accept some messages and deliver some submissions, and give both rates."""
    entries = ledger.balance().entries
    batches = _batches(source, messages)
    began = perf_counter()
    for batch in batches:
        ledger.accept(batch, POLICIES)
    accepted = messages / (perf_counter() - began)
    began = perf_counter()
    for _ in range(messages // 10):
        claim = ledger.claim("whoop")
        if claim is None:
            raise RuntimeError("nothing is due in a ledger that was just filled")
        ledger.settle(claim, Settlement("accepted", "201"))
    return Rates(entries, accepted, messages // 10 / (perf_counter() - began))


def fill(ledger: Ledger, source: Iterator[Arrival], entries: int) -> None:
    """Accept messages until the ledger holds that many entries."""
    held = ledger.balance().entries
    while held < entries:
        batch = list(itertools.islice(source, _FILL_BATCH))
        ledger.accept(batch, POLICIES)
        held += sum(len(arrival.outcome.entries) for arrival in batch)


def _batches(source: Iterator[Arrival], messages: int) -> Sequence[Sequence[Arrival]]:
    return [list(itertools.islice(source, BATCH)) for _ in range(0, messages, BATCH)]


def main() -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(description="Measure an empty ledger and a full one.")
    parser.add_argument("--entries", type=int, default=10_000_000)
    parser.add_argument("--folder", type=Path, help="where the full ledger is kept, or is from an earlier run")
    parser.add_argument("--key", help="encrypt, with the key at file:PATH or env:NAME")
    wanted = parser.parse_args()
    key = Secret(wanted.key) if wanted.key else None
    with tempfile.TemporaryDirectory() as folder:
        with Ledger.open(Path(folder, "empty.db"), key=key) as ledger:
            empty = measure(ledger, arrivals(seed=2))
        print(f"empty: {empty.accepted:,.0f} accepted/s, {empty.settled:,.0f} claimed and settled/s", flush=True)
        with Ledger.open(Path(wanted.folder or folder, "full.db"), key=key) as ledger:
            began = perf_counter()
            fill(ledger, arrivals(seed=3), wanted.entries)
            print(f"filled in {perf_counter() - began:,.0f} s", flush=True)
            full = measure(ledger, arrivals(seed=uuid.uuid4().int >> 98))
        kept = (full.accepted / empty.accepted, full.settled / empty.settled)
        print(
            f"{full.entries:,} entries: {full.accepted:,.0f} accepted/s ({kept[0]:.2f} of empty), "
            f"{full.settled:,.0f} claimed and settled/s ({kept[1]:.2f})"
        )


if __name__ == "__main__":
    main()
