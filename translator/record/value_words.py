"""Write a value for a person, with the kind that the reader took it for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from translator.record.values import (
    Absent,
    Cleared,
    Coded,
    Document,
    Limit,
    Numeric,
    Range,
    Ratio,
    Text,
    Unusable,
    Value,
)


def _coded(value: Coded) -> str:
    codes = " | ".join(f"{coding.system} {coding.code}".strip() for coding in value.codings)
    return " ".join(filter(None, ("coded", codes, f'"{value.text}"' if value.text else "")))


_WORDS: dict[type, Callable[[Any], str]] = {
    Numeric: lambda value: f"number {value.lexical}",
    Limit: lambda value: f"limit {value.comparator}{value.lexical}",
    Ratio: lambda value: f"ratio {value.left}{value.separator}{value.right}",
    Range: lambda value: f"range {value.low}-{value.high}",
    Text: lambda value: f'text "{value.text}"',
    Coded: _coded,
    Document: lambda value: f"{value.kind} document",
    Absent: lambda value: f"nothing ({value.reason})" if value.reason else "nothing",
    Cleared: lambda _: 'a request to delete ("")',
    Unusable: lambda value: f"not readable ({value.reason})",
}


def in_words(value: Value) -> str:
    """Name the kind of a value and the value."""
    return _WORDS[type(value)](value)
