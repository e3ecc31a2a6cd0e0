"""
Find the text of a message that cannot be taken at its word, because nobody can tell which characters it stands for.

Such text holds where it is read, and is only remarked on where nobody reads it. A message of plain ASCII without these
escapes costs a few searches and no more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from translator.read.charset import Decoded
from translator.record.report import Finding

_HIGH = re.compile(r"[^\x00-\x7f]")
# UTF-8 that was read as Latin-1, Latin-9 or Windows-1252: a first byte of two or three, and what can follow it.
_AGAIN = "[\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]"
# With which all mojibake begins: searched first, since a pattern takes many times as long.
_LEADS = "\u00c2\u00c3\u00ce\u00e2"
_MOJIBAKE = re.compile(rf"[\u00c2\u00c3]{_AGAIN}|\u00ce[\u00bc\u0152]|\u00e2{_AGAIN}{{2}}")
_TEXTS = {
    "charset-unknown": "bytes above 127 and a charset that cannot be read",
    "charset-mismatch": "bytes above 127 that are not in the declared charset",
    "undeclared-bytes": "bytes above 127 and MSH-18 declares no charset",
    "charset-switch": "the text changes its charset on the way",
    "mojibake": "the text was in UTF-8 and has been read as another charset before it was sent",
    "local-escape": "an escape of the sender's own was left out",
}


_SWITCHES = frozenset("CM")
_LETTERS = _SWITCHES | {"Z"}


class Doubts:
    """
    Judge the fields of one message.

    Shape: `is_certain` tells that the whole message is beyond doubt. A field gets at most one finding, the first that
    applies.
    """

    def __init__(self, decoded: Decoded, escape: str) -> None:
        text = decoded.text
        self._found: list[tuple[str, re.Pattern[str]]] = []
        self._local: re.Pattern[str] | None = None
        # MSH-2 itself holds the escape character, so it is looked for behind the header.
        escapes = escape if escape and text.find(escape, text.find("\r") + 1) >= 0 else ""
        if escapes or decoded.undeclared or "\x1b" in text or not text.isascii():
            self._look(decoded, escape, escapes)
        self.is_certain = not self._found

    def _look(self, decoded: Decoded, escape: str, escapes: str) -> None:
        text = decoded.text
        found = self._found
        # What may begin an escape is looked at once, rather than once for each escape.
        begun = {part[:1] for part in text.split(escapes)[1:]} if escapes else set()
        if decoded.undeclared:
            found.append(("undeclared-bytes", _HIGH))
        elif decoded.problem:
            # What stands there is our own makeshift, and says nothing about the sender's text.
            found.append((decoded.problem, _HIGH))
        elif not text.isascii() and any(map(text.__contains__, _LEADS)) and _MOJIBAKE.search(text):
            found.append(("mojibake", _MOJIBAKE))
        mark = re.escape(escape) if begun & _LETTERS else ""
        if "\x1b" in text or begun & _SWITCHES:
            switch = rf"|{mark}(?:C[0-9A-Fa-f]{{4}}|M[0-9A-Fa-f]{{4}}(?:[0-9A-Fa-f]{{2}})?){mark}" if mark else ""
            found.append(("charset-switch", re.compile(f"\x1b{switch}")))
        if "Z" in begun:
            self._local = re.compile(rf"{mark}Z(?:[0-9A-Fa-f]{{2}})+{mark}")

    def held(self, at: str, fields: Sequence[str], numbers: Iterable[int]) -> tuple[Finding, ...]:
        """Give a finding for each of these fields that is read and cannot be."""
        if not self._found:
            return ()
        return tuple(
            Finding(code, f"{at}-{number}", _TEXTS[code])
            for number in numbers
            if number < len(fields)
            for code in self._codes(fields[number])[:1]
        )

    def remarks(self, segments: Sequence[str]) -> tuple[Finding, ...]:
        """Name, once each, the kinds of segments that hold such text anywhere, and where a local escape was dropped."""
        if not self._found and self._local is None:
            return ()
        places = {(code, segment[:3]): None for segment in segments for code in self._codes(segment)}
        if self._local is not None:
            places |= {("local-escape", segment[:3]): None for segment in segments if self._local.search(segment)}
        return tuple(Finding(code, name, _TEXTS[code]) for code, name in places)

    def _codes(self, text: str) -> list[str]:
        return [code for code, pattern in self._found if pattern.search(text)]
