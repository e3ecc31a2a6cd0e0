"""Match the order of a message's segments with the definition of the message. (pure)"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

# A definition of hl7apy: kind, children, and more; a child is name, definition, (min, max), class.
Definition: TypeAlias = Any


class SegmentOrder:
    """
    Match the order of segments with a message's definition.

    Theory of operation: the definition becomes a graph whose edges are segment names; all places in it that can have
    been reached are followed at once, so that the cost grows with the message and no faster. A segment that leads
    nowhere is named and left out.
    """

    def __init__(self, definition: Definition) -> None:
        self._steps: list[dict[str, int]] = []
        self._free: list[list[int]] = []
        self._end = self._sequence(definition, self._place())

    def findings(self, names: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
        """
        Follow the segments, each with its path and its name, and say where one of them cannot stand.

        Shape: path and rule; segments of the sender's own (Z) may stand anywhere.
        """
        places = self._reached({0})
        for at, name in names:
            if name.startswith("Z"):
                continue
            following = self._reached({self._steps[place][name] for place in places if name in self._steps[place]})
            if following:
                places = following
            else:
                yield at, "the segment does not belong here, or one is missing before it"
        if self._end not in places:
            yield "", "the message ends before a segment that is required"

    def _place(self) -> int:
        self._steps.append({})
        self._free.append([])
        return len(self._steps) - 1

    def _sequence(self, definition: Definition, start: int) -> int:
        for name, child, (least, most), kind in definition[1]:
            inside = self._place()
            self._free[start].append(inside)
            if kind == "SEG":
                end = self._steps[inside][name] = self._place()
            else:
                end = self._sequence(child, inside)
            after = self._place()
            self._free[end].append(after)
            if not least:
                self._free[start].append(after)
            if most != 1:
                self._free[end].append(inside)
            start = after
        return start

    def _reached(self, places: set[int]) -> set[int]:
        waiting = [*places]
        while waiting:
            more = [place for place in self._free[waiting.pop()] if place not in places]
            places.update(more)
            waiting += more
        return places
