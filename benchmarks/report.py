"""Run the measurements one after another, and make a table of each."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from benchmarks.batch import batch_alone
from benchmarks.candidates import ENGINE, REFERENCE, Candidate, candidates, only
from benchmarks.delivery import throughput, wake
from benchmarks.fhir import SIZES, fhir_candidates
from benchmarks.fhir_messages import FhirLaboratory
from benchmarks.growth import growth, sized
from benchmarks.measure import Timing, compare
from benchmarks.memory import peak_for
from benchmarks.messages import LARGE, SMALL, STANDARD, Laboratory, Shape
from benchmarks.splitting import splitting
from benchmarks.tables import Table, figure, mebibytes
from translator.translate.tables import Tables

# So many of each size that slow readers, too, are timed over more than one message.
_POOLS = ((SMALL, 20), (STANDARD, 20), (LARGE, 2))
_BIG_RESULTS = 3_000
_MIB = 1 << 20


def measured(tables: Tables, *, everything: bool, rounds: int, collect: bool) -> Iterator[Table]:
    """Give one table after another, as soon as each is measured."""
    found, missing = candidates(tables)
    for peer in missing:
        print(f"not installed, left out: {peer.name} (pip install {peer.package})", file=sys.stderr)
    left_out = f"Not installed, left out: {', '.join(peer.name for peer in missing)}." if missing else ""
    yield _reading(found, Laboratory(tables), rounds=rounds, collect=collect, note=left_out)
    yield _fhir(tables, rounds=rounds, collect=collect)
    yield _memory(found)
    yield _growth(found, tables, one_order=False)
    yield _growth(found, tables, one_order=True)
    yield _splitting(Laboratory(tables).messages(*_POOLS[1]))
    yield from delivery(tables)
    yield _batches([32 * _MIB, 1024 * _MIB] if everything else [32 * _MIB])


def _reading(found: Sequence[Candidate], laboratory: Laboratory, *, rounds: int, collect: bool, note: str) -> Table:
    head, absolute = ["reader", "does"], []
    sizes: list[list[Timing]] = []
    for shape, number in _POOLS:
        messages = laboratory.messages(shape, number)
        sizes.append(compare(found, messages, rounds=rounds, collect=collect))
        head += [f"{_described(shape)}, us", shape.name]
        absolute.append(head[-2])
    rows = tuple((first.name, first.does, *_figures(first.name, sizes)) for first in sizes[1])
    return Table(
        "Reading: CPU time for one message, as ratio to the plain reference",
        tuple(head),
        rows,
        frozenset(absolute),
        note,
    )


def _fhir(tables: Tables, *, rounds: int, collect: bool) -> Table:
    found, missing = fhir_candidates(tables)
    sizes = [
        compare(found, FhirLaboratory(tables).bundles(size.results, size.bundles), rounds=rounds, collect=collect)
        for size in SIZES * bool(found)
    ]
    head, absolute = ["reader", "does"], []
    for size in SIZES:
        head += [f"{size.results} results, us", size.name]
        absolute.append(head[-2])
    rows = tuple((each.name, each.does, *_figures(each.name, sizes)) for each in found)
    left_out = f"Not installed, left out: {', '.join(peer.name for peer in missing)}." if missing else ""
    title = "FHIR: CPU time for one bundle, as ratio to the plain reference"
    return Table(title, tuple(head), rows, frozenset(absolute), left_out)


def _described(shape: Shape) -> str:
    return f"{sum(shape.counts) / len(shape.counts):g} OBX"


def _figures(name: str, sizes: Sequence[Sequence[Timing]]) -> Iterator[str]:
    for timings in sizes:
        (timing,) = (each for each in timings if each.name == name)
        yield figure(timing.us)
        yield figure(timing.ratio)


def _memory(found: Sequence[Candidate]) -> Table:
    rows = tuple((each.name, figure(mebibytes(peak_for(each.name, _BIG_RESULTS)))) for each in found)
    return Table(f"Memory: highest above the start, for one message of {_BIG_RESULTS:,} OBX", ("reader", "MiB"), rows)


def _growth(found: Sequence[Candidate], tables: Tables, *, one_order: bool) -> Table:
    messages = sized(Laboratory(tables), one_order=one_order)
    ours, plain = (growth(each.read, messages) for name in (ENGINE, REFERENCE) for each in only({name}, found))
    rows = tuple(
        (f"{own.results:,} OBX", f"{own.kib:,}", figure(own.us), figure(own.ratio), figure(least.ratio))
        for own, least in zip(ours, plain, strict=True)
    )
    shape = "all of one order, codes repeat" if one_order else "25 to an order"
    return Table(
        f"Growth: time for one OBX, as ratio to the smallest message ({shape})",
        ("message", "KiB", "us for one OBX", ENGINE, REFERENCE),
        rows,
        frozenset({"us for one OBX"}),
    )


def _splitting(messages: Sequence[bytes]) -> Table:
    rows = tuple(
        (each.framing, figure(each.us), figure(each.mb_per_s), figure(each.ratio)) for each in splitting(messages)
    )
    return Table(
        "Splitting alone, as ratio to bytes.split",
        ("framing", "us for one message", "MB/s", "ratio"),
        rows,
        frozenset({"us for one message", "MB/s"}),
    )


def delivery(tables: Tables) -> Iterator[Table]:
    """Measure throughput and waking."""
    rows = tuple(
        (str(number), figure(each.bare), figure(each.ours), figure(each.ratio))
        for number, each in enumerate(throughput(tables), start=1)
    )
    head = ("round", "bare httpx, posts/s", "delivery, submissions/s", "ratio")
    yield Table("Delivery, as ratio to bare httpx against the same sandbox", head, rows, frozenset(head[1:3]))
    woken = wake(tables)
    idle = None if woken.idle_cpu is None else woken.idle_cpu * 100
    yield Table(
        "From a commit of one process to the request of another",
        ("what", "figure"),
        (
            ("p50, ms", figure(woken.p50_ms)),
            ("p95, ms", figure(woken.p95_ms)),
            ("CPU while nothing is committed, % of a core", figure(idle)),
        ),
    )


def _batches(sizes: Sequence[int]) -> Table:
    rows = []
    for size in sizes:
        run = batch_alone(size)
        rows.append(
            (
                f"{size // _MIB:,} MiB",
                f"{run.written:,}",
                f"{run.messages:,}",
                f"{run.lost:,}",
                f"{1e6 / run.us:,.0f}",
                figure(mebibytes(run.growth)),
            )
        )
    return Table(
        "A batch as one stream, through the whole engine",
        ("batch", "messages", "outcomes", "entries not translated", "messages/s", "memory growth, MiB"),
        tuple(rows),
        frozenset({"messages/s"}),
    )
