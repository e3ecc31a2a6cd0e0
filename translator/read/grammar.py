"""
Keep what reads a message's fields from one message to the next: delimiters, escapes, codes and units.

Senders write with few sets of delimiters and few codes, so both are worth remembering. What is remembered is bounded,
and is never a value, a name or a number of a patient.
"""

from __future__ import annotations

from msgspec import Struct

from translator.read.er7 import Delimiters, Unescape, read_delimiters
from translator.read.lexicon import Lexicon
from translator.read.order_group import OrderNumberReader
from translator.read.value import ValueReader

_MOST = 64
# Character 4 and the longest MSH-2 with the separator behind it: whatever follows changes nothing.
_DECLARED = slice(3, 10)


class Grammar(Struct, frozen=True):
    """What reads the fields of messages with the same delimiters and charset."""

    unescape: Unescape
    values: ValueReader
    numbers: OrderNumberReader


class Grammars:
    """Give the delimiters that a header declares and the grammar that belongs to them, each made once."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._declared: dict[str, Delimiters | None] = {}
        self._grammars: dict[tuple[Delimiters, str], Grammar] = {}

    def delimiters(self, header: str) -> Delimiters | None:
        """Read the encoding characters of a header, as `read_delimiters` does."""
        declared = header[_DECLARED]
        found = self._declared.get(declared)
        if found is None:
            if len(self._declared) >= _MOST:
                self._declared.clear()
            found = self._declared[declared] = read_delimiters(header)
        return found

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
        return Grammar(unescape, values, OrderNumberReader(delimiters, unescape))
