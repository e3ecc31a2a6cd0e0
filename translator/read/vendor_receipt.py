"""
Read what Acurable answers to something that was created: the codes that let a patient begin.

That the answer to a study holds an activation code is documented; the name of the property is not, so the layout names
those that are looked for, wherever they stand.

Source: acurable.md section 5.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from translator.read.fhir_json import MalformedJsonError, parse

_MOST_CODES = 16
_LONGEST = 4096


def activation_codes(raw: bytes, names: Collection[str]) -> tuple[str, ...]:
    """
    Give every code of an answer, each once, in the order in which they stand.

    Absent: nothing where the answer is no JSON, or has no such property.
    """
    try:
        waiting: list[Any] = [parse(raw)]
    except MalformedJsonError:
        return ()
    found: dict[str, None] = {}
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, dict):
            found |= {text: None for name in names for text in _texts(node.get(name))}
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
    return tuple(found)[:_MOST_CODES]


def _texts(value: object) -> list[str]:
    """Give a text, or the texts of a list; one with a line break, or without an end, is no code."""
    offered = value if isinstance(value, list) else [value]
    texts = [each.strip() for each in offered if isinstance(each, str)]
    return [text for text in texts if text and text.isprintable() and len(text) <= _LONGEST]
