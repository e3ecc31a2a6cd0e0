"""
Run the test messages of a site: what each comes to is written beside it, and must stay so.

    sites/acme/fixtures/a-lipid-panel-is-sent/message.hl7      (or message.json, ...; one of them)
                                             /correlation.csv  (if an order number must be found)
                                             /expected.json    (a list of outcomes, one for each message)

What is compared is what a site decides: state, submissions, entries and diagnostics. Left out is what changes with
every release or every row above: hashes, lines of tables, texts for people.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from translator.engine import Translator
from translator.errors import ConfigError, Fault, TableError
from translator.read.locate_json import locate
from translator.read.span import NoSuchPositionError
from translator.record.correlation import Correlation, CorrelationRow
from translator.translate.correlation import parse_correlation
from translator.translate.difference import Difference, differences
from translator.translate.load_rows import canonical, decoded
from translator.whole_file import write_whole

FOLDER = "fixtures"
EXPECTED = "expected.json"
_CORRELATION = "correlation.csv"
_MOST = 10
_PROSE = frozenset({".md", ".txt", ".rst"})
_PACKED = frozenset({".gz", ".zip"})

# What an outcome line is compared by, and what each of its lists leaves out.
_KEPT = ("state", "submissions", "entries", "diagnostics")
_LEFT_OUT: Mapping[str, frozenset[str]] = {
    "entries": frozenset({"table", "original"}),
    "diagnostics": frozenset({"text"}),
}


class FixtureRun(NamedTuple):
    """What the fixtures of a site come to: how many there are, what is wrong, which expected files were written."""

    total: int
    faults: list[Fault]
    written: tuple[Path, ...] = ()


def run_fixtures(folder: Path, name: str, engine: Translator, *, write: bool = False) -> FixtureRun:
    """
    Run every fixture of a site.

    Shape: `folder` is the site's, `name` its name in places. With `write`, what comes out is written down where nothing
    was expected or something else.
    Raises: ConfigError where a file cannot be read or written.
    """
    place = f"sites/{name}/{FOLDER}"
    faults: list[Fault] = []
    written: list[Path] = []
    count = 0
    root = folder / FOLDER
    for entry in sorted(root.iterdir()) if root.is_dir() else []:
        if entry.name.startswith("."):
            continue
        if not entry.is_dir():
            if entry.suffix not in _PROSE:
                text = "stands in no folder of its own, so it is no fixture; make one and name it after what it shows"
                faults.append(Fault(f"{place}/{entry.name}:1:1", "fixture-incomplete", text))
            continue
        count += 1
        found, made = _run(entry, f"{place}/{entry.name}", engine, write=write)
        faults += found
        written += made
    return FixtureRun(count, faults, tuple(written))


def _run(case: Path, place: str, engine: Translator, *, write: bool) -> tuple[list[Fault], list[Path]]:
    messages = sorted(path for path in case.iterdir() if path.name.startswith("message."))
    if len(messages) != 1:
        what = f"there are {len(messages)} messages" if messages else "there is no message"
        text = f"{what}; a fixture has one, such as message.hl7 or message.json"
        return [Fault(f"{place}:1:1", "fixture-incomplete", text)], []
    if messages[0].suffix in _PACKED:
        text = "this is packed; a fixture's message is one that people can read: unpack it"
        return [Fault(f"{place}/{messages[0].name}:1:1", "fixture-incomplete", text)], []
    try:
        got = _outcomes(messages[0], case / _CORRELATION, engine)
    except TableError as error:
        return [fault._replace(at=f"{place}/{fault.at}") for fault in error.faults], []
    file = case / EXPECTED
    faults = list(_compared(file, f"{place}/{EXPECTED}", got))
    if not faults or not write:
        return faults, []
    write_whole(file, (json.dumps(got, indent=1, ensure_ascii=False, default=_number) + "\n").encode())
    return [], [file]


def _compared(file: Path, place: str, got: list[Any]) -> Iterator[Fault]:
    if not file.is_file():
        text = "nothing says what comes out; read it with `translator translate`, then use `check --write-expected`"
        yield Fault(f"{place}:1:1", "fixture-incomplete", text)
        return
    raw = _content(file)
    try:
        expected = json.loads(raw, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        at = f"{error.lineno}:{error.colno}" if isinstance(error, json.JSONDecodeError) else "1:1"
        yield Fault(f"{place}:{at}", "fixture-unreadable", "this is not JSON")
        return
    if not isinstance(expected, list):
        yield Fault(f"{place}:1:1", "fixture-unreadable", "this is no list of outcomes; write [ before and ] after it")
        return
    found = list(differences(expected, got))
    lines = sorted((_line(raw, each), at, each) for at, each in enumerate(found[:_MOST]))
    for line, _, each in lines:
        yield Fault(f"{place}:{line}:1", "fixture-differs", str(each))
    if len(found) > _MOST:
        yield Fault(f"{place}:1:1", "fixture-differs", f"and {len(found) - _MOST} more")


def _outcomes(message: Path, table: Path, engine: Translator) -> list[Any]:
    rows = _correlation(table) if table.is_file() else ()
    try:
        with message.open("rb") as file:
            lines = [
                json.loads(outcome.json, parse_float=Decimal)
                for outcome in engine.translate_stream(file, name=message.name, correlation=Correlation(rows))
            ]
    except OSError as error:
        raise ConfigError(f"{message}: cannot be read: {error.strerror}") from None
    return [{key: _kept(key, line[key]) for key in _KEPT if key in line} for line in lines]


def _correlation(table: Path) -> tuple[CorrelationRow, ...]:
    faults: list[Fault] = []
    text = decoded(table.name, canonical(_content(table)), faults)
    if text is None:
        raise TableError(faults)
    return parse_correlation(text, table.name)


def _kept(key: str, value: Any) -> Any:
    out = _LEFT_OUT.get(key)
    if out is None:
        return value
    return [{name: part for name, part in item.items() if name not in out} for item in value]


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None


def _number(value: object) -> float:
    # JSON has one kind of number; the payload was checked to survive this.
    return float(str(value))


def _line(raw: bytes, each: Difference) -> int:
    """The line of the expected value, or of the nearest one around it."""
    for end in range(len(each.steps), 0, -1):
        steps = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in each.steps[:end])
        try:
            return locate(raw, f"expected{steps}").line
        except NoSuchPositionError:
            continue
    return 1
