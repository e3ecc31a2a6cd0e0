"""
Lay outcomes out in columns, for Parquet and for Arrow: one row per line of `translator translate`.

The line itself is the last column, byte for byte; the columns before it are what a query asks for first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from translator.record.outcome import Outcome

if TYPE_CHECKING:
    import pyarrow as pa

# Name, type in Arrow, type in SQL. Absent is null.
COLUMNS = (
    ("file", "string", "string"),
    ("index", "int64", "bigint"),
    ("state", "string", "string"),
    ("format", "string", "string"),
    ("type", "string", "string"),
    ("control_id", "string", "string"),
    ("translated", "int32", "int"),
    ("held", "int32", "int"),
    ("ignored", "int32", "int"),
    ("refused", "int32", "int"),
    ("submissions", "int32", "int"),
    ("outcome", "string", "string"),
)
SQL_SCHEMA = ", ".join(f"`{name}` {sql}" for name, _, sql in COLUMNS)
_STATES = ("translated", "held", "ignored", "refused")


def arrow_schema() -> pa.Schema:
    """Name the columns and their types."""
    import pyarrow as pa  # noqa: PLC0415 - only for tables

    return pa.schema([(name, pa.type_for_alias(kind)) for name, kind, _ in COLUMNS])


def in_columns(outcomes: Iterable[Outcome]) -> pa.RecordBatch:
    """Lay outcomes out, in their order."""
    import pyarrow as pa  # noqa: PLC0415 - only for tables

    rows = [_cells(outcome) for outcome in outcomes]
    schema = arrow_schema()
    cells = zip(*rows, strict=True) if rows else ((),) * len(COLUMNS)
    arrays = [pa.array(column, field.type) for column, field in zip(cells, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _cells(outcome: Outcome) -> tuple[object, ...]:
    source = outcome.source
    states = Counter(entry.state for entry in outcome.entries)
    return (
        source.file,
        source.index,
        outcome.state,
        source.format or None,
        source.type or None,
        source.control_id or None,
        *(states[state] for state in _STATES),
        len(outcome.submissions),
        outcome.json.decode(),
    )
