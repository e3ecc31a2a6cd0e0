"""
Read what an answer needs of the message that it answers: who sent it, its number, and which answers it asks for. (pure)

Source: HL7 v2.9 2.14.9 (MSH), 2.9 (message processing rules).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

from translator.read.charset import decode
from translator.read.er7 import NULL, Delimiters, read_delimiters

# The start of a line; indentation is bounded, so that blank lines without end are gone over once.
_MSH = re.compile(rb"(?:\A|[\r\n\x0b])[ \t]{0,200}(?:\xef\xbb\xbf)?(MSH[^A-Za-z0-9\s][^\r\n]*)")
# No frame can hold them, so no answer can repeat them.
_UNFRAMED = re.compile("[\x0b\x1c]")
_ESCAPE = b"\x1b"
_FIELDS = 19
_ACKNOWLEDGEMENTS = frozenset({"ACK", "MCF"})


class AckHeader(Struct, frozen=True, gc=False):
    """
    MSH of a message.

    Shape: `fields` by their numbers as HL7 counts them, as they were sent, escapes and all; `codec` is that of MSH-18.
    """

    fields: tuple[str, ...] = ("MSH", "|", "^~\\&", *[""] * 16)
    delimiters: Delimiters = Delimiters()
    codec: str = "ascii"

    @property
    def control_id(self) -> str:
        """MSH-10."""
        return self.fields[10]

    @property
    def accept_when(self) -> str:
        """MSH-15: when the sender wants to be told that we have the message."""
        return _condition(self.fields[15])

    @property
    def application_when(self) -> str:
        """MSH-16: when the sender wants to be told what we make of it."""
        return _condition(self.fields[16])

    @property
    def version(self) -> str:
        """MSH-12.1."""
        return self.component(12, 1)

    @property
    def is_acknowledgement(self) -> bool:
        """Whether this is an answer itself, which nobody answers."""
        return self.component(9, 1) in _ACKNOWLEDGEMENTS

    def component(self, number: int, place: int) -> str:
        """Give one component of a field."""
        parts = self.fields[number].split(self.delimiters.component)
        return parts[place - 1].strip() if place <= len(parts) else ""


def read_ack_header(raw: bytes, charsets: Mapping[str, str]) -> AckHeader | None:
    """
    Read the first MSH of some bytes.

    Shape: `charsets` as in the tables: the codec by its name in MSH-18.
    Absent: None where there is no MSH, or it declares no usable delimiters: this is no HL7 v2.
    """
    found = _MSH.search(raw)
    if found is None:
        return None
    line = found[1]
    head = line.decode("latin-1")
    delimiters = read_delimiters(head)
    if delimiters is None:
        return None
    codec = "latin-1"
    if not line.isascii() or _ESCAPE in line:
        # Only then does it matter which bytes are delimiters and which are half a letter.
        declared = _fields(head, delimiters)[18].split(delimiters.repetition)[0].strip()
        decoded = decode(line, declared, charsets)
        if not (decoded.problem or decoded.undeclared):
            head, codec = decoded.text, decoded.codec
    return AckHeader(_fields(_UNFRAMED.sub("", head), delimiters), delimiters, codec)


def _fields(head: str, delimiters: Delimiters) -> tuple[str, ...]:
    """Split MSH as HL7 counts: MSH-1 is the separator itself."""
    name, *fields = head.split(delimiters.field, _FIELDS)
    return (name, delimiters.field, *fields, *[""] * (_FIELDS - 2 - len(fields)))[:_FIELDS]


def _condition(field: str) -> str:
    word = field.strip().upper()
    return "" if word == NULL else word
