r"""
Split ER7 text into segments, fields, repetitions and components, and undo its escapes.

Everything is split first and unescaped after, in one pass. Positions are written as HL7 writes them: `OBX[3]-5.1`.
Only what is read is split: a field stays one string until somebody asks for its parts.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from msgspec import Struct

SEGMENT_NAME = re.compile(r"[A-Z][A-Z0-9]{2}")
NULL = '""'
# What MSH-2 leaves out; NUL, which no text may hold, since no field is split by an empty repetition separator.
_LONGEST = len("MSH|^~\\&#|")
_NOT_DECLARED = ("", "\0", "", "", "")


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
    return _declared(header[3:_LONGEST])


@lru_cache(maxsize=64)
def _declared(declared: str) -> Delimiters | None:
    """Read character 4 and MSH-2; whatever follows changes nothing. Senders write with few sets of delimiters."""
    if len(declared) < len("|^"):
        return None
    separator = declared[0]
    characters = declared[1:].split(separator, 1)[0]
    if not 1 <= len(characters) <= 5 or len(set(separator + characters)) != 1 + len(characters):
        return None
    if any(character.isalnum() or character.isspace() for character in separator + characters):
        return None
    return Delimiters(separator, *characters, *_NOT_DECLARED[len(characters) :])


_HIGHLIGHTS = {"H": "", "N": ""}
_LAYOUT = {"br": "\n", "sp": "\n", "ce": "\n", "sk": " ", "fi": "", "nf": "", "in": "", "ti": ""}


class Unescape:
    r"""
    Undo the escapes of one message.

    Shape: `\F\ \S\ \T\ \R\ \E\ \P\` and `\X..\` give characters, `\.br\` and `\.sp\` line breaks, `\H\ \N\` and layout
    commands nothing, but `\.sk\` a space, so that it joins no digits. `\Zxx\` gives nothing where xx are hexadecimal
    digits. Whatever is not an escape, such as the backslashes of `C:\Zebra\lab`, stays as it is.
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
            **_HIGHLIGHTS,
        }
        letters = "".join(letter for letter, character in self._characters.items() if character or letter in "HN")
        mark = re.escape(self._escape)
        # No nesting (2.7): what stands between two escape characters is an escape as a whole or not at all.
        layout = rf"\.(?:{'|'.join(_LAYOUT)})[ ]?[+-]?[0-9]{{0,4}}"
        body = rf"[{letters}]|[XZ](?:[0-9A-Fa-f]{{2}})+|{layout}"
        self._sequence = re.compile(f"{mark}({body}){mark}") if self._escape else None
        self._substitute: Callable[[re.Match[str]], str] = self._meaning

    def leaves_out(self, text: str) -> bool:
        """Tell a text of which a local sequence is left out, so that what is left may not be what was meant."""
        if self._sequence is None or f"{self._escape}Z" not in text:
            return False
        return any(match[1][0] == "Z" for match in self._sequence.finditer(text))

    def __call__(self, text: str) -> str:
        """Give the text that was meant."""
        if self._sequence is None or self._escape not in text:
            return text
        return self._sequence.sub(self._substitute, text)

    def _meaning(self, match: re.Match[str]) -> str:
        body = match[1]
        if body[0] == "X":
            return self._hexadecimal(body[1:], match[0])
        if body[0] == ".":
            return _LAYOUT[body[1:3]]
        # Locally defined sequences (\Zxx\) mean nothing to us and are dropped; `Doubts` says so.
        return self._characters.get(body, "")

    def _hexadecimal(self, digits: str, whole: str) -> str:
        try:
            return bytes.fromhex(digits).decode(self._codec).replace("\r\n", "\n").replace("\r", "\n")
        except ValueError:
            return whole
