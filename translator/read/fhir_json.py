"""
Parse FHIR JSON so that nothing in it is altered: decimals stay as written, a key that stands twice is an error.

Navigation is by small total functions: a part of the wrong shape counts as not there, and the reader decides what that means.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, TypeAlias

Node: TypeAlias = dict[str, Any]

_DEEPEST = 200


class MalformedJsonError(ValueError):
    """The bytes are no JSON, or JSON that says one thing twice; the text has the place and no content."""


class DuplicateKeyError(MalformedJsonError):
    """An object has the same key twice: which one is meant cannot be known."""


def parse(raw: bytes) -> Any:
    """
    Parse one JSON document.

    Units: numbers with a point become Decimal with the digits as written; NaN and Infinity are refused.
    Raises: MalformedJsonError with line and column.
    """
    try:
        text = raw.decode("utf-8-sig")
        return json.loads(text, parse_float=Decimal, parse_constant=_refuse, object_pairs_hook=_object)
    except json.JSONDecodeError as fault:
        message = f"line {fault.lineno} column {fault.colno}: {fault.msg}"
        raise MalformedJsonError(message) from None
    except UnicodeDecodeError as fault:
        message = f"byte {fault.start} is no UTF-8"
        raise MalformedJsonError(message) from None
    except RecursionError:
        raise MalformedJsonError("nested too deeply") from None
    except ValueError as fault:
        if isinstance(fault, MalformedJsonError):
            raise
        raise MalformedJsonError("a number is too long") from None


def _refuse(_constant: str) -> None:
    raise MalformedJsonError("NaN and Infinity are no JSON numbers")


def _object(pairs: list[tuple[str, Any]]) -> Node:
    node = dict(pairs)
    if len(node) != len(pairs):
        raise DuplicateKeyError("an object has the same key twice")
    return node


def objects(node: Node, key: str) -> Iterator[tuple[int, Node]]:
    """Give the objects of a list with their indexes; a single object counts as none, as FHIR never writes it so."""
    items = node.get(key)
    if isinstance(items, list):
        yield from ((index, item) for index, item in enumerate(items) if isinstance(item, dict))


def obj(node: Node, key: str) -> Node:
    """Give an object, or an empty one."""
    item = node.get(key)
    return item if isinstance(item, dict) else {}


def text(node: Node, key: str) -> str:
    """Give a string, trimmed, or an empty one."""
    item = node.get(key)
    return item.strip() if isinstance(item, str) else ""
