r"""
Split ER7 text into segments, fields, repetitions and components, and undo its escapes.

Everything is split first and unescaped after, in one pass. Positions are written as HL7 writes them: `OBX[3]-5.1`.
Only what is read is split: a field stays one string until somebody asks for its parts.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec import Struct

SEGMENT_NAME = re.compile(r"[A-Z][A-Z0-9]{2}")
NULL = '""'


class Delimiters(Struct, frozen=True):
    """The encoding characters that MSH-1 and MSH-2 declare; `escape` is empty where the message has none."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"
    truncation: str = ""


def read_delimiters(header: str) -> Delimiters | None:
    """
    Read the encoding characters of an MSH, BHS or FHS segment.

    Shape: character 4 separates fields; the characters up to the next separator are MSH-2.
    Absent: None where there is no component separator or a character stands for two things.
    Source: HL7 v2.9 2.5.4, 2.14.9.
    """
    if len(header) < len("MSH|^"):
        return None
    separator = header[3]
    characters = header[4:].split(separator, 1)[0]
    if not 1 <= len(characters) <= 5 or len(set(separator + characters)) != 1 + len(characters):
        return None
    if any(character.isalnum() or character.isspace() for character in separator + characters):
        return None
    return Delimiters(separator, *characters, *[""] * (5 - len(characters)))


_HIGHLIGHTS = frozenset("HN")
_BREAKS = frozenset({".br", ".sp", ".ce"})
_LAYOUT = frozenset({".fi", ".nf", ".in", ".ti", ".sk"})


class Unescape:
    r"""
    Undo the escapes of one message.

    Shape: `\F\ \S\ \T\ \R\ \E\ \P\` and `\X..\` give characters, `\.br\` and `\.sp\` line breaks, `\H\ \N\` and layout
    commands nothing. Whatever is not an escape, such as the backslash of `C:\lab`, stays as it is.
    Units: the bytes of `\X..\` are in the message's charset.
    Source: HL7 v2.9 2.7.
    """

    def __init__(self, delimiters: Delimiters, codec: str = "ascii") -> None:
        self._escape = delimiters.escape
        self._codec = codec
        self._characters = {
            "F": delimiters.field,
            "S": delimiters.component,
            "T": delimiters.subcomponent,
            "R": delimiters.repetition,
            "E": delimiters.escape,
            "P": delimiters.truncation or "#",
        }
        mark = re.escape(self._escape)
        # No nesting (2.7): an escape ends at the next escape character and holds no delimiter.
        self._sequence = re.compile(rf"{mark}([A-Z.][^{mark}\r\n]{{0,255}})?{mark}") if self._escape else None
        self._substitute: Callable[[re.Match[str]], str] = self._meaning

    def __call__(self, text: str) -> str:
        """Give the text that was meant."""
        if self._sequence is None or self._escape not in text:
            return text
        return self._sequence.sub(self._substitute, text)

    def _meaning(self, match: re.Match[str]) -> str:
        body = match[1] or ""
        known = self._characters.get(body)
        if known is not None:
            return known
        if body in _HIGHLIGHTS:
            return ""
        if body.startswith("X"):
            return self._hexadecimal(body[1:], match[0])
        return self._formatting(body, match[0])

    def _hexadecimal(self, digits: str, whole: str) -> str:
        try:
            return bytes.fromhex(digits).decode(self._codec).replace("\r\n", "\n").replace("\r", "\n")
        except ValueError:
            return whole

    @staticmethod
    def _formatting(body: str, whole: str) -> str:
        command = body[:3]
        if command in _BREAKS:
            return "\n"
        if command in _LAYOUT:
            return ""
        # Locally defined sequences (\Zxx\) mean nothing to us and are dropped; anything else was never an escape.
        return "" if body.startswith("Z") else whole
