"""Parcels of an archive, worked on anywhere: the same results in the same order as by the plain path."""

from __future__ import annotations

import gzip
import io
import pickle
import random
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.cli.test_translate import HDL, UNMAPPED, message
from tests.exported import hdl, lines, order, report
from translator import Translator
from translator.bulk.parcels import Left, Rows, Whole, Worked, Working, pack
from translator.bulk.places import AT_ONCE_BYTES, Stored
from translator.bulk.sharing import Sharing
from translator.feed import translate_files
from translator.portions import Portion

ENGINE = Translator.load()
Spread = Callable[[Callable[[Any], Any], Iterable[Any]], Iterator[Any]]


def translated(portions: Iterable[Portion]) -> list[bytes]:
    """Do the work: the lines of some portions."""
    return [outcome.json for portion in portions for _, outcome in ENGINE.translate_portion(portion)]


def far_away(work: Callable[[Any], Any], things: Iterable[Any]) -> Iterator[Any]:
    """Spread as a cluster does: everything travels, and some of it is under way before a result is taken."""
    packed = [pickle.dumps(thing) for thing in things]
    return iter([pickle.loads(pickle.dumps(work(pickle.loads(thing)))) for thing in packed])  # noqa: S301 - our own


def shared(
    files: list[Stored], *, spread: Spread = far_away, column: str | None = None
) -> tuple[list[bytes], list[str]]:
    """Give the lines of an archive, and what could not be read."""
    said: list[str] = []
    sharing = Sharing(translated, spread, lambda name, error: said.append(f"{name}: {error.strerror}"))
    return [line for result in sharing.results(files, column) for line in result], said


def plain(files: list[Stored]) -> tuple[list[bytes], list[str]]:
    """Give the same by the plain path."""
    said: list[str] = []
    sources = [(file.name, file.open) for file in files]
    outcomes = translate_files(ENGINE, sources, lambda name, error: said.append(f"{name}: {error.strerror}"))
    return [outcome.json for _, outcome in outcomes], said


def stored(folder: Path, **contents: bytes) -> list[Stored]:
    """Write files, named by words with `__` for a point."""
    found = []
    for word, raw in contents.items():
        name = word.replace("__", ".")
        (folder / name).write_bytes(raw)
        found.append(Stored(name, str(folder / name), len(raw)))
    return found


