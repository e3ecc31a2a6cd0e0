"""
Know the characters that look like others, and the columns in which they can only be mistakes (pure).

Where a cell repeats what a sender writes, such a character may be meant; where the words are ours, it never is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Lookalike(NamedTuple):
    """What a character is taken for, and what it is, in words."""

    plain: str
    words: str


# Without comma and quote, which would part cells where they are mended.
_FULL_WIDTH = [code for code in range(0x21, 0x7F) if chr(code) not in ',"']

LOOKALIKES: Mapping[str, Lookalike] = {
    "\u00a0": Lookalike(" ", "a no-break space for a space"),
    "\u00ad": Lookalike("", "a soft hyphen"),
    "\u00b5": Lookalike("u", "a micro sign; write u"),
    "\u03bc": Lookalike("u", "a Greek mu; write u"),
    "\u200b": Lookalike("", "a zero-width space"),
    "\u202f": Lookalike(" ", "a narrow no-break space for a space"),
    "\u2010": Lookalike("-", "another hyphen for -"),
    "\u2011": Lookalike("-", "a no-break hyphen for -"),
    "\u2012": Lookalike("-", "a figure dash for -"),
    "\u2013": Lookalike("-", "an en dash for -"),
    "\u2014": Lookalike("-", "an em dash for -"),
    "\u2019": Lookalike("'", "a curly apostrophe for '"),
    "\u2044": Lookalike("/", "a fraction slash for /"),
    "\u2212": Lookalike("-", "a minus sign for -"),
    "\u2215": Lookalike("/", "a division slash for /"),
    "\u2217": Lookalike("*", "an asterisk operator for *"),
    "\u212a": Lookalike("K", "a kelvin sign for K"),
    "\ufeff": Lookalike("", "a byte order mark"),
    **{mark: Lookalike("", "a mark that has no width") for mark in "\u200c\u200d\u200e\u200f\u2060"},
    **{mark: Lookalike(" ", "another space for a space") for mark in "\u2002\u2003\u2007\u2009\u200a\u3000"},
    **{chr(code + 0xFEE0): Lookalike(chr(code), f"a full-width form of {chr(code)}") for code in _FULL_WIDTH},
}
BLANKS = frozenset(mark for mark, (plain, _) in LOOKALIKES.items() if not plain.strip())

# Letters of other alphabets are no mistake by themselves, but in one word with Latin ones.
_ALPHABETS: Mapping[str, tuple[str, str]] = {
    "Cyrillic": (
        "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425\u0406\u0408\u0405\u0430\u0435\u043e",
        "ABEKMHOPCTYXIJSaeo",
    ),
    "Greek": (
        "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u03bf",
        "ABEZHIKMNOPTYXo",
    ),
}
_LETTERS: Mapping[str, Lookalike] = {
    mark: Lookalike(latin, f"a {alphabet} letter for {latin}")
    for alphabet, (marks, latins) in _ALPHABETS.items()
    for mark, latin in zip(marks, latins, strict=True)
}

# Prose is read by people, who can tell a long dash from a hyphen.
PROSE = frozenset({"display", "meaning", "note", "source", "cause", "remedy", "example", "ignore"})

# A sender's own words: a note that begins like this says that the character is meant.
AS_SENT = "as sent:"

# Columns whose words are ours, UCUM's or LOINC's.
_OURS = frozenset({
    "same_as", "whoop_code", "whoop_codes", "kind", "wire_unit", "unit", "unit_sent", "dimensionless", "min", "max",
    "negative", "confirmed", "example_in", "example_out", "ucum", "from", "to", "factor", "offset", "rule", "step",
    "molar_mass", "action", "status", "reason", "answer", "outcome", "read", "blood", "codec", "nights", "sensors",
})  # fmt: skip


def may_be_mended(column: str, row: Mapping[str, str], loinc: str) -> bool:
    """Whether a look-alike in this column of this row can only be a mistake."""
    return column in _OURS or (column == "code" and row.get("system") == loinc)


def lookalikes_in(text: str) -> dict[str, Lookalike]:
    """Every character of a text that can be taken for another one, or that nobody sees."""
    known = _known(text)
    unseen = Lookalike("", "a character that nobody sees")
    return {mark: known.get(mark, unseen) for mark in sorted(set(text)) if mark in known or not mark.isprintable()}


def plain(text: str) -> str:
    """The text with what every look-alike is taken for."""
    known = _known(text)
    return "".join(known[each].plain if each in known else each for each in text)


def _known(text: str) -> Mapping[str, Lookalike]:
    is_mixed = any(each.isascii() and each.isalpha() for each in text)
    return {**LOOKALIKES, **_LETTERS} if is_mixed else LOOKALIKES
