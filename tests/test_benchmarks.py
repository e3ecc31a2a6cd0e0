"""What the benchmarks compare is what they say, and the engine stays within its limits of time and memory."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from benchmarks.batch import BatchStream, batch_alone
from benchmarks.candidates import ENGINE, HL7APY, REFERENCE, RUST_PEERS, candidates, only, payloads
from benchmarks.fhir import FHIR_RESOURCES, SIZES, Size, fhir_candidates
from benchmarks.fhir_messages import STANDARD_RESULTS, FhirLaboratory
from benchmarks.growth import growth, sized
from benchmarks.measure import Timing, compare
from benchmarks.messages import LARGE, SMALL, STANDARD, Laboratory, Shape
from benchmarks.reference import BareReader, PlainReader
from benchmarks.tables import README, Table, markdown, write_readme
from translator import Translator
from translator.mapping_files import packaged_tables
from translator.translate.tables import Tables

SHAPES = [pytest.param(shape, id=shape.name) for shape in (SMALL, STANDARD, LARGE)]


@pytest.fixture(scope="module")
def tables() -> Tables:
    """The packaged tables."""
    return packaged_tables()


@pytest.fixture(scope="module")
def standard(tables: Tables) -> Sequence[bytes]:
    """Messages as the comparison uses them."""
    return Laboratory(tables).messages(STANDARD, 20)


def test_laboratory_writes_the_same_for_the_same_seed(tables: Tables) -> None:
    """Two laboratories of one seed write the same bytes, another seed other ones."""
    first, again, other = (Laboratory(tables, seed=seed).messages(STANDARD, 3) for seed in (1, 1, 2))

    assert first == again
    assert first != other


def test_standard_message_is_as_long_as_it_is_said_to_be(standard: Sequence[bytes]) -> None:
    """4.9 KB and 22.6 OBX in the mean, of four value types."""
    obx = [line.split(b"|") for raw in standard for line in raw.split(b"\r") if line.startswith(b"OBX")]

    assert sum(map(len, standard)) / len(standard) == pytest.approx(4900, rel=0.02)
    assert len(obx) / len(standard) == 22.6
    assert {fields[2] for fields in obx} == {b"NM", b"SN", b"CWE", b"ST"}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_observation_of_a_message_translates(tables: Tables, shape: Shape) -> None:
    """Nothing is held, so that every message costs its full way."""
    (raw,) = Laboratory(tables).messages(shape, 1)

    _, translated = payloads(Translator(tables), raw)

    assert translated == raw.count(b"\rOBX|")


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("reader", [pytest.param(PlainReader, id="reference"), pytest.param(BareReader, id="floor")])
def test_reader_gives_the_engines_payload_bytes(
    tables: Tables, shape: Shape, reader: Callable[[Tables], PlainReader | BareReader]
) -> None:
    """What the engine is compared with comes to the same bytes."""
    messages = Laboratory(tables).messages(shape, 10)
    engine = Translator(tables)

    found = [reader(tables)(raw) for raw in messages]

    assert found == [payloads(engine, raw)[0] for raw in messages]


@pytest.fixture(scope="module")
def bundles(tables: Tables) -> Sequence[bytes]:
    """FHIR bundles as the comparison uses them."""
    return FhirLaboratory(tables).bundles(STANDARD_RESULTS, 20)


def test_standard_bundle_is_as_long_as_it_is_said_to_be(tables: Tables, bundles: Sequence[bytes]) -> None:
    """24.6 KB and 25 results in the mean, and the same for the same seed."""
    assert sum(map(len, bundles)) / len(bundles) == pytest.approx(24_600, rel=0.02)
    assert {raw.count(b'"resourceType":"Observation"') for raw in bundles} == {STANDARD_RESULTS}
    assert FhirLaboratory(tables).bundles(STANDARD_RESULTS, 2) == bundles[:2]


@pytest.mark.parametrize("size", [pytest.param(size, id=size.name) for size in SIZES])
def test_every_result_of_a_bundle_translates(tables: Tables, size: Size) -> None:
    """Nothing is held, so that every bundle costs its full way."""
    (raw,) = FhirLaboratory(tables).bundles(size.results, 1)

    _, translated = payloads(Translator(tables), raw)

    assert translated == size.results


@pytest.mark.parametrize("size", [pytest.param(size, id=size.name) for size in SIZES])
def test_fhir_reference_gives_the_engines_payload_bytes(tables: Tables, size: Size) -> None:
    """What the engine is compared with comes to the same bytes."""
    pytest.importorskip("orjson", reason="`make bench` installs it")
    found = only({REFERENCE}, fhir_candidates(tables)[0])
    bundles = FhirLaboratory(tables).bundles(size.results, 10)
    engine = Translator(tables)

    assert [found[0].read(raw) for raw in bundles] == [payloads(engine, raw)[0] for raw in bundles]


def test_batch_stream_is_a_batch_with_right_counts(tables: Tables, standard: Sequence[bytes]) -> None:
    """Read in odd chunks it gives every message once, and no finding about its envelope."""
    stream = BatchStream(standard[:3], 30_000)

    outcomes = list(Translator(tables).translate_stream(io.BufferedReader(stream, 777)))

    assert len(outcomes) == stream.written
    assert {outcome.state for outcome in outcomes} == {"translated"}


def test_peer_that_is_not_installed_is_named(tables: Tables) -> None:
    """Every peer is either compared or missing by name."""
    found, missing = candidates(tables)

    peers = {candidate.name for candidate in found} | {peer.name for peer in missing}

    assert peers >= {HL7APY, "python-hl7", *RUST_PEERS}


def test_portable_table_leaves_out_what_one_machine_says() -> None:
    """A README shows ratios, not times."""
    table = Table("Title", ("reader", "us", "ratio"), (("a", "12.0", "1.00"),), frozenset({"us"}))

    assert "12.0" in markdown(table)
    assert "12.0" not in markdown(table, portable=True)


@pytest.mark.parametrize(
    ("others_stay", "titles"),
    [pytest.param(False, ["Second"], id="all"), pytest.param(True, ["First", "Second", "Third"], id="some")],
)
def test_readme_keeps_what_was_not_measured_where_only_some_is(
    tmp_path: Path,
    others_stay: bool,  # noqa: FBT001 - a table of cases
    titles: list[str],
) -> None:
    """A table takes the place of the one that has its title; what stands before the figures stays."""
    path = tmp_path / "README.md"
    path.write_text(README.read_text(encoding="utf-8"), encoding="utf-8")
    write_readme([Table(title, ("a", "b"), (("x", "1"),)) for title in ("First", "Second", "Third")], path)
    write_readme([Table("Second", ("a", "b"), (("x", "2"),))], path, others_stay=others_stay)

    text = path.read_text(encoding="utf-8")
    assert [line.removeprefix("### ") for line in text.splitlines() if line.startswith("### ")] == titles
    assert (text.count("| x | 2 |"), text.count("| x | 1 |")) == (1, len(titles) - 1)
    assert text.partition("<!--")[0] == README.read_text(encoding="utf-8").partition("<!--")[0]


@pytest.fixture(scope="module")
def timings(tables: Tables, standard: Sequence[bytes]) -> dict[str, Timing]:
    """The comparison on the standard message, once for all limits."""
    found, _ = candidates(tables)
    wanted = only({REFERENCE, ENGINE, HL7APY, *RUST_PEERS}, found)
    return {timing.name: timing for timing in compare(wanted, standard, rounds=9)}


@pytest.mark.bench
def test_engine_stays_near_the_plain_reference(timings: dict[str, Timing]) -> None:
    """With every check and entry, never above 1.9 times the plain reference."""
    assert timings[ENGINE].ratio <= 1.9


@pytest.mark.bench
@pytest.mark.parametrize("peer", RUST_PEERS)
def test_engine_is_ahead_of_a_rust_reader(timings: dict[str, Timing], peer: str) -> None:
    """The whole translation takes less than the peer's parse and read."""
    if peer not in timings:
        pytest.skip(f"{peer} is not installed: `make bench` installs it")

    assert timings[ENGINE].ratio < timings[peer].ratio