def zipped(**contents: bytes) -> bytes:
    """Pack files into an archive."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for word, raw in contents.items():
            archive.writestr(word.replace("__", "."), raw)
    return packed.getvalue()


EXPORT = lines(order(1), hdl("a"), report(1, "a")) + b"no resource\n"
OTHER = lines(report(2, "b"), order(2), hdl("b"))


@pytest.mark.parametrize(
    "contents",
    [
        pytest.param({"a__hl7": message(HDL), "b__hl7": message(UNMAPPED) * 3}, id="messages"),
        pytest.param({"a__hl7": b"", "b__hl7": b"no message", "c__json": b"{}", "d__hl7": message(HDL)}, id="broken"),
        pytest.param({"a__hl7": message(HDL), "b__ndjson": EXPORT, "c__hl7": message(HDL)}, id="export-between"),
        pytest.param({"a__ndjson": EXPORT, "b__gz": gzip.compress(message(HDL)), "c__ndjson": OTHER}, id="exports"),
        pytest.param(
            {"a__zip": zipped(a__hl7=message(HDL), b__ndjson=EXPORT, c__hl7=message(HDL))}, id="zip-with-export"
        ),
        pytest.param(
            {"a__gz": gzip.compress(EXPORT), "b__zip": b"PK\x03\x04damaged", "c__xz": b"\xfd7zXZ"}, id="damaged"
        ),
    ],
)
@pytest.mark.parametrize("spread", [far_away, map], ids=["far-away", "here"])
def test_results_are_those_of_the_plain_path(tmp_path: Path, contents: dict[str, bytes], spread: Spread) -> None:
    """Whoever reads a file, its lines stand where they stood, and exports come last."""
    files = stored(tmp_path, **contents)

    assert shared(files, spread=spread) == plain(files)


def test_large_file_is_read_by_who_shares_out(tmp_path: Path) -> None:
    """Its messages travel, in portions; the lines are the same."""
    (file,) = stored(tmp_path, a__hl7=message(HDL) * 5000)
    large = Stored(file.name, file.place, AT_ONCE_BYTES + 1)

    assert list(pack([large], None)) == [Left(large)]
    assert shared([large]) == plain([file])


def test_missing_file_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    """One that went away since it was listed stops nothing."""
    files = stored(tmp_path, a__hl7=message(HDL), c__hl7=message(HDL))
    files.insert(1, Stored("b.hl7", str(tmp_path / "b.hl7"), 1))
    files.append(Stored("d.parquet", str(tmp_path / "d.parquet"), 1))

    found, said = shared(files)

    assert len(found) == 2
    assert said == [f"{name}: No such file or directory" for name in ("b.hl7", "d.parquet")]


def test_small_files_travel_together(tmp_path: Path) -> None:
    """A parcel holds many small files, in order, until it is worth its way."""
    files = [Stored(f"{number}.hl7", str(tmp_path), 1000) for number in range(600)]

    parcels = list(pack(files, None))

    assert [len(parcel.files) for parcel in parcels if isinstance(parcel, Whole)] == [256, 256, 88]
    assert [file for parcel in parcels if isinstance(parcel, Whole) for file in parcel.files] == files


# How the footer says that a column of integers has so many bits, with a sign or without.
BITS_32, BITS_128 = b"\xac\x13\x20\x12", b"\xac\x13\x80\x12"


def noisy_gzip() -> bytes:
    """Pack what is as large packed as it was."""
    return gzip.compress(message(HDL) + random.Random(2).randbytes(9 << 20), compresslevel=1)  # noqa: S311 - noise


def table(path: Path, raw: list[bytes | None], *, group: int = 1000, **more: Any) -> Stored:
    """Write a table with a column of messages."""
    return written(path, pa.table({"raw": pa.array(raw, pa.binary()), **more}), group)


def written(path: Path, columns: pa.Table, group: int = 1000) -> Stored:
    """Write a table with checksums."""
    options = {"compression": "none", "write_page_checksum": True, "use_dictionary": False}
    pq.write_table(columns, path, row_group_size=group, **options)
    return Stored(path.name, str(path), path.stat().st_size)


def row(number: int, raw: bytes) -> list[bytes]:
    """Give the lines of one row of `a.parquet`."""
    stream = io.BytesIO(raw)
    return [outcome.json for outcome in ENGINE.translate_stream(stream, name=f"a.parquet#{number}")]


def test_row_of_a_table_is_a_file(tmp_path: Path) -> None:
    """It is called by its table and its number, whatever is in it."""
    raw = [message(HDL), None, b"", message(HDL) * 2, b"{}"]

    found, said = shared([table(tmp_path / "a.parquet", raw, more=[1, 2, 3, 4, 5])])

    assert (found, said) == ([line for number, each in enumerate(raw) for line in row(number, each or b"")], [])


def test_large_table_is_parted_by_its_row_groups(tmp_path: Path) -> None:
    """Rows keep their numbers, whichever parcel they are in."""
    noise = random.Random(1)  # noqa: S311 - so that nothing is packed into nothing
    raw: list[bytes | None] = [message(HDL) + b"NTE|1|L|" + noise.randbytes(4500).hex().encode() for _ in range(1200)]
    file = table(tmp_path / "a.parquet", raw, group=100)

    parcels = list(pack([file], "raw"))

    assert [parcel.first for parcel in parcels if isinstance(parcel, Rows)] == [0, 500, 1000]
    assert shared([file])[0] == [line for number, each in enumerate(raw) for line in row(number, each or b"")]


@pytest.mark.parametrize(
    ("column", "said"),
    [
        pytest.param("nothing", "there is no column nothing; there are raw, id, twice, twice", id="absent"),
        pytest.param("id", "the column id holds neither bytes nor text", id="numbers"),
        pytest.param("twice", "2 columns are called twice", id="two"),
    ],
)
def test_table_without_the_column_is_told(tmp_path: Path, column: str, said: str) -> None:
    """It is a file that cannot be read, once, and the others go on."""
    columns = [pa.array([message(HDL)] * 2), pa.array([1, 2]), pa.array(["a", "b"]), pa.array(["c", "d"])]
    file = written(tmp_path / "a.parquet", pa.Table.from_arrays(columns, ["raw", "id", "twice", "twice"]))

    assert shared([file, *stored(tmp_path, b__hl7=message(HDL))], column=column)[1] == [f"a.parquet: {said}"]


def test_table_without_any_text_is_told(tmp_path: Path) -> None:
    """What there is, is named."""
    file = written(tmp_path / "a.parquet", pa.table({"id": [1], "in": [[b"x"]]}))

    assert shared([file]) == ([], ["a.parquet: no column holds bytes or text; there are id, in"])


def test_column_is_taken_by_its_whole_name(tmp_path: Path) -> None:
    """A point in a name leads nowhere, and text that is called JSON is text."""
    raw = pa.array([message(HDL).decode()], pa.json_(pa.utf8()))
    file = written(tmp_path / "a.parquet", pa.table({"raw.meta": ["x"], "raw": raw}))

    assert shared([file], column="raw") == (row(0, message(HDL)), [])


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda _: b"", id="empty"),
        pytest.param(lambda raw: raw[:100], id="beginning"),
        pytest.param(lambda raw: raw[:-100], id="end"),
        # An annotation of a type in the footer that Arrow does not know: 128 bits.
        pytest.param(lambda raw: raw.replace(BITS_32, BITS_128), id="type"),
        pytest.param(lambda raw: raw.replace(b"|55|", b"|58|", 100), id="value"),
    ],
)
def test_damaged_table_gives_nothing_of_it(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    """What is not whole is not half counted; where its writer has left checksums, no digit can change."""
    file = table(tmp_path / "a.parquet", [message(HDL)] * 500, id=pa.array([1] * 500, pa.uint32()))
    raw = Path(file.place).read_bytes()
    broken = damage(raw)
    Path(file.place).write_bytes(broken)

    assert broken != raw
    assert shared([file], column="raw") == ([], ["a.parquet: this is no sound Parquet"])


def test_much_is_worked_on_in_parts(tmp_path: Path) -> None:
    """What a worker holds at a time is bounded, however much a small archive unpacks to; a large one travels."""
    work = Working(lambda portions: sum(len(portion.raw) for portion in portions))
    size = len(message(HDL))
    small, large = stored(tmp_path, a__gz=gzip.compress(message(HDL) * 40_000), b__gz=noisy_gzip())

    parts = work(Whole((small,)))

    assert sum(part.result for part in parts if isinstance(part, Worked)) == 40_000 * size
    assert len(parts) == 3
    assert work(Whole((large,))) == [Left(large)]
