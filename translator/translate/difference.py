"""
Compare what was expected with what came out, and say by path where they differ (pure).

Lists of observations and entries are compared by their names, so that one that is missing does not shift the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

NOTHING = object()
"""Stands where one side has no such value."""

# What names an item of a list: an entry its position, an observation its code.
_NAMES = ("at", "code")
_LONGEST = 80
_JSON = msgspec.json.Encoder(decimal_format="number")


class Difference(NamedTuple):
    """
    One place where two JSON values differ.

    Shape: `path` is for people (`entries[OBX[3]].state`), `steps` leads there in the expected value.
    """

    path: str
    steps: tuple[str | int, ...]
    expected: object
    got: object

    def __str__(self) -> str:
        return f"{self.path}: expected {written(self.expected)}, got {written(self.got)}"


def differences(expected: Any, got: Any, path: str = "", steps: tuple[str | int, ...] = ()) -> Iterator[Difference]:
    """Every place where what came out is not what was expected, in the order of what was expected."""
    if isinstance(expected, dict) and isinstance(got, dict):
        for key in (*expected, *(key for key in got if key not in expected)):
            inner = f"{path}.{key}" if path else key
            yield from differences(expected.get(key, NOTHING), got.get(key, NOTHING), inner, (*steps, key))
    elif isinstance(expected, list) and isinstance(got, list):
        mine, theirs = _named(expected, got)
        for name in (*mine, *(name for name in theirs if name not in mine)):
            at, value = mine.get(name, (-1, NOTHING))
            inner = (*steps, at) if at >= 0 else steps
            yield from differences(value, theirs.get(name, (-1, NOTHING))[1], f"{path}[{name}]", inner)
    elif not _is_same(expected, got):
        yield Difference(path, steps, expected, got)


def written(value: object) -> str:
    """Write a value as JSON on one line, cut to what a person reads at a glance."""
    if value is NOTHING:
        return "nothing"
    text = _JSON.encode(value).decode()
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _named(expected: list[Any], got: list[Any]) -> tuple[dict[str, tuple[int, Any]], dict[str, tuple[int, Any]]]:
    """Both lists by the names of their items, or by number where an item has no name or one has two."""
    for key in _NAMES:
        sides = [_by_name(key, side) for side in (expected, got)]
        if all(side is not None for side in sides):
            return sides[0] or {}, sides[1] or {}
    return (
        {str(at): (at, value) for at, value in enumerate(expected)},
        {str(at): (at, value) for at, value in enumerate(got)},
    )


def _by_name(key: str, items: list[Any]) -> dict[str, tuple[int, Any]] | None:
    names = [item.get(key) if isinstance(item, dict) else None for item in items]
    if not all(isinstance(name, str) for name in names) or len(set(names)) != len(names):
        return None
    return {str(name): (at, item) for at, (name, item) in enumerate(zip(names, items, strict=True))}


def _is_same(expected: object, got: object) -> bool:
    # In Python true is one, in JSON it is not; a number is the same however many zeros end it.
    number = (int, Decimal)
    if isinstance(expected, number) and isinstance(got, number):
        return isinstance(expected, bool) is isinstance(got, bool) and expected == got
    return type(expected) is type(got) and expected == got
