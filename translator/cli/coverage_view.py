"""Draw what an archive holds as tables on a terminal: first what needs somebody, then everything by frequency."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TextIO, TypeAlias

from rich import box
from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

from translator.cli.output import printable
from translator.coverage.report import Code, Coverage, SeenCode, SeenWord

Row: TypeAlias = tuple[str, ...]

_BAR = 12
_STYLES = {"translated": "green", "held": "yellow", "refused": "red", "ignored": "bright_black"}
_NUMBERS = frozenset({"count", "messages", "entries"})


def draw(found: Coverage, top: int, file: TextIO) -> None:
    """Draw every table, `top` rows of each."""
    console = Console(file=file, highlight=False)
    console.print(Text(_headline(found), style="bold"))
    for title, columns, rows in _tables(found):
        _draw(console, title, columns, list(rows), top)


def _headline(found: Coverage) -> str:
    totals = found.totals
    stopped = " (stopped before the end)" if found.interrupted else ""
    return (
        f"messages {totals.messages:,}, entries {totals.entries:,}: {_states(found.entries)}{stopped}\n"
        f"codes with a row: {totals.mapped_codes:,} of {totals.codes:,}, {totals.open_codes:,} want one; "
        f"observations with a row: {totals.mapped:,} of {totals.observations:,}"
    )


def _tables(found: Coverage) -> Iterator[tuple[str, Sequence[str], Iterable[Row]]]:
    waits = [fate for fate in found.fates if fate.state in {"held", "refused"}]
    yield (
        "What the first day in production would hold or refuse",
        ("state", "reason", "messages", "entries", "what to do"),
        ((each.state, each.reason, f"{each.messages:,}", f"{each.entries:,}", each.remedy) for each in waits),
    )
    yield (
        "Files and parts of files that are no message (`translator translate` names each, with the line)",
        ("reason", "count", "what to do"),
        ((each.reason, f"{each.messages:,}", each.remedy) for each in found.files),
    )
    if found.waiting:
        yield (
            "Translated, and waiting once until you confirm the code (translator explain code-unconfirmed)",
            ("WHOOP code", "count"),
            ((code, f"{count:,}") for code, count in found.waiting.items()),
        )
    yield (
        "Codes that want a row",
        ("code", "count", "share", "unit", "maybe"),
        (_open(code, found.totals.observations) for code in found.codes if code.is_open),
    )
    yield (
        "Codes that have a row",
        ("code", "count", "share", "is", "ends"),
        (_mapped(code, found.totals.observations) for code in found.codes if code.mapped),
    )
    yield (
        "Codes of orders",
        ("code", "count", "study", "ends"),
        (
            (_codings(each.codings), f"{each.count:,}", each.study or "no row", _states(each.states))
            for each in found.order_codes
        ),
    )
    yield (
        "Units",
        ("unit", "code", "count", "becomes"),
        ((each.unit or "(none)", _coding(each.code), f"{each.count:,}", each.becomes) for each in found.units),
    )
    for title, words in (
        ("Statuses", found.statuses),
        ("Value types", found.value_types),
        ("Abnormal flags", found.flags),
        ("Senders", found.senders),
        ("Types of message", found.types),
        ("Panels", found.panels),
    ):
        columns = ("at", "word", "count", "means") if any(each.means for each in words) else ("at", "word", "count")
        yield title, columns, (_word(each)[: len(columns)] for each in words)
    yield (
        "Sent, and read by nobody",
        ("field or element", "count"),
        ((each.at, f"{each.count:,}") for each in found.unread),
    )
    yield (
        "Rows that nothing led to",
        ("row", "is", "name"),
        ((each.at, each.row, each.display) for each in sorted(found.silent, key=lambda each: not each.site)),
    )


def _open(code: SeenCode, total: int) -> Row:
    best = [f"{each.code} {each.display} ({each.points}: {'; '.join(each.evidence)})" for each in code.suggestions[:1]]
    units = ", ".join(code.units)
    return _codings(code.codings), f"{code.count:,}", _bar(code.count, total), units, "".join(best) or _problem(code)


def _problem(code: SeenCode) -> str:
    """Say why no row was found; that there is none is what the table says."""
    return "" if code.problem == "unmapped-code" else code.problem


def _mapped(code: SeenCode, total: int) -> Row:
    meaning = code.whoop_code or ("never sent" if code.ignored else "")
    return _codings(code.codings), f"{code.count:,}", _bar(code.count, total), meaning, _ends(code)


def _ends(code: SeenCode) -> str:
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in code.reasons.items())
    return f"{_states(code.states)}{f' ({reasons})' if reasons else ''}"


def _word(word: SeenWord) -> Row:
    return word.at, word.word or "(empty)", f"{word.count:,}", word.means


def _codings(codings: Sequence[Code]) -> str:
    return " / ".join(map(_coding, codings)) or "(no code)"


def _coding(code: Code) -> str:
    system = code.system.rsplit("/", 1)[-1]
    return " ".join(filter(None, (code.code, code.name and f"({code.name})", system and f"[{system}]"))) or "(no code)"


def _states(states: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {state}" for state, count in states.items()) or "none"


def _bar(count: int, total: int) -> str:
    """Draw a share as a bar; what is there at all has a mark."""
    return "\u2588" * max(1, round(_BAR * count / total)) if total else ""


def _draw(console: Console, title: str, columns: Sequence[str], rows: Sequence[Row], top: int) -> None:
    if not rows:
        return
    console.print(Text(title, style="bold"))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        justify: JustifyMethod = "right" if column in _NUMBERS else "left"
        table.add_column(column, overflow="fold", justify=justify, no_wrap=column == "row")
    for row in rows[:top]:
        table.add_row(*(Text(printable(cell), style=_STYLES.get(cell, "")) for cell in row))
    console.print(table)
    if len(rows) > top:
        console.print(Text(f"... and {len(rows) - top:,} more (--top {len(rows)}, --html FILE or --format json)\n"))
