"""
Write outcomes where they are wanted: one file, or a folder of parts that workers write themselves.

Theory of operation: everything is written under another name first, and gets its own when all of it is there; so
nothing that was stopped is taken for whole. The parts of a folder lie in `_unfinished-...` until they are all written;
then each gets its number, by the order of the archive, and `_SUCCESS` stands beside them at the very end. A worker that
does its work twice writes two files, of which only one is named.
"""

from __future__ import annotations

import errno
import io
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal, TypeAlias

from msgspec import Struct

from translator.bulk.columns import arrow_schema, in_columns
from translator.bulk.places import PARQUET, as_path, check_url, is_taken, is_url, make_folder, move, open_output, remove
from translator.errors import ConfigError
from translator.portions import Portion
from translator.record.outcome import Outcome

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

Form: TypeAlias = Literal["ndjson", "parquet"]
# What an outcome counts as; an outcome may have several.
Judged: TypeAlias = tuple[Outcome, tuple[str, ...]]
Judge: TypeAlias = Callable[[Iterable[Portion]], Iterable[Judged]]

_LINES = (".ndjson", ".jsonl", ".json")
_DONE = "_SUCCESS"
_UNFINISHED = "_unfinished-"
_ROWS = 4096


class Output(Struct, frozen=True):
    """
    Where outcomes go.

    Shape: `place` is a path or URL, without a slash at its end.
    """

    place: str
    form: Form
    is_folder: bool

    @property
    def is_bulk(self) -> bool:
        """Tell that it needs more than this machine's files."""
        return self.form == "parquet" or is_url(self.place)


class Block(Struct, frozen=True):
    """
    What came of some portions.

    Shape: `found` counts what outcomes count as; `data` are their lines or, as a stream of Arrow, their columns, unless
    a worker has written them to the file `part`, or could not, and `fault` says why.
    """

    found: dict[str, int]
    lines: int = 0
    data: bytes = b""
    part: str = ""
    fault: str = ""


def output_at(given: str) -> Output:
    """
    Read what a person names: `out.ndjson`, `out.parquet`, or a folder of either: `out/`, `out.parquet/`.

    Raises: ConfigError where that tells no form, or something is there already.
    """
    if is_url(given):
        check_url(given)
    is_folder = given.endswith("/")
    place = as_path(given).rstrip("/")
    # A worker has a folder of its own that it works in.
    place = place if is_url(place) else str(Path(place).absolute())
    lower = place.lower()
    if not is_folder and not lower.endswith((PARQUET, *_LINES)):
        raise ConfigError(f"{given}: end it in .ndjson or .parquet, or in / for a folder of parts")
    _see_free(place)
    return Output(place, "parquet" if lower.endswith(PARQUET) else "ndjson", is_folder)


def _see_free(place: str, but: str = "") -> None:
    if is_taken(place, but):
        raise ConfigError(f"{place}: is there already, and is not overwritten; name another place")


class Writing:
    """Translate portions and write what comes of them; wherever the processor is free."""

    def __init__(self, judge: Judge, form: Form, folder: str = "") -> None:
        self._judge = judge
        self._form = form
        self._folder = folder

    def __call__(self, portions: Iterable[Portion]) -> Block:
        """Give what came of them, or where it is written."""
        found: dict[str, int] = {}
        outcomes = _counted(self._judge(portions), found)
        if self._form == "ndjson":
            # Each at once: thousands of outcomes at a time would keep the garbage collector busy.
            encoded = [outcome.json + b"\n" for outcome in outcomes]
            lines, data = len(encoded), b"".join(encoded)
        else:
            batch = in_columns(outcomes)
            lines, data = batch.num_rows, _packed(batch) if self._folder else _stream_of(batch)
        if not lines or not self._folder:
            return Block(found, lines, data)
        part = f"{self._folder}/{uuid.uuid4().hex}"
        try:
            # A folder that is gone is not made again: nobody wants what comes late.
            with open_output(part) as stream:
                stream.write(data)
        except OSError as error:
            return Block(found, fault=_why(error))
        return Block(found, lines, part=part)


