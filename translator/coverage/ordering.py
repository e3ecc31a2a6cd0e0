"""Put counts in order: states as they are always named, everything else from frequent to rare."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from translator.coverage.counts import Key
from translator.coverage.report import Code
from translator.record.values import Coding

_STATES = ("translated", "held", "refused", "ignored")


def coded(codes: Iterable[Coding]) -> tuple[Code, ...]:
    """Write codings as the report has them."""
    return tuple(Code(coding.system, coding.code, coding.text) for coding in codes)


def in_order(states: Mapping[str, int]) -> dict[str, int]:
    """Name the states that there are, in one order everywhere."""
    return {state: states[state] for state in _STATES if states.get(state)}


def falling(counter: Counter[str], without: str | None = None) -> dict[str, int]:
    """Give the most frequent first; `without` is left out."""
    return {word: count for word, count in most_common(counter) if word != without}


def most_common(counter: Counter[Any]) -> list[tuple[Any, int]]:
    """Give the most frequent first, and equals in an order that does not hang on which came first."""
    return sorted(counter.items(), key=lambda item: (-item[1], repr(item[0])))


def by_size(groups: Mapping[Any, list[tuple[Key, int]]]) -> list[tuple[Any, list[tuple[Key, int]]]]:
    """Give the groups with most members first."""
    return sorted(groups.items(), key=lambda item: (-sum(count for _, count in item[1]), repr(item[0])))
