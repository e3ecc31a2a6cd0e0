"""
Write rows of one kind, handing them to the driver as they are.

Entries are most of what a message writes, and a delivery is a handful of small statements: what SQLAlchemy makes of
each row on its way to the driver costs more than the database does. So it compiles a statement once, and the rows go
past it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import ClauseElement, Connection, Dialect, Table, insert
from sqlalchemy.sql.compiler import SQLCompiler

from translator.errors import LedgerError


class _Compiled(NamedTuple):
    """A statement for the driver, and what each value goes through before; no `changes` where all go as they are."""

    sql: str
    changes: tuple[Callable[[Any], Any] | None, ...]


def insert_tuples(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows that hold every column but the number of the row, in the table's order."""
    if rows:
        _insert(connection, _compile(table, connection.dialect), rows)


def insert_numbered(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """
    Insert one row or more, and give their numbers in the same order.

    Raises: LedgerError where the database gives none.
    """
    if connection.dialect.name == "sqlite" and all(row.keys() == rows[0].keys() for row in rows):
        return _insert_consecutive(connection, table, rows)
    # Values apart from the statement: so SQLAlchemy compiles it once.
    statement = insert(table).returning(table.c.id, sort_by_parameter_order=True)
    numbers = list(connection.execute(statement, rows).scalars())
    if len(numbers) != len(rows):
        raise LedgerError("the database gave new rows no numbers; nothing was recorded")
    return numbers


def _insert_consecutive(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """
    Insert rows into SQLite with one statement.

    Under the write lock it numbers the rows of a statement one after the other; to ask each row for its number, as
    SQLAlchemy does, takes a statement for each.
    """
    # The statement names columns in the table's order.
    names = tuple(column.name for column in table.columns if column.name in rows[0])
    values = [tuple(row[name] for name in names) for row in rows]
    _insert(connection, _compile(table, connection.dialect, names), values)
    last = connection.exec_driver_sql("SELECT last_insert_rowid()").scalar_one()
    return list(range(last - len(rows) + 1, last + 1))


def _insert(connection: Connection, compiled: _Compiled, rows: Sequence[tuple[Any, ...]]) -> None:
    if compiled.changes:
        rows = [
            tuple(
                value if change is None else change(value) for value, change in zip(row, compiled.changes, strict=True)
            )
            for row in rows
        ]
    connection.exec_driver_sql(compiled.sql, list(rows))


def run_rows(connection: Connection, statement: ClauseElement, rows: Sequence[Mapping[str, Any]]) -> int:
    """Run a statement once for each row, all at once; gives the number of rows that it changed."""
    sql, places = _compile_statement(statement, connection.dialect)
    values = [tuple(place.value(row) for place in places) for row in rows]
    return connection.exec_driver_sql(sql, values if len(values) > 1 else values[0]).rowcount


@lru_cache(maxsize=16)
def _compile(table: Table, dialect: Dialect, names: tuple[str, ...] = ()) -> _Compiled:
    columns = [column for column in table.columns if (column.name in names if names else not column.primary_key)]
    statement = (
        insert(table).inline().compile(dialect=_by_position(dialect), column_keys=[column.name for column in columns])
    )
    changes = tuple(column.type.dialect_impl(dialect).bind_processor(dialect) for column in columns)
    return _Compiled(str(statement), changes if any(changes) else ())


class _Place(NamedTuple):
    """Where a value of a statement comes from: the row, by a name that it must have, or else the statement itself."""

    name: str
    is_given: bool
    fixed: Any
    change: Callable[[Any], Any] | None

    def value(self, row: Mapping[str, Any]) -> Any:
        """Give the value for one row, as the driver takes it."""
        value = row[self.name] if self.is_given else self.fixed
        return value if self.change is None else self.change(value)


@lru_cache(maxsize=64)
def _compile_statement(statement: ClauseElement, dialect: Dialect) -> tuple[str, tuple[_Place, ...]]:
    compiled = statement.compile(dialect=_by_position(dialect))
    if not isinstance(compiled, SQLCompiler) or compiled.positiontup is None:
        raise TypeError("only a statement whose values go by position can be run so")
    places = []
    for name in compiled.positiontup:
        bound = compiled.binds[name]
        change = bound.type.dialect_impl(dialect).bind_processor(dialect)
        places.append(_Place(bound.key, bound.required, bound.effective_value, change))
    return str(compiled), tuple(places)


def _by_position(dialect: Dialect) -> Dialect:
    """Give a dialect whose values go by position; a driver that has names for them by default takes them so, too."""
    kind: Callable[..., Dialect] = type(dialect)
    return dialect if dialect.positional else kind(paramstyle="format")
