"""
Write many rows of one kind at once, handing them to the driver as they are.

Entries are most of what a message writes, and what SQLAlchemy makes of each row on its way to the driver costs more
than the database does. So it compiles the statement once, and the rows go past it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Dialect, Table, insert


class _Compiled(NamedTuple):
    """A statement for the driver, and what each value goes through before; no `changes` where all go as they are."""

    sql: str
    changes: tuple[Callable[[Any], Any] | None, ...]


def insert_tuples(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows that hold every column but the number of the row, in the table's order."""
    if not rows:
        return
    sql, changes = _compile(table, connection.dialect)
    if changes:
        rows = [
            tuple(value if change is None else change(value) for value, change in zip(row, changes, strict=True))
            for row in rows
        ]
    connection.exec_driver_sql(sql, list(rows))


@lru_cache(maxsize=16)
def _compile(table: Table, dialect: Dialect) -> _Compiled:
    columns = [column for column in table.columns if not column.primary_key]
    # Values by position; a driver that has names for them by default takes them so, too.
    kind: Callable[..., Dialect] = type(dialect)
    by_position = dialect if dialect.positional else kind(paramstyle="format")
    statement = insert(table).inline().compile(dialect=by_position, column_keys=[column.name for column in columns])
    changes = tuple(column.type.dialect_impl(dialect).bind_processor(dialect) for column in columns)
    return _Compiled(str(statement), changes if any(changes) else ())
