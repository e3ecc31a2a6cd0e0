"""
Parse FHIR JSON so that nothing in it is altered: decimals stay as written, a key that stands twice is an error.

Navigation is by small total functions: a part of the wrong shape counts as not there, and the reader decides what that
means.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from gc import get_referents
from typing import Any, TypeAlias

import msgspec

Node: TypeAlias = dict[str, Any]

BOM = b"\xef\xbb\xbf"
_TOO_DEEP = "nested too deeply"
_DEEPEST = 200
# A surrogate outside its pair is no character and has no bytes; whole pairs and other escapes are passed over.
_LONE_SURROGATE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\(u[dD][89a-fA-F])|\\.", re.DOTALL
)
_decode = msgspec.json.Decoder(float_hook=Decimal).decode
_encode = msgspec.json.Encoder(decimal_format="number").encode


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
    body = raw.removeprefix(BOM)
    try:
        root = _decode(body)
        is_whole = _keeps_every_key(body, root) and not _is_too_deep(root)
    except (msgspec.MsgspecError, UnicodeDecodeError, InvalidOperation, RecursionError):
        is_whole, root = False, None
    # The other parser says where the fault is, if there is one at all.
    return root if is_whole else parse_slowly(raw)


def _keeps_every_key(body: bytes, root: object) -> bool:
    """
    Prove that no key stands twice, by writing down again what was read.

    The parser keeps the last of two equal keys, so the other one is not written, and its two quotes are missing. The
    same bytes leave nothing to count. White space, escapes and the form of numbers change no count of quotes.
    """
    written = _encode(root)
    return written == body or _quotes(written) == _quotes(body)


def _quotes(body: bytes) -> int:
    """Count the quotes that begin or end a string; a backslash that is itself escaped escapes nothing."""
    if b"\\" in body:
        body = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    return body.count(b'"')


def parse_slowly(raw: bytes) -> Any:
    """
    Parse one JSON document as `parse` does, by the parser that says where a fault is.

    Raises: MalformedJsonError.
    """
    try:
        text = raw.decode("utf-8-sig")
        root = json.loads(text, parse_float=Decimal, parse_constant=_refuse, object_pairs_hook=_object)
    except json.JSONDecodeError as fault:
        message = f"line {fault.lineno} column {fault.colno}: {fault.msg}"
        raise MalformedJsonError(message) from None
    except UnicodeDecodeError as fault:
        message = f"byte {fault.start} is no UTF-8"
        raise MalformedJsonError(message) from None
    except MalformedJsonError:
        raise
    except RecursionError:
        raise MalformedJsonError(_TOO_DEEP) from None
    except (ValueError, InvalidOperation):
        raise MalformedJsonError("a number is too long") from None
    if _is_too_deep(root):
        raise MalformedJsonError(_TOO_DEEP)
    if any(match[1] for match in _LONE_SURROGATE.finditer(text)):
        raise MalformedJsonError("an escape names half a character (a lone surrogate)")
    return root


def _is_too_deep(root: object) -> bool:
    """
    Count levels without recursion, so that the answer does not hang on the caller's stack.

    Shape: what an object or a list refers to are its keys, its values and its items; what a text or a number refers to
    is nothing.
    """
    level = [root]
    for _ in range(_DEEPEST):
        level = get_referents(*level)
        if not level:
            return False
    return any(isinstance(part, (dict, list)) for part in level)


def _refuse(_constant: str) -> None:
    raise MalformedJsonError("NaN and Infinity are no JSON numbers")


def _object(pairs: list[tuple[str, Any]]) -> Node:
    node = dict(pairs)
    if len(node) != len(pairs):
        raise DuplicateKeyError("an object has the same key twice")
    return node


def objects(node: Node, key: str) -> Sequence[tuple[int, Node]]:
    """Give the objects of a list with their indexes; an object where a list belongs is a list of one, never lost."""
    items = node.get(key)
    if items is None:
        return ()
    if isinstance(items, dict):
        return ((0, items),)
    if isinstance(items, list):
        return [(index, item) for index, item in enumerate(items) if isinstance(item, dict)]
    return ()


def misshapen(node: Node, key: str) -> Sequence[int]:
    """Give the indexes at which a list has no object; what belongs there is not known, so it is not passed over."""
    items = node.get(key)
    return [n for n, item in enumerate(items) if not isinstance(item, dict)] if isinstance(items, list) else ()


def obj(node: Node, key: str) -> Node:
    """Give an object, or an empty one."""
    item = node.get(key)
    return item if isinstance(item, dict) else {}


def text(node: Node, key: str) -> str:
    """Give a string, trimmed, or an empty one."""
    item = node.get(key)
    return item.strip() if type(item) is str else ""
