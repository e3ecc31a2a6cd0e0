"""
Put the numbers of one sender into the form of HL7: its own decimal mark and mark between thousands, as a site declares.

A number of any other form is not read at all: where a sender writes `1.234,5`, nobody knows what its `1.2` means.
"""

from __future__ import annotations

import re

# A number as it stands in a text, with every mark that touches it; a space counts only between digits.
_WRITTEN = re.compile(r"[.,']*[0-9](?:[.,' \u00a0\u202f]?[0-9])*[.,']*")
_SPACES = " \u00a0\u202f"


class NumberForm:
    """
    The way in which one sender writes numbers.

    Shape: `decimal_mark` is one character; `group_mark` is one, another one, or empty where thousands are not marked.
    A space stands for the no-break spaces, too.
    """

    def __init__(self, decimal_mark: str, group_mark: str) -> None:
        group = f"[{_SPACES}]" if group_mark == " " else re.escape(group_mark)
        whole = rf"[0-9]{{1,3}}(?:{group}[0-9]{{3}})+|[0-9]+" if group_mark else r"[0-9]+"
        self._number = re.compile(rf"(?:{whole})(?:{re.escape(decimal_mark)}[0-9]+)?")
        marks = _SPACES if group_mark == " " else group_mark
        self._spelling = str.maketrans(dict.fromkeys(marks, "") | {decimal_mark: "."})

    def plain(self, text: str) -> str | None:
        """
        Write every number of a text in the form of HL7: a point before decimals, nothing between thousands.

        Absent: None where one of them is not written as this sender writes numbers.
        """
        written = _WRITTEN.findall(text)
        if not all(map(self._number.fullmatch, written)):
            return None
        return _WRITTEN.sub(lambda match: match[0].translate(self._spelling), text)


def number_form(decimal_mark: str, group_mark: str) -> NumberForm | None:
    """
    Give the form that a site declares; empty marks are not declared.

    Absent: None where numbers are written as HL7 says.
    """
    decimal_mark = decimal_mark or "."
    return NumberForm(decimal_mark, group_mark) if (decimal_mark, group_mark) != (".", "") else None
