"""Read messages from a column of Parquet, or of Arrow: one row is one file, called by its table and its number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from translator.errors import ConfigError
from translator.portions import Portion, cut_portions

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH_ROWS = 1024


def message_column(schema: pa.Schema, name: str | None) -> str:
    """
    Name the column that holds messages: the one that was named, else the only one of bytes or text.

    Raises: ConfigError where there is none, or more than one.
    """
    fitting: list[str] = [field.name for field in schema if _fits(field.type)]
    listed = ", ".join(schema.names)
    if name is None and not fitting:
        raise ConfigError(f"no column holds bytes or text; there are {listed}")
    if name is None and len(fitting) > 1:
        named = ", ".join(fitting)
        raise ConfigError(f"{len(fitting)} columns hold bytes or text ({named}); say which one (`--column`)")
    name = fitting[0] if name is None else name
    if name not in schema.names:
        raise ConfigError(f"there is no column {name}; there are {listed}")
    if schema.names.count(name) > 1:
        raise ConfigError(f"{schema.names.count(name)} columns are called {name}")
    if name not in fitting:
        raise ConfigError(f"the column {name} holds neither bytes nor text")
    return name


def read_rows(
    stream: object, file: str, name: str | None, groups: Iterable[int] | None, first: int
) -> Iterator[Portion]:
    """
    Cut the messages of some row groups, the first of which begins with the `first` row; of all where none is named.

    Raises: ConfigError where no column fits; ValueError or OSError where this is no sound Parquet.
    """
    from pyarrow import parquet  # noqa: PLC0415 - only for Parquet

    # What was changed on its way, where the writer has left a checksum, is no message.
    table = parquet.ParquetFile(stream, page_checksum_verification=True)
    column = message_column(table.schema_arrow, name)
    row = first
    wanted = range(table.num_row_groups) if groups is None else groups
    for batch in table.iter_batches(_BATCH_ROWS, row_groups=list(wanted), columns=[column]):
        for raw in messages_of(batch.column(batch.schema.get_field_index(column))):
            yield from cut_portions([raw] if raw else [], f"{file}#{row}")
            row += 1


def messages_of(column: pa.Array) -> Iterator[bytes]:
    """Give the bytes of every row; none where a row is null."""
    import pyarrow as pa  # noqa: PLC0415 - only for tables

    plain = column.storage if isinstance(column.type, pa.BaseExtensionType) else column
    plain = plain.dictionary_decode() if pa.types.is_dictionary(plain.type) else plain
    return (raw or b"" for raw in plain.cast(pa.large_binary()).to_pylist())


def _fits(kind: pa.DataType) -> bool:
    import pyarrow as pa  # noqa: PLC0415 - only for tables
    import pyarrow.types as kinds  # noqa: PLC0415 - the same

    # Text that its writer calls JSON is text.
    value = kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind
    value = value.value_type if kinds.is_dictionary(value) else value
    tests = (
        kinds.is_string,
        kinds.is_large_string,
        kinds.is_string_view,
        kinds.is_binary,
        kinds.is_large_binary,
        kinds.is_binary_view,
    )
    return any(test(value) for test in tests)
