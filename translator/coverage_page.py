"""Write what an archive holds as one HTML file: charts drawn here, no script, nothing from elsewhere, all escaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from msgspec import Struct

from translator.coverage.report import Code, Coverage, SeenCode

_TEMPLATES = Path(__file__).parent / "coverage" / "templates"
# What is beyond stands in the JSON.
_MOST_ROWS, _MOST_BARS = 100, 8
_WIDTH, _HEIGHT = 400, 150
# Marks that stand closer would write over each other.
_APART = 0.15
_MOST_STEPS = 100
# From here on a share is told without decimals.
_ROUND = 10
# C0, DEL and C1 controls, and what turns the direction of a text.
_UNSEEN = dict.fromkeys(
    (*range(32), *range(127, 160), 0x61C, *range(0x200E, 0x2010), *range(0x202A, 0x202F), *range(0x2066, 0x206A)),
    "\ufffd",
)


class Part(Struct, frozen=True):
    """One part of a bar: where it begins and how wide it is, of a hundred."""

    word: str
    count: int
    start: float
    width: float


class Climb(Struct, frozen=True):
    """
    How the share of observations with a row grows, if codes get one, the most frequent first.

    Shape: `line` and `area` are paths of SVG; `marks` say in words how far some numbers of codes lead.
    """

    line: str
    area: str
    codes: int
    marks: tuple[tuple[int, int, float, float], ...]


def page_of(found: Coverage) -> str:
    """Write the page."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_seen,
    )
    environment.filters |= {"thousands": _thousands, "share": _share, "coding": coding, "codings": codings}
    style = (_TEMPLATES / "coverage.css").read_text(encoding="utf-8")
    waits = [fate for fate in found.fates if fate.state in {"held", "refused"}]
    return environment.get_template("coverage.html").render(
        found=found,
        style=style,
        most=_MOST_ROWS,
        waits=waits,
        open_codes=[code for code in found.codes if code.is_open],
        mapped_codes=[code for code in found.codes if code.mapped],
        beside=[code for code in found.codes if not code.mapped and not code.is_open],
        entry_parts=_parts(found.entries),
        message_parts=_parts(found.messages),
        climb=_climb(found),
        charts=_charts(found),
        silent=sorted(found.silent, key=lambda each: not each.site),
        width=_WIDTH,
        height=_HEIGHT,
    )


def _parts(states: Mapping[str, int]) -> list[Part]:
    total, start, parts = sum(states.values()), 0.0, []
    for word, count in states.items():
        width = 100 * count / total
        parts.append(Part(word, count, round(start, 2), round(width, 2)))
        start += width
    return parts


def _climb(found: Coverage) -> Climb | None:
    """Draw how far the most frequent codes lead; without a code that wants a row there is nothing to climb."""
    waiting = [code.count for code in found.codes if code.is_open][:_MOST_STEPS]
    total = found.totals.mapped + sum(code.count for code in found.codes if code.is_open)
    if not waiting:
        return None
    shares = [found.totals.mapped / total]
    for count in waiting:
        shares.append(shares[-1] + count / total)
    points = [(_WIDTH * at / len(waiting), _HEIGHT * (1 - share)) for at, share in enumerate(shares)]
    line = "M" + " L".join(f"{x:.1f},{y:.1f}" for x, y in points)
    area = f"{line} L{_WIDTH},{_HEIGHT} L0,{_HEIGHT} Z"
    offered = [number for number in (0, 1, 2, 5, 10, 25, 50) if number < len(waiting)]
    steps = [len(waiting)]
    for number in reversed(offered):
        if (steps[0] - number) / len(waiting) >= _APART:
            steps.insert(0, number)
    marks = tuple((number, round(100 * shares[number]), *points[number]) for number in steps)
    return Climb(line, area, len(waiting), marks)


def _charts(found: Coverage) -> list[tuple[str, list[Part]]]:
    """Give the bars of what is counted by words, each list with the most frequent first."""
    lists: list[tuple[str, Iterable[tuple[str, int]]]] = [
        ("Units", _summed((each.unit or "(none)", each.count) for each in found.units)),
        ("Value types", _summed((each.word or "(empty)", each.count) for each in found.value_types)),
        ("Statuses", _summed((each.word or "(empty)", each.count) for each in found.statuses)),
        ("Abnormal flags", _summed((each.word or "(empty)", each.count) for each in found.flags)),
        ("Types of message", _summed((each.word or "(empty)", each.count) for each in found.types)),
        ("Sent, and read by nobody", [(each.at, each.count) for each in found.unread]),
    ]
    return [(title, _bars(list(items))) for title, items in lists]


def _summed(items: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    sums: dict[str, int] = {}
    for word, count in items:
        sums[word] = sums.get(word, 0) + count
    return sorted(sums.items(), key=lambda item: (-item[1], item[0]))


def _bars(items: Sequence[tuple[str, int]]) -> list[Part]:
    most = max((count for _, count in items), default=0)
    return [Part(word, count, 0.0, round(100 * count / most, 2)) for word, count in items[:_MOST_BARS]]


def coding(code: Code) -> str:
    """Write one coding as its code and its system."""
    return " ".join(filter(None, (code.code, code.system and f"[{code.system.rsplit('/', 1)[-1]}]"))) or "(no code)"


def codings(code: SeenCode) -> list[tuple[str, str]]:
    """Write every coding, each with its name."""
    return [(coding(each), each.name) for each in code.codings] or [("(no code)", "")]


def _thousands(number: int) -> str:
    return f"{number:,}"


def _share(count: int, total: int) -> str:
    share = 100 * count / total if total else 0
    return f"{share:.0f} %" if share >= _ROUND or not share else f"{share:.1f} %"


def _seen(value: Any) -> Any:
    """Show what no reader would see, and what would turn a line round, as a mark."""
    return value.translate(_UNSEEN) if type(value) is str else value
