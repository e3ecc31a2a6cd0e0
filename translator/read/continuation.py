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


def join_continued(segments: Sequence[str], separator: str) -> tuple[list[str], tuple[Finding, ...]]:
    """
    Put every continued segment together again.

    Shape: the segments without ADD; one remark per segment that was joined, or `message-continued` where an ADD
    cannot be joined.
    """
    joined: list[str] = []
    found: list[Finding] = []
    for segment in segments:
        if segment[:_NAME] != "ADD":
            joined.append(segment)
        elif _is_provable(joined, segment[_NAME + 1 :], separator):
            joined[-1] += segment[_NAME + 1 :]
            found.append(Finding(JOINED, joined[-1][:_NAME], "joined with the ADD segment behind it"))
        else:
            found.append(Finding(CONTINUED, "ADD", "ADD does not say which segment of this message it continues"))
    return joined, tuple(found)


def _is_provable(before: Sequence[str], content: str, separator: str) -> bool:
    if not content or not before or before[-1].startswith("MSH"):
        return False
    fields = before[-1].split(separator)
    return fields[0] != "OBX" or len(fields) > _UP_TO_VALUE or _NUMBERS.isdisjoint(fields[2:3])
