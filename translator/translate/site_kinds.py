"""Read the kinds of values that a setting of `site.toml` may have, and say the same as JSON Schema (pure)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from translator.record.time_zones import is_time_zone

# Stands for an empty field in a table of codes, where TOML would want an empty name in quotes.
BLANK = "blank"


class Kind(NamedTuple):
    """A kind of value: what reads it, and the same as JSON Schema."""

    read: Callable[[object], Any]
    schema: Mapping[str, Any]


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _flag_reversed(value: object) -> bool | None:
    return not value if isinstance(value, bool) else None


def _time_zone(value: object) -> str | None:
    return value if isinstance(value, str) and is_time_zone(value) else None


def _texts(value: object) -> tuple[str, ...] | None:
    if not isinstance(value, list) or not all(_text(item) for item in value) or len(set(value)) != len(value):
        return None
    return tuple(value)


_FILLED = {"type": "string", "pattern": r"\S"}
TEXT = Kind(_text, _FILLED)
FLAG = Kind(_flag, {"type": "boolean"})
FLAG_REVERSED = Kind(_flag_reversed, {"type": "boolean"})
TIME_ZONE = Kind(_time_zone, {"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$"})
TEXTS = Kind(_texts, {"type": "array", "items": _FILLED, "uniqueItems": True})


def choice(words: tuple[str, ...]) -> Kind:
    """Make a kind for a word of a list."""
    return Kind(lambda value: value if isinstance(value, str) and value in words else None, {"enum": list(words)})


def choices(words: tuple[str, ...]) -> Kind:
    """Make a kind for a list of words, each once."""

    def read(value: object) -> tuple[str, ...] | None:
        texts = _texts(value)
        return texts if texts is not None and set(texts) <= set(words) else None

    return Kind(read, {"type": "array", "items": {"enum": list(words)}, "uniqueItems": True})


def codes(allowed: Mapping[str, str]) -> Kind:
    """Take a table of codes; each may be read only as the one word that a definition backs."""

    def read(value: object) -> dict[str, str] | None:
        if not isinstance(value, dict) or any(allowed.get(code) != word for code, word in value.items()):
            return None
        return {"" if code == BLANK else code: word for code, word in value.items()}

    properties = {code: {"const": word} for code, word in allowed.items()}
    return Kind(read, {"type": "object", "additionalProperties": False, "properties": properties})


def _ranking(value: object) -> dict[str, tuple[str, ...]] | None:
    if not isinstance(value, dict):
        return None
    ranks = {code: _texts(sources) for code, sources in value.items()}
    read = {code: sources for code, sources in ranks.items() if sources}
    return read if len(read) == len(ranks) else None


RANKING = Kind(_ranking, {"type": "object", "additionalProperties": {**TEXTS.schema, "minItems": 1}})
