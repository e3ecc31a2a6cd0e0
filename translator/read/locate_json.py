"""
Find the bytes that a FHIRPath names: `Bundle.entry[3].resource.value.unit`, back to a span of the document as it came.

A scanner that only skips: it looks at the members on the way and steps over every other value in one stride.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator

from translator.read.fhir_json import MalformedJsonError, parse
from translator.read.span import NoSuchPositionError, Span, span_of

_BOM = b"\xef\xbb\xbf"
_STEP = re.compile(r"\.?([A-Za-z_][A-Za-z0-9_]*)|\[([0-9]{1,9})\]")
_BLANK = re.compile(rb"[ \t\r\n]*")
_STRING = rb'"[^"\\]*(?:\\.[^"\\]*)*"'
_SCALAR = re.compile(_STRING + rb"|[^\s,:\[\]{}]+", re.DOTALL)
_NESTING = re.compile(_STRING + rb"|[\[\]{}]", re.DOTALL)
_DEPTHS = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}


def locate(raw: bytes, path: str) -> Span:
    """
    Find a FHIRPath in the bytes of one JSON document.

    Shape: the first word names the resource itself; `value` stands for any `value[x]`; an object where a list belongs
    is a list of one. The span of a string leaves its quotes out.
    Raises: NoSuchPositionError where the path leads nowhere.
    """
    try:
        parse(raw)
    except MalformedJsonError:
        raise NoSuchPositionError(f"{path}: the document cannot be read as FHIR JSON") from None
    begin = _skip_blank(raw, len(_BOM) if raw.startswith(_BOM) else 0)
    end = _end_of_value(raw, begin)
    for match in steps(path):
        found = _step(raw, begin, end, match)
        if found is None:
            raise NoSuchPositionError(f"{path}: there is no `{match[0]}` in `{path[: match.start()]}`")
        begin, end = found
    if raw[begin : begin + 1] == b'"':
        begin, end = begin + 1, end - 1
    return span_of(raw, begin, end)


def steps(path: str) -> list[re.Match[str]]:
    """Give the steps of a path without its first word."""
    steps = list(_STEP.finditer(path))
    if "".join(match[0] for match in steps) != path or not path[:1].isalpha():
        raise NoSuchPositionError(f"`{path}` is no position; write it as Bundle.entry[3].resource.value.unit")
    return steps[1:]


def _step(raw: bytes, begin: int, end: int, step: re.Match[str]) -> tuple[int, int] | None:
    if step[1]:
        return next((found for key, found in _members(raw, begin) if is_named(key, step[1])), None)
    if raw[begin : begin + 1] == b"{":
        return (begin, end) if int(step[2]) == 0 else None
    return next(itertools.islice(_items(raw, begin), int(step[2]), None), None)


def is_named(key: str, name: str) -> bool:
    """Tell an element by its name; `value` stands for any `value[x]`."""
    return key == name or (name == "value" and key.startswith("value") and key[5:6].isupper() and "Set" not in key[5:8])


def _members(raw: bytes, begin: int) -> Iterator[tuple[str, tuple[int, int]]]:
    if raw[begin : begin + 1] != b"{":
        return
    place = _skip_blank(raw, begin + 1)
    while raw[place : place + 1] == b'"':
        end = _end_of_value(raw, place)
        key = json.loads(raw[place:end])
        value = _skip_blank(raw, _skip_blank(raw, end) + 1)
        end = _end_of_value(raw, value)
        yield key, (value, end)
        place = _after_comma(raw, end)


def _items(raw: bytes, begin: int) -> Iterator[tuple[int, int]]:
    if raw[begin : begin + 1] != b"[":
        return
    place = _skip_blank(raw, begin + 1)
    while raw[place : place + 1] != b"]":
        end = _end_of_value(raw, place)
        yield place, end
        place = _after_comma(raw, end)


def _after_comma(raw: bytes, end: int) -> int:
    place = _skip_blank(raw, end)
    return _skip_blank(raw, place + 1) if raw[place : place + 1] == b"," else place


def _skip_blank(raw: bytes, place: int) -> int:
    return next(_BLANK.finditer(raw, place)).end()


def _end_of_value(raw: bytes, begin: int) -> int:
    """Step over one value, however deep it is; the document is known to be JSON, so it has an end."""
    if raw[begin : begin + 1] not in {b"[", b"{"}:
        return next(_SCALAR.finditer(raw, begin)).end()
    marks = _NESTING.finditer(raw, begin)
    depths = itertools.accumulate(_DEPTHS.get(mark[0][0], 0) for mark in _NESTING.finditer(raw, begin))
    return next(mark.end() for mark, depth in zip(marks, depths, strict=True) if depth == 0)
