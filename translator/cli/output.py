"""Write data to stdout: JSON Lines for programs, a table for people. Everything else goes to stderr."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Literal, TypeAlias

import click
import msgspec

Form: TypeAlias = Literal["table", "json"]


def choose_form(wanted: str | None) -> Form:
    """Take the form that was asked for; else a table on a terminal and JSON Lines when piped."""
    if wanted is None:
        return "table" if sys.stdout.isatty() else "json"
    return "json" if wanted == "json" else "table"


class Listing:
    """
    Rows on their way to stdout, each both a JSON value and cells.

    Theory of operation: JSON leaves line by line, so that memory stays constant and a reader can begin at once; a
    table needs the widths of all rows, so it is drawn at the end.
    """

    def __init__(self, form: Form, columns: Sequence[str], title: str = "") -> None:
        self._form = form
        self._columns = columns
        self._title = title
        self._rows: list[tuple[str, ...]] = []

    def add(self, value: object, *cells: str) -> None:
        """Add a row; `value` is a JSON line as bytes, or anything that msgspec can encode."""
        if self._form == "json":
            write_line(value if isinstance(value, bytes) else msgspec.json.encode(value))
        else:
            self._rows.append(cells)

    def print_one(self, value: object, *cells: str) -> None:
        """Print a list of one row."""
        self.add(value, *cells)
        self.close()

    def close(self) -> None:
        """Draw the table, if there is one to draw."""
        if self._rows:
            _draw(self._title, self._columns, self._rows)
            self._rows = []


def write_line(line: bytes) -> None:
    """Write one line of data and its LF, in bytes, so that no system changes it."""
    sys.stdout.flush()
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()


def say(text: str) -> None:
    """Tell the person something on stderr."""
    click.echo(text, err=True)


def printable(text: str) -> str:
    """Keep what somebody sent from steering the terminal: one visible character for each that is none."""
    return "".join(character if character.isprintable() else "\N{MIDDLE DOT}" for character in text)


def _draw(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    # rich costs 60 ms that JSON Lines need not pay. It obeys NO_COLOR by itself.
    from rich import box  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(title=title or None, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    Console(file=sys.stdout, highlight=False, soft_wrap=False).print(table)
