"""
Keep what reads a message's fields from one message to the next: delimiters, escapes, codes and units.

Senders write with few sets of delimiters and few codes, so both are worth remembering. What is remembered is bounded,
and is never a value, a name or a number of a patient.
"""

from __future__ import annotations

from msgspec import Struct

from translator.read.er7 import Delimiters, Unescape
from translator.read.header import HeaderReader
from translator.read.lexicon import Lexicon
from translator.read.orm import OrmReader
from translator.read.oru import OruReader
from translator.read.value import ValueReader

_MOST = 64


class Grammar(Struct, frozen=True):
    """What reads the fields of messages with the same delimiters and charset."""

    unescape: Unescape
    headers: HeaderReader
    results: OruReader
    orders: OrmReader


class Grammars:
    """Give the grammar of each set of delimiters and charset, made once."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._grammars: dict[tuple[Delimiters, str], Grammar] = {}

    def grammar(self, delimiters: Delimiters, codec: str) -> Grammar:
        """Give the grammar of these delimiters and this charset."""
        found = self._grammars.get((delimiters, codec))
        if found is None:
            if len(self._grammars) >= _MOST:
                self._grammars.clear()
            found = self._grammars[delimiters, codec] = self._make(delimiters, codec)
        return found

    def _make(self, delimiters: Delimiters, codec: str) -> Grammar:
        lexicon, unescape = self._lexicon, Unescape(delimiters, codec)
        values = ValueReader(
            delimiters,
            unescape,
            lexicon.systems,
            lexicon.numbers,
            composite_quantity=lexicon.composite_quantity,
        )
        return Grammar(
            unescape,
            HeaderReader(delimiters, unescape, lexicon),
            OruReader(delimiters, unescape, values, notes=lexicon.order_notes),
            OrmReader(delimiters, unescape, values, lexicon.controls.get("hl7v2", {})),
        )
