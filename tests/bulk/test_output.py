"""Outputs: whole or not there, whoever writes them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

import pyarrow.dataset as ds
import pytest

from tests.cli.test_translate import HDL, UNMAPPED, message
from translator import Outcome, Translator
from translator.bulk.columns import arrow_schema
from translator.bulk.output import Output, Writing, opened, output_at
from translator.bulk.places import Stored, find_stored, is_url, make_folder, open_output
from translator.errors import ConfigError
from translator.portions import Portion, cut_portions

ENGINE = Translator.load()
RAW = [message(HDL), message(UNMAPPED), b"nothing", message(HDL)]
EACH = [list(cut_portions([raw], f"{number}.hl7")) for number, raw in enumerate(RAW)]


def judge(portions: Iterable[Portion]) -> Iterator[tuple[Outcome, tuple[str, ...]]]:
    """Count an outcome as its state."""
    for portion in portions:
        yield from ((outcome, (outcome.state,)) for _, outcome in ENGINE.translate_portion(portion))


def all_lines() -> list[str]:
    """Give the lines of all."""
    return [outcome.json.decode() for portions in EACH for outcome, _ in judge(portions)]


def fill(output: Output, meanwhile: Callable[[], object] = lambda: None) -> int:
    """Write all, in four parts; gives the number of lines. Something happens before the first of them."""
    with opened(output) as filled:
        meanwhile()
        work = Writing(judge, output.form, filled.unfinished)
        blocks = [work(portions) for portions in EACH]
        for block in blocks:
            filled.add(block)
    return sum(block.lines for block in blocks)


def names(place: str) -> list[str]:
    """Name what lies at a place, hidden files too."""
    if is_url(place):
        return [each.name for each in find_stored(place)]
    return sorted(path.relative_to(place).as_posix() for path in Path(place).rglob("*") if path.is_file())


def read(place: str) -> bytes:
    """Read a file."""
    with Stored("x", place).open() as stream:
        return stream.read()


def rows(place: str, tmp_path: Path) -> list[str]:
    """Read the lines of a table, from whereever it lies."""
    copy = tmp_path / "copy.parquet"
    copy.write_bytes(read(place))
    table = ds.dataset(copy).to_table()
    assert table.schema.equals(arrow_schema())
    assert table["state"].to_pylist() == [json.loads(line)["state"] for line in table["outcome"].to_pylist()]
    return list(table["outcome"].to_pylist())


def test_file_of_lines_holds_every_line(place: str) -> None:
    """It is what would be printed."""
    count = fill(output_at(f"{place}/out.ndjson"))

    assert read(f"{place}/out.ndjson").decode().splitlines() == all_lines()
    assert (count, names(place)) == (len(all_lines()), ["out.ndjson"])


def test_file_of_parquet_holds_every_line(place: str, tmp_path: Path) -> None:
    """It is what would be printed, in columns."""
    fill(output_at(f"{place}/out.parquet"))

    assert rows(f"{place}/out.parquet", tmp_path) == all_lines()


@pytest.mark.parametrize("name", ["out", "out.parquet"])
def test_parts_are_numbered_in_order(place: str, tmp_path: Path, name: str) -> None:
    """Parts in the order of their names are the whole; a mark tells that they are all there."""
    form = "parquet" if "." in name else "ndjson"

    fill(output_at(f"{place}/{name}/"))

    parts = [f"part-{number:06}.{form}" for number in range(4)]
    assert sorted(names(f"{place}/{name}")) == ["_SUCCESS", *parts]
    found = [f"{place}/{name}/{part}" for part in parts]
    texts = [rows(each, tmp_path) if form == "parquet" else read(each).decode().splitlines() for each in found]
    assert [line for text in texts for line in text] == all_lines()


class Stopped(BaseException):
    """Ctrl-C, or whatever else ends the work."""


def stop(output: Output) -> None:
    """Write a part, and no more."""
    with opened(output) as filled:
        filled.add(Writing(judge, output.form, filled.unfinished)(EACH[0]))
        raise Stopped


@pytest.mark.parametrize("name", ["out.ndjson", "out.parquet", "out/", "out.parquet/"])
def test_what_was_stopped_leaves_nothing(place: str, name: str) -> None:
    """Nobody takes a half for the whole."""
    with open_output(f"{place}/other"):
        pass
    output = output_at(f"{place}/{name}")

    with pytest.raises(Stopped):
        stop(output)

    assert names(place) == ["other"]


def test_part_that_was_written_twice_counts_once(tmp_path: Path) -> None:
    """A worker that died after its part was written is replaced; the part of the dead is thrown away."""
    output = output_at(f"{tmp_path}/out/")
    with opened(output) as filled:
        work = Writing(judge, output.form, filled.unfinished)
        work(EACH[0])
        filled.add(work(EACH[0]))

    assert names(str(tmp_path / "out")) == ["_SUCCESS", "part-000000.ndjson"]


@pytest.mark.parametrize("name", ["out.ndjson", "out/"])
def test_nothing_is_overwritten(tmp_path: Path, name: str) -> None:
    """What is there was perhaps a night's work."""
    make_folder(f"{tmp_path}/out")
    with open_output(f"{tmp_path}/{name}file" if name.endswith("/") else f"{tmp_path}/{name}"):
        pass

    with pytest.raises(ConfigError, match="is there already"):
        output_at(f"{tmp_path}/{name}")


def test_nothing_that_came_meanwhile_is_overwritten(place: str) -> None:
    """Two runs into one place: who is done first has it, and the other is refused with nothing left of it."""
    for name in ("out/", "out.ndjson"):
        first, late = output_at(f"{place}/{name}"), output_at(f"{place}/{name}")
        with pytest.raises(ConfigError, match="is there already"):
            fill(late, meanwhile=partial(fill, first))

    parts = [f"{place}/out/part-{number:06}.ndjson" for number in range(4)]
    assert b"".join(map(read, parts)).decode().splitlines() == all_lines()
    assert read(f"{place}/out.ndjson").decode().splitlines() == all_lines()
    assert sorted(names(f"{place}/out")) == ["_SUCCESS", *(part.rpartition("/")[2] for part in parts)]


def test_part_that_comes_late_is_not_written(tmp_path: Path) -> None:
    """A worker that goes on after Ctrl-C makes no folder again that was removed; who waits for it is told."""
    output = output_at(f"{tmp_path}/out/")

    with pytest.raises(ConfigError, match="out: cannot be written: No such file"):
        fill(output, meanwhile=partial(shutil.rmtree, tmp_path / "out"))

    assert list(tmp_path.iterdir()) == []


def test_form_has_to_be_told(tmp_path: Path) -> None:
    """A name that says neither lines nor Parquet says nothing."""
    with pytest.raises(ConfigError, match=r"end it in \.ndjson or \.parquet, or in /"):
        output_at(f"{tmp_path}/out.csv")


def test_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """A file stands where a folder is wanted."""
    (tmp_path / "file").touch()

    with pytest.raises(ConfigError, match=r"out\.ndjson: cannot be written: File exists"):
        fill(Output(f"{tmp_path}/file/out.ndjson", "ndjson", is_folder=False))
