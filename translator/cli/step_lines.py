"""Write operations one a line, in columns, for a terminal that nothing in a message can steer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

from translator.cli.output import printable

if TYPE_CHECKING:
    from translator.translate.trace import Step

_WIDEST = 60


def step_lines(steps: Sequence[Step]) -> Iterator[str]:
    """Set the operations in columns; a long remark goes below its operation."""
    rows = [(step.name, step.at, _change(step), step.table) for step in steps]
    widths = [max((min(cells(row[at]), _WIDEST) for row in rows), default=0) for at in range(4)]
    for row, step in zip(rows, steps, strict=True):
        columns = [cell + " " * (width - cells(cell)) for cell, width in zip(row, widths, strict=True)]
        is_long = cells(step.text) > _WIDEST
        yield printable("  ".join((*columns, "" if is_long else step.text)).rstrip())
        if is_long:
            yield from wrap(printable(step.text), 100, initial_indent="    ", subsequent_indent="    ")


def cells(text: str) -> int:
    """Count the cells of a terminal that a text takes."""
    from rich.cells import cell_len  # noqa: PLC0415 - knows how wide a character is on a terminal

    return cell_len(text)


def _change(step: Step) -> str:
    return " -> ".join(filter(None, (step.given, step.result)))
