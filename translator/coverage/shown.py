"""
Choose what of a sender's words may be shown: codes and units as sent, and no prose.

Where fields have slipped, or somebody types what belongs elsewhere, a name, a date or a sentence stands in place of a
unit, a flag or a status. What has not the form of such a word is shown as a mark, and so is a long number in it.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from translator.coverage.counts import CUT

FREE_TEXT = "(text)"
"""Stands for what is no word of its kind."""

# Longer texts are no codes, names or units.
_LONGEST = 80
# A telephone number, a date or a number of a person, however it is parted.
_NUMBER = re.compile(r"[0-9](?:[-./ ]?[0-9]){4,}")
# A code of a table, or a type such as `Bundle collection`.
_WORD = re.compile(r"\S{0,40}(?: [a-z-]{1,20})?")
_SEGMENT = re.compile(r"[A-Z][A-Z0-9]{2}")
_RESOURCE = re.compile(r"(?:[A-Z][A-Za-z]{1,63})?")
_ELEMENT = re.compile(r"_?[a-z][A-Za-z0-9]{0,63}|resourceType")
# With these, words make a unit: `log copies/mL`, `cells per field`, `Index (S/CO)`.
_OF_UNITS = frozenset(
    {
        *("cell", "cells", "copies", "count", "field", "fields", "gram", "grams", "hour", "hpf", "index"),
        *("international", "liter", "litre", "log", "lpf", "micro", "milli", "minute", "mol", "mole", "moles", "per"),
        *("percent", "ratio", "score", "titer", "titre", "unit", "units", "value", "volume"),
    }
)


# And with these.
_UNITS_OWN = frozenset("/%*^[]{}")
_SHORTEST_WORD = 3


def short(text: str) -> str:
    """Cut what is too long for a code, a name or a unit."""
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + CUT


def shown_name(text: str) -> str:
    """Give the name of a code as it may be shown, without long numbers in it."""
    return short(_NUMBER.sub("#", text))


def shown_word(text: str) -> str:
    """Give a word of a table, such as a status, a flag or a type."""
    return shown_name(text) if _WORD.fullmatch(text) else FREE_TEXT


def shown_unit(text: str, listed: Collection[str]) -> str:
    """Give a unit, unless it reads as prose; what a table lists is none."""
    if text in listed:
        return text
    words = {word.strip(",.;:()").casefold() for word in text.split()}
    is_prose = sum(map(_is_long_word, words)) > 1 and not _OF_UNITS & words and not _UNITS_OWN & {*text}
    return FREE_TEXT if is_prose else shown_name(text)


def shown_segment(name: str) -> str:
    """Give the name of a segment."""
    return name if _SEGMENT.fullmatch(name) else FREE_TEXT


def shown_resource(name: str) -> str:
    """Give the name of a FHIR resource, or none."""
    return name if _RESOURCE.fullmatch(name) else FREE_TEXT


def shown_element(name: str) -> str:
    """Give the name of a FHIR element."""
    return name if _ELEMENT.fullmatch(name) else FREE_TEXT


def _is_long_word(word: str) -> bool:
    return word.isalpha() and len(word) >= _SHORTEST_WORD
