"""Show where a value comes from: its line with the bytes lit, then the operations, one a line."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from translator.cli.options import Flags
from translator.cli.output import printable, write_line
from translator.cli.step_lines import cells, step_lines

if TYPE_CHECKING:
    from translator.provenance import Origin, Provenance
    from translator.read.span import Place


def show(provenance: Provenance, flags: Flags) -> None:
    """Write the answer to stdout: one JSON line, or a picture for a person."""
    if flags.form == "json":
        import msgspec  # noqa: PLC0415 - a table needs none

        write_line(msgspec.json.encode(provenance))
        return
    value = "" if provenance.value is None else f" = {_written(provenance.value)}"
    click.echo(printable(f"{provenance.asked}{value}"))
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
        _show_place(origin.place, origin.place.file or _named(provenance))
    for line in step_lines(origin.steps):
        click.echo(f"  {line}")
    if origin.fields:
        click.echo(f"  reaches  {', '.join(_short(origin.fields))}")
    elif not origin.steps:
        click.echo(f"  {_reached(provenance)}")


def _named(provenance: Provenance) -> str:
    """Name what the bytes are counted in: a file, or a message that the ledger keeps by itself."""
    message = getattr(provenance, "message", 0)
    return f"message {message} of the ledger" if message else provenance.source.file


def _reached(provenance: Provenance) -> str:
    """Say that nothing comes of it, where that is known."""
    if any(fate.today is not None for fate in getattr(provenance, "ledger", ())):
        return "was read by other tables than those of now: what it reached is not known here"
    return "reaches no payload field"


def _short(fields: Sequence[str]) -> Iterator[str]:
    """Name the first field whole, and of the others only what differs."""
    before = ""
    for field in fields:
        whole, _, name = field.rpartition(".")
        yield name if whole == before else field
        before = whole


def _show_place(place: Place, file: str) -> None:
    click.echo()
    click.echo(printable(f"{file}, line {place.line}, bytes {place.start} to {place.end}: {place.at}"))
    begin, end = place.column, place.column + len(place.text)
    line = printable(place.context)
    if sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
        lit = click.style(line[begin:end] or " ", reverse=True, bold=True)
        click.echo(f"  {line[:begin]}{lit}{line[end:]}\n")
    else:
        click.echo(f"  {line}\n  {' ' * cells(line[:begin])}{'^' * max(cells(line[begin:end]), 1)}\n")
