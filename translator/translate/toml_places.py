"""
Say where a key stands in the text of a TOML file, which a parser forgets (pure).

Lines and columns are characters counted from 1, as an editor shows them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from translator.errors import Fault

_KEY = re.compile(r"\"([^\"]*)\"|'([^']*)'|([A-Za-z0-9_-]+)")
Path = tuple[str, ...]


def place_of(path: Path, text: str, number: int = 1) -> tuple[int, int]:
    """
    Line and column of the key that shares most of the path: a code of an inline table stands where its name does.

    Shape: `number` counts the tables of a list (`[[folder]]`) from 1.
    Absent: 1, 1 where nothing of the path stands in the text.
    """
    best, length, seen = (1, 1), 0, 0
    for line, column, key, is_item in _keys(text):
        if is_item and key == path[: len(key)]:
            seen += 1
            length = 0 if seen == number else length
        if seen > number:
            break
        if key == path[: len(key)] and len(key) > length:
            best, length = (line, column), len(key)
    return _inner(text, best, path[length:]) if 0 < length < len(path) else best


def line_of(path: Path, text: str) -> int:
    """The line of `place_of`."""
    return place_of(path, text)[0]


def lines_of(text: str) -> dict[Path, int]:
    """The line on which each key of a TOML file begins."""
    return {key: line for line, _, key, _ in _keys(text)}


def syntax_fault(file: str, text: str, message: str) -> Fault:
    """The place of what is no TOML that tomllib gives only in words: `Invalid value (at line 3, column 8)`."""
    what, _, place = message.rpartition(" (at ")
    digits = "".join(character if character.isdigit() else " " for character in place).split()
    line, column = (digits[0], digits[1]) if len(digits) > 1 else (str(text.count("\n") + 1), "1")
    return Fault(f"{file}:{line}:{column}", "table-syntax", f"this is not TOML: {what or message}")


def _inner(text: str, start: tuple[int, int], rest: Path) -> tuple[int, int]:
    """Look on the key's own line for a key of its inline table."""
    line, column = start
    content = text.split("\n")[line - 1]
    found = re.compile(rf"(?<![\w-]){re.escape(rest[0])}(?![\w-])['\"]?\s*=").search(content, column)
    return (line, found.start() + 1) if found else start


def _keys(text: str) -> Iterator[tuple[int, int, Path, bool]]:
    """
    Line, column and full key that begins there, and whether it begins an item of a list of tables.

    Lines inside a value give keys that no setting has.
    """
    table: Path = ()
    for number, line in enumerate(text.split("\n"), 1):
        content = line.strip()
        column = len(line) - len(line.lstrip()) + 1
        if content.startswith("["):
            table = _parts(content.split("#")[0].strip().strip("[]"))
            yield number, column, table, content.startswith("[[")
        elif "=" in content and not content.startswith("#"):
            yield number, column, (*table, *_parts(content.split("=")[0])), False


def _parts(key: str) -> Path:
    return tuple("".join(parts) for parts in _KEY.findall(key))
