"""`translator.arrow`: batches of messages in, batches of outcomes out; as Spark hands them over."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pyarrow as pa
import pytest
from daft import pickle as cloudpickle

from tests.cli.test_translate import HDL, UNMAPPED, message
from translator import Correlation, Translator, parse_correlation
from translator.arrow import SQL_SCHEMA, arrow_schema, map_in_arrow
from translator.bulk.columns import COLUMNS
from translator.errors import ConfigError

RAW = [message(HDL), message(HDL, UNMAPPED), None, b"", b"no message at all", message(HDL) * 2]


def batches(raw: list[bytes | None], size: int, kind: pa.DataType | None = None) -> Iterator[pa.RecordBatch]:
    """Part messages into batches of some rows, each with the number of its row."""
    for first in range(0, len(raw), size):
        part = raw[first : first + size]
        array = pa.array(part, pa.binary()).cast(kind or pa.binary())
        yield pa.RecordBatch.from_arrays([array, pa.array(range(first, first + len(part)))], ["message", "id"])


def plain(raw: list[bytes | None]) -> list[str]:
    """Give the lines that the engine itself gives for the same rows, called by their numbers."""
    engine = Translator.load()
    streams = [pa.BufferReader(each or b"") for each in raw]
    found = [engine.translate_stream(stream, name=str(number)) for number, stream in enumerate(streams)]
    return [outcome.json.decode() for outcomes in found for outcome in outcomes]


@pytest.mark.parametrize("size", [1, 2, 4, 100])
def test_outcomes_do_not_tell_how_large_batches_were(size: int) -> None:
    """Each row gives what the engine gives for its bytes: a null, an empty and a broken row, too."""
    mapping = map_in_arrow(column="message", name="id")

    table = pa.Table.from_batches(mapping(batches(RAW, size)))

    assert table.schema == arrow_schema()
    assert table["outcome"].to_pylist() == plain(RAW)


@pytest.mark.parametrize(
    "kind",
    [pa.string(), pa.large_string(), pa.large_binary(), pa.string_view(), pa.dictionary(pa.int32(), pa.binary())],
    ids=str,
)
def test_every_form_of_bytes_and_text_is_read(kind: pa.DataType) -> None:
    """A column of messages may be of whatever type its writer chose."""
    raw: list[bytes | None] = [message(HDL), None]

    table = pa.Table.from_batches(map_in_arrow(column="message", name="id")(batches(raw, 9, kind)))

    assert table["outcome"].to_pylist() == plain(raw)


def test_columns_say_what_the_line_says() -> None:
    """What a query asks for first stands in columns of its own; what is absent is null."""
    table = pa.Table.from_batches(map_in_arrow(name="id")(batches([message(HDL, UNMAPPED), None], 9)))

    held, empty = table.to_pylist()
    line = json.loads(held.pop("outcome"))
    assert held == {
        "file": "0",
        "index": 0,
        "state": line["state"],
        "format": "hl7v2",
        "type": "ORU^R01",
        "control_id": "MSG7",
        "translated": 1,
        "held": 1,
        "ignored": 0,
        "refused": 0,
        "submissions": 1,
    }
    assert (empty["state"], empty["type"], empty["submissions"]) == ("refused", None, 0)


def test_no_batches_give_none() -> None:
    """A partition of Spark's may be empty, and so may a batch."""
    mapping = map_in_arrow(column="message")
    empty = next(batches([b""], 1)).slice(0, 0)

    assert list(mapping(iter([]))) == []
    assert list(mapping(iter([empty]))) == []


def test_row_with_many_messages_gives_several_batches() -> None:
    """A file of a year in one cell is more than one batch of Arrow can hold; the lines are those of all."""
    raw: list[bytes | None] = [message(HDL) * 2500, message(HDL)]

    found = list(map_in_arrow(column="message", name="id")(batches(raw, 9)))

    assert [batch.num_rows for batch in found] == [1024, 1024, 453]
    assert pa.Table.from_batches(found)["outcome"].to_pylist() == plain(raw)


def test_orders_are_known_by_the_correlation() -> None:
    """A row without a service request finds it by its order number."""
    rows = parse_correlation("key,service_request_id\nORD-5,5b1f6a52-0c3e-4f55-9f0e-6f1d1f0a7c11\n", "orders.csv")
    mapping = map_in_arrow(correlation=Correlation(rows))

    (batch,) = mapping(batches([message(HDL, order="ORD-5")], 1))

    assert batch.column("submissions").to_pylist() == [1]


@pytest.mark.parametrize(
    ("column", "name", "said"),
    [
        pytest.param("nothing", None, "there is no column nothing", id="absent"),
        pytest.param("id", None, "holds neither bytes nor text", id="number"),
        pytest.param(None, "path", "there is no column path", id="absent-name"),
    ],
)
def test_absent_column_is_named(column: str | None, name: str | None, said: str) -> None:
    """What is not there is said by its name, with what is there."""
    mapping = map_in_arrow(column=column, name=name)

    with pytest.raises(ConfigError, match=said):
        list(mapping(batches([b""], 1)))


def test_two_columns_of_text_ask_which() -> None:
    """Nothing is guessed."""
    batch = pa.RecordBatch.from_pydict({"a": ["x"], "b": [b"y"]})

    with pytest.raises(ConfigError, match=r"2 columns hold bytes or text \(a, b\)"):
        list(map_in_arrow()(iter([batch])))


def test_function_travels_with_its_tables() -> None:
    """Spark pickles it by cloudpickle; what comes out elsewhere translates the same."""
    packed = cloudpickle.dumps(map_in_arrow(column="message", name="id"))
    script = (
        "import sys, pickle, pyarrow as pa; mapping = pickle.loads(sys.stdin.buffer.read());"
        "raw = pa.array([sys.argv[1].encode()], pa.binary());"
        "batch = pa.RecordBatch.from_arrays([raw, pa.array([0])], ['message', 'id']);"
        "print(next(mapping(iter([batch]))).column('outcome')[0].as_py())"
    )
    text = message(HDL).decode()

    done = subprocess.run([sys.executable, "-c", script, text], input=packed, capture_output=True, check=True)

    assert done.stdout.decode().splitlines() == plain([message(HDL)])


def test_schema_for_sql_names_the_same_columns() -> None:
    """Spark's words and Arrow's are of one table."""
    assert SQL_SCHEMA.startswith("`file` string, `index` bigint, `state` string")
    assert [part.split("`")[1] for part in SQL_SCHEMA.split(", ")] == [name for name, _, _ in COLUMNS]


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("java"), reason="Spark wants Java, and there is none")
@pytest.mark.filterwarnings("default")
def test_spark_gives_the_same_lines() -> None:
    """A real Spark on this machine, over several partitions."""
    pyspark = pytest.importorskip("pyspark.sql", reason="Spark is not installed; `make test-all` does that")
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    spark = pyspark.SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
    try:
        rows = [(str(number), bytearray(raw) if raw is not None else None) for number, raw in enumerate(RAW)] * 20
        messages = spark.createDataFrame(rows, "id string, message binary").repartition(5)
        found = messages.mapInArrow(map_in_arrow(column="message", name="id"), SQL_SCHEMA).collect()
    finally:
        spark.stop()
    assert sorted(row["outcome"] for row in found) == sorted(plain(RAW) * 20)
