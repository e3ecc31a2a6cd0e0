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
}
ALL = frozenset(LOOKALIKES)
BLANKS = frozenset(mark for mark, (plain, _) in LOOKALIKES.items() if not plain.strip())

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


def plain(text: str) -> str:
    """The text with what every look-alike is taken for."""
    return "".join(LOOKALIKES[each].plain if each in ALL else each for each in text)