class Folder:
    """A folder of parts that workers write."""

    def __init__(self, output: Output) -> None:
        self.unfinished = f"{output.place}/{_UNFINISHED}{uuid.uuid4().hex[:8]}"
        self._output = output
        self._parts: list[str] = []
        self._named: list[str] = []

    def add(self, block: Block) -> None:
        """
        Note a part, in order.

        Raises: OSError where it could not be written.
        """
        if block.fault:
            raise OSError(errno.EIO, block.fault)
        if block.part:
            self._parts.append(block.part)

    def finish(self) -> None:
        """
        Give every part its number, and say that all are there.

        Raises: ConfigError where somebody else has filled the folder meanwhile.
        """
        _see_free(self._output.place, _UNFINISHED)
        for number, part in enumerate(self._parts):
            self._named.append(f"{self._output.place}/part-{number:06}.{self._output.form}")
            move(part, self._named[-1])
        with open_output(f"{self._output.place}/{_DONE}"):
            self._named = []

    def clear(self) -> None:
        """Remove what was not finished."""
        for place in (self.unfinished, *self._named):
            with suppress(OSError):
                remove(place)
        if not is_url(self._output.place):
            # Only where nothing is in it.
            with suppress(OSError):
                Path(self._output.place).rmdir()


class Lines:
    """One file of lines."""

    unfinished = ""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def add(self, block: Block) -> None:
        """Write what came of some portions."""
        self._stream.write(block.data)


class Table:
    """One file of Parquet."""

    unfinished = ""

    def __init__(self, writer: ParquetWriter) -> None:
        self._writer = writer

    def add(self, block: Block) -> None:
        """Write what came of some portions."""
        import pyarrow as pa  # noqa: PLC0415 - only for Parquet

        _write_rows(self._writer, pa.ipc.open_stream(block.data))


@contextmanager
def opened(output: Output) -> Iterator[Folder | Lines | Table]:
    """
    Open an output, to be filled in order; it is there when it is whole, and else nothing is.

    Raises: ConfigError where it cannot be written.
    """
    try:
        with _folder(output) if output.is_folder else _file(output) as filled:
            yield filled
    except BrokenPipeError:
        raise
    except OSError as error:
        raise ConfigError(f"{output.place}: cannot be written: {_why(error)}") from None


@contextmanager
def _folder(output: Output) -> Iterator[Folder]:
    folder = Folder(output)
    try:
        make_folder(folder.unfinished)
        yield folder
        folder.finish()
    finally:
        folder.clear()


@contextmanager
def _file(output: Output) -> Iterator[Lines | Table]:
    head, slash, name = output.place.rpartition("/")
    fresh = f"{head}{slash}.{name}.{uuid.uuid4().hex[:8]}"
    try:
        make_folder(head)
        with open_output(fresh) as stream:
            if output.form == "ndjson":
                yield Lines(stream)
            else:
                with _parquet(stream) as writer:
                    yield Table(writer)
        _see_free(output.place)
        move(fresh, output.place)
    finally:
        with suppress(OSError):
            remove(fresh)


def _why(error: OSError) -> str:
    return error.strerror or type(error).__name__


def _counted(judged: Iterable[Judged], found: dict[str, int]) -> Iterator[Outcome]:
    for outcome, words in judged:
        for word in words:
            found[word] = found.get(word, 0) + 1
        yield outcome


def _stream_of(batch: pa.RecordBatch) -> bytes:
    import pyarrow as pa  # noqa: PLC0415 - only for Parquet

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, arrow_schema()) as writer:
        writer.write_batch(batch)
    return sink.getvalue().to_pybytes()  # type: ignore[no-any-return]


def _packed(batch: pa.RecordBatch) -> bytes:
    sink = io.BytesIO()
    with _parquet(sink) as writer:
        _write_rows(writer, [batch])
    return sink.getvalue()


@contextmanager
def _parquet(stream: BinaryIO) -> Iterator[ParquetWriter]:
    from pyarrow import parquet  # noqa: PLC0415 - only for Parquet

    with parquet.ParquetWriter(stream, arrow_schema(), compression="zstd") as writer:
        yield writer


def _write_rows(writer: ParquetWriter, batches: Iterable[pa.RecordBatch]) -> None:
    for batch in batches:
        writer.write_batch(batch, row_group_size=_ROWS)
