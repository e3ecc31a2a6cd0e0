"""Write measurements as Markdown tables that read well on a terminal too."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

README = Path(__file__).parent / "README.md"
_BEGIN, _END = "<!-- figures: written by `make bench BENCH=--readme` -->", "<!-- end of figures -->"


class Table(Struct, frozen=True):
    """
    One table.

    Shape: the first column is text, the others are figures. `absolute` names the columns that mean something on one
    machine only; the README leaves them out.
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    absolute: frozenset[str] = frozenset()
    note: str = ""


def figure(number: float | None) -> str:
    """Write a figure with about three digits, and a dash where there is none."""
    if number is None:
        return "-"
    if number >= 100:
        return f"{number:,.0f}"
    return f"{number:.1f}" if number >= 10 else f"{number:.2f}"


def mebibytes(size: int | None) -> float | None:
    """Turn bytes into MiB."""
    return None if size is None else size / (1 << 20)


def markdown(table: Table, *, portable: bool = False) -> str:
    """
    Write one table with its title and note.

    Shape: `portable` leaves out what differs from machine to machine.
    """
    kept = [at for at, name in enumerate(table.head) if not (portable and name in table.absolute)]
    lines = [[row[at] for at in kept] for row in (table.head, *table.rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rule = "|".join(["", f" {'-' * widths[0]} ", *(f" {'-' * (width - 1)}: " for width in widths[1:]), ""])
    written = [_line(line, widths) for line in lines]
    note = ["", table.note] if table.note else []
    return "\n".join([f"### {table.title}", "", written[0], rule, *written[1:], *note, ""])


def _line(words: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = zip(words, widths, strict=True)
    return " ".join(["|", first[0].ljust(first[1]), "|", *(f"{word.rjust(width)} |" for word, width in others)])


def write_readme(tables: Sequence[Table], path: Path = README, *, others_stay: bool = False) -> None:
    """Put the tables in the README in place of those that it has, all or of their titles; ratios and memory only."""
    text = path.read_text(encoding="utf-8")
    head, _, rest = text.partition(_BEGIN)
    figures, _, tail = rest.partition(_END)
    sections = _sections(figures) if others_stay else {}
    sections |= {table.title: markdown(table, portable=True) for table in tables}
    written = "\n".join(sections.values())
    path.write_text(f"{head}{_BEGIN}\n\n{written}\n{_END}{tail}", encoding="utf-8", newline="\n")


def _sections(figures: str) -> dict[str, str]:
    """Part what stands in the README by titles."""
    parts = [f"### {part.strip()}\n" for part in figures.split("### ")[1:]]
    return {part.partition("\n")[0].removeprefix("### "): part for part in parts}
