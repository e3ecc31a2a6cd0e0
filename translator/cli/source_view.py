"""Show where a value comes from: its line with the bytes lit, then the operations, one a line."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

import click

from translator.cli.options import Flags
from translator.cli.output import write_line

if TYPE_CHECKING:
    from translator.provenance import Origin, Provenance
    from translator.read.span import Place
    from translator.translate.trace import Step

_WIDEST = 60


def show(provenance: Provenance, flags: Flags) -> None:
    """Write the answer to stdout: one JSON line, or a picture for a person."""
    if flags.form == "json":
        import msgspec  # noqa: PLC0415 - a table needs none

        write_line(msgspec.json.encode(provenance))
        return
    value = "" if provenance.value is None else f" = {_written(provenance.value)}"
    click.echo(_printable(f"{provenance.asked}{value}"))
    for origin in provenance.origins:
        _show_origin(origin, provenance)
    click.echo(f"\ntables {provenance.tables_sha256}")
    for fate in getattr(provenance, "ledger", ()):
        from translator.cli.fate_view import show_fate  # noqa: PLC0415 - only where there is a ledger

        show_fate(fate, provenance.tables_sha256)


def _written(value: object) -> str:
    """Write a value as the body has it: what is neither a text nor a number as JSON."""
    import msgspec  # noqa: PLC0415 - as above

    return msgspec.json.encode(value).decode() if isinstance(value, bool | list) else str(value)


def _show_origin(origin: Origin, provenance: Provenance) -> None:
    if origin.place is not None:
        _show_place(origin.place, origin.place.file or provenance.source.file)
    for line in _aligned(origin.steps):
        click.echo(f"  {line}")
    if origin.fields:
        click.echo(f"  reaches  {', '.join(_short(origin.fields))}")
    elif not origin.steps:
        click.echo("  reaches no payload field")


def _short(fields: Sequence[str]) -> Iterator[str]:
    """Name the first field whole, and of the others only what differs."""
    before = ""
    for field in fields:
        whole, _, name = field.rpartition(".")
        yield name if whole == before else field
        before = whole


def _show_place(place: Place, file: str) -> None:
    click.echo()
    click.echo(_printable(f"{file}, line {place.line}, bytes {place.start} to {place.end}: {place.at}"))
    begin, end = place.column, place.column + len(place.text)
    line = _printable(place.context)
    if sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
        lit = click.style(line[begin:end] or " ", reverse=True, bold=True)
        click.echo(f"  {line[:begin]}{lit}{line[end:]}\n")
    else:
        click.echo(f"  {line}\n  {' ' * _cells(line[:begin])}{'^' * max(_cells(line[begin:end]), 1)}\n")


def _aligned(steps: Sequence[Step]) -> Iterator[str]:
    """Set the operations in columns; a long remark goes below its operation."""
    rows = [(step.name, step.at, _change(step), step.table) for step in steps]
    widths = [max((min(_cells(row[at]), _WIDEST) for row in rows), default=0) for at in range(4)]
    for row, step in zip(rows, steps, strict=True):
        cells = [cell + " " * (width - _cells(cell)) for cell, width in zip(row, widths, strict=True)]
        is_long = _cells(step.text) > _WIDEST
        yield _printable("  ".join((*cells, "" if is_long else step.text)).rstrip())
        if is_long:
            yield from wrap(_printable(step.text), 100, initial_indent="    ", subsequent_indent="    ")


def _change(step: Step) -> str:
    return " -> ".join(filter(None, (step.given, step.result)))


def _cells(text: str) -> int:
    from rich.cells import cell_len  # noqa: PLC0415 - knows how wide a character is on a terminal

    return cell_len(text)


def _printable(text: str) -> str:
    """Keep a message from steering the terminal: one visible character for each that is none."""
    return "".join(character if character.isprintable() else "\N{MIDDLE DOT}" for character in text)
