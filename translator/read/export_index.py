"""
Find the resources of an export by name, and settle which report each Observation goes with.

Theory of operation: of every line only numbers are kept, in arrays: where it stands, a hash of its name, the group that
it belongs to. So a million resources take about fifty megabytes, however long they are. A group is a report with every
Observation that it reaches; reports that share one, or bear the same name, are one group, as in one Bundle.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable, Iterator
from enum import IntEnum
from typing import TypeAlias

from translator.read.resource_head import ResourceHead, read_head

# Gives the bytes of one line by its number in the index.
Fetch: TypeAlias = Callable[[int], bytes]

_HASH = (1 << 64) - 1


class Kind(IntEnum):
    """What a line means for the export."""

    OTHER = 0
    BUNDLE = 1
    REPORT = 2
    RESULTS = 3


class ExportIndex:
    """
    The lines of an export, by number from 0 in order of appearance.

    Shape: `files` counts files from 0, `starts` and `sizes` are bytes of the file, `numbers` count its lines from 1.
    """

    def __init__(self) -> None:
        self.files = array("I")
        self.starts = array("Q")
        self.sizes = array("I")
        self.numbers = array("I")
        self._kinds = bytearray()
        # The same, but for lines that lead to no other results: settling the groups need not read them again.
        self._branches = bytearray()
        self._hashes = array("Q")
        self._slots = array("I")
        self._groups = array("I")
        self._leaders: dict[int, int] = {}
        self._followers: dict[int, list[int]] = {}

    def __len__(self) -> int:
        return len(self.starts)

    def add(self, head: ResourceHead, file: int, start: int, size: int, number: int) -> None:
        """Note one line."""
        self.files.append(file)
        self.starts.append(start)
        self.sizes.append(size)
        self.numbers.append(number)
        kind = _kind(head)
        self._kinds.append(kind)
        self._branches.append(kind if kind != Kind.RESULTS or head.leads_on else Kind.OTHER)
        self._hashes.append(_hash(head.name) if head.id else 0)

    def kind(self, line: int) -> Kind:
        """Tell what a line means."""
        return Kind(self._kinds[line])

    def lines(self, *kinds: Kind) -> Iterator[int]:
        """Give the lines of some kinds, in order."""
        return (line for line, kind in enumerate(self._kinds) if kind in kinds)

    def close(self, fetch: Fetch) -> None:
        """Settle the groups, once every line is added."""
        self._slots = self._table()
        self._groups = array("I", bytes(4 * len(self)))
        for report in self.lines(Kind.REPORT):
            self._join(report, report)
            for line in self._reach(report, fetch, self._branches):
                self._join(line, report)
        for report in self.lines(Kind.REPORT):
            leader = self._leader(report)
            if leader != report:
                self._followers.setdefault(leader, []).append(report)

    def is_leader(self, report: int) -> bool:
        """Tell the first report of its group."""
        return self._leader(report) == report

    def loose(self) -> Iterator[int]:
        """Give the lines with Observations that no report reaches."""
        return (line for line in self.lines(Kind.RESULTS) if not self._groups[line])

    def group(self, leader: int, fetch: Fetch) -> Iterator[int]:
        """Give the lines of a group: its reports, then everything that they refer to, each once."""
        reports = [leader, *self._followers.get(leader, ())]
        seen = set(reports)
        yield from reports
        for report in reports:
            for line in self._reach(report, fetch, self._kinds):
                if line not in seen:
                    seen.add(line)
                    yield line

    def _reach(self, report: int, fetch: Fetch, follow: bytearray) -> Iterator[int]:
        """Give each line that a report leads to: of its own name, or referred to from a line that is to be followed."""
        seen = {report}
        waiting = deque([report])
        while waiting:
            head = read_head(fetch(waiting.popleft()))
            if head is None:
                continue
            for name in (head.name, *head.references()):
                for line in self._find(name):
                    if line not in seen:
                        seen.add(line)
                        yield line
                        if follow[line] >= Kind.REPORT:
                            waiting.append(line)

    def _find(self, name: str) -> Iterator[int]:
        """Give the lines whose name has the hash of this one; another name of the same hash does no harm."""
        wanted, mask = _hash(name), len(self._slots) - 1
        slot = wanted & mask
        while name and (found := self._slots[slot]):
            if self._hashes[found - 1] == wanted:
                yield found - 1
            slot = slot + 1 & mask

    def _table(self) -> array[int]:
        """Build an open hash table of line numbers, at most half full; 0 is an empty slot."""
        size = 1 << (2 * len(self) + 1).bit_length()
        slots = array("I", bytes(4 * size))
        for line, value in enumerate(self._hashes):
            if value:
                slot = value & size - 1
                while slots[slot]:
                    slot = slot + 1 & size - 1
                slots[slot] = line + 1
        return slots

    def _join(self, line: int, report: int) -> None:
        """Put a line into the group of a report; a line that has one already makes the two one."""
        if self._kinds[line] < Kind.REPORT:
            return
        ours, theirs = self._leader(report), self._groups[line]
        if not theirs:
            self._groups[line] = ours + 1
            return
        first, second = sorted((ours, self._leader(theirs - 1)))
        if first != second:
            self._leaders[second] = first

    def _leader(self, report: int) -> int:
        root = report
        while root in self._leaders:
            root = self._leaders[root]
        while report != root:
            # The next way is one step.
            self._leaders[report], report = root, self._leaders[report]
        return root


def _kind(head: ResourceHead) -> Kind:
    if head.type in {"Bundle", "DiagnosticReport"}:
        return Kind.BUNDLE if head.type == "Bundle" else Kind.REPORT
    return Kind.RESULTS if head.holds_results else Kind.OTHER


def _hash(name: str) -> int:
    # Never 0, which says that a line has no name.
    return hash(name) & _HASH or 1
