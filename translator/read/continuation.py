"""
Join segments that ADD continues within one message; say where that cannot be done without a guess.

A segment may be ended at any character and go on behind the name of an ADD segment. An ADD without content, or one
that follows MSH, belongs to a segment of another message, which is not here.

Source: HL7 v2.9 2.10.2 (continuation), 2.14.1 (ADD), 2.14.4 (DSC), 2.14.9.14 (MSH-14).
"""

from __future__ import annotations

from collections.abc import Sequence

from translator.record.report import Finding

CONTINUED, JOINED = "message-continued", "segment-continued"
_NAME = len("ADD")
# A number is never too long for its segment: where it seems to be cut, the sender means something else.
_NUMBERS = frozenset({"NM", "SN"})
_UP_TO_VALUE = 6
_TYPE = 2
_LONGEST_TYPE = 2


class Growing:
    """
    A segment with what ADD has put behind it so far.

    Theory of operation: only how many fields there are by now, and what OBX-2 says, decides whether more may be put
    behind it; so the text itself is looked at once, however many pieces it comes in.
    """

    def __init__(self, segment: str, separator: str) -> None:
        self._separator = separator
        self._parts = [segment]
        self._name = segment.split(separator, 1)[0]
        self._fields = 0
        self._type = ""
        self._look(segment)

    def takes(self, content: str) -> bool:
        """Tell whether content behind ADD goes on with this segment, without a guess."""
        if not content or self._name.startswith("MSH"):
            return False
        return self._name != "OBX" or self._fields >= _UP_TO_VALUE or self._type not in _NUMBERS

    def add(self, content: str) -> None:
        """Put it behind."""
        self._parts.append(content)
        self._look(content)

    @property
    def text(self) -> str:
        """The segment as it is by now."""
        return "".join(self._parts)

    def _look(self, text: str) -> None:
        if self._fields <= _TYPE:
            pieces = text.split(self._separator, _TYPE + 1 - self._fields)
            if len(pieces) > _TYPE - self._fields:
                self._type = (self._type + pieces[_TYPE - self._fields])[: _LONGEST_TYPE + 1]
        self._fields += text.count(self._separator)


def join_continued(segments: Sequence[str], separator: str) -> tuple[list[str], tuple[Finding, ...]]:
    """
    Put every continued segment together again.

    Shape: the segments without ADD; one remark per ADD that was joined, or `message-continued` where one cannot be
    joined.
    """
    joined: list[str] = []
    found: list[Finding] = []
    growing: Growing | None = None
    for segment in segments:
        content = segment[_NAME + 1 :]
        if segment[:_NAME] != "ADD":
            if growing is not None:
                joined[-1], growing = growing.text, None
            joined.append(segment)
            continue
        if growing is None and joined:
            growing = Growing(joined[-1], separator)
        if growing is not None and growing.takes(content):
            growing.add(content)
            found.append(Finding(JOINED, joined[-1][:_NAME], "joined with the ADD segment behind it"))
        else:
            found.append(Finding(CONTINUED, "ADD", "ADD does not say which segment of this message it continues"))
    if growing is not None:
        joined[-1] = growing.text
    return joined, tuple(found)