@pytest.mark.bench
def test_engine_is_far_ahead_of_hl7apy(timings: dict[str, Timing]) -> None:
    """The whole translation is at least 350 times as fast as hl7apy's parse."""
    assert timings[HL7APY].ratio / timings[ENGINE].ratio >= 350


@pytest.fixture(scope="module")
def fhir_timings(tables: Tables, bundles: Sequence[bytes]) -> dict[str, Timing]:
    """The comparison on the standard bundle, once for all limits."""
    pytest.importorskip("orjson", reason="`make bench` installs it")
    wanted = only({REFERENCE, ENGINE, FHIR_RESOURCES}, fhir_candidates(tables)[0])
    return {timing.name: timing for timing in compare(wanted, bundles, rounds=9)}


@pytest.mark.bench
def test_engine_stays_near_the_plain_reference_of_fhir(fhir_timings: dict[str, Timing]) -> None:
    """With every check and entry, never above 3 times the plain reference."""
    assert fhir_timings[ENGINE].ratio <= 3.0


@pytest.mark.bench
def test_engine_is_far_ahead_of_fhir_resources(fhir_timings: dict[str, Timing]) -> None:
    """The whole translation is at least 15 times as fast as fhir.resources' parse."""
    assert fhir_timings[FHIR_RESOURCES].ratio / fhir_timings[ENGINE].ratio >= 15


@pytest.mark.bench
@pytest.mark.parametrize("one_order", [pytest.param(False, id="many-orders"), pytest.param(True, id="one-order")])
def test_time_is_linear_in_the_number_of_results(tables: Tables, *, one_order: bool) -> None:
    """An OBX among 100,000 costs hardly more than one among 1,000: caches and the collector, nothing quadratic."""
    (engine,) = only({ENGINE}, candidates(tables)[0])

    _, _, largest = growth(engine.read, sized(Laboratory(tables), one_order=one_order))

    assert largest.ratio <= 2


@pytest.mark.bench
def test_batch_is_translated_in_constant_memory() -> None:
    """A batch of 32 MiB leaves no more behind than its buffers."""
    run = batch_alone(32 << 20)

    assert (run.messages, run.lost) == (run.written, 0)
    assert (run.growth or 0) < 3 << 20
