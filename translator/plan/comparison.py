"""
Hold what a comparison has found, as a value that can be put together from parts, in any grouping. (pure)

Theory: all counts are sums, and of examples the first few are kept in order; so the parts may be made by several
processes, as long as they are put together in the order of the messages.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from msgspec import Struct, field

from translator.plan.results import REPORT, VALUE, Difference

Cause: TypeAlias = tuple[str, ...]
"""The changes that together made a difference, by their stable names, in order; most often there is one."""

SEVERAL: Cause = ("several changes together",)
"""The cause of what more changes did than are worth naming together: there would be no end of such causes."""

_MOST_TOGETHER = 3


def told(cause: Cause) -> Cause:
    """Give a cause as it is counted: by its changes, or by none of many."""
    return cause if len(cause) <= _MOST_TOGETHER else SEVERAL


class Example(Struct, frozen=True, gc=False, omit_defaults=True):
    """
    Where a difference can be seen.

    Shape: `index` counts messages in a file from 0. `before` and `after` are values of a patient.
    Absent: `before` and `after` are empty unless somebody asked for values.
    """

    file: str
    index: int
    at: str = ""
    before: str = ""
    after: str = ""


class Tally(Struct, frozen=True):
    """
    How often one difference was seen.

    Shape: `count` is in values, reports or messages, as its difference is; `ledger` counts what the ledger says of
    them.
    """

    count: int = 0
    messages: int = 0
    ledger: Mapping[str, int] = {}
    examples: tuple[Example, ...] = ()


class CauseTally(Struct, frozen=True):
    """What one cause changed: in how many messages, and each difference."""

    messages: int = 0
    differences: Mapping[Difference, Tally] = {}

    def count(self, kind: str) -> int:
        """Count the differences of one kind."""
        return sum(tally.count for how, tally in self.differences.items() if how.kind == kind)

    @property
    def values(self) -> int:
        """How many values changed: observations and orders."""
        return self.count(VALUE)

    @property
    def reports(self) -> int:
        """How many reports changed."""
        return self.count(REPORT)

    @property
    def ledger(self) -> Mapping[str, int]:
        """What the ledger says of all of them."""
        return _sum(tally.ledger for tally in self.differences.values())


class Comparison(Struct, frozen=True):
    """
    What was compared, and what differed.

    Shape: `values` are observations and orders; `changed` are messages with a difference. `findings` counts what is
    wrong with files, by reason. `together` names the changes that are causes only with several others. A message with
    two causes counts under each.
    """

    messages: int = 0
    values: int = 0
    changed: int = 0
    changed_values: int = 0
    causes: Mapping[Cause, CauseTally] = field(default_factory=dict)
    findings: Mapping[str, int] = field(default_factory=dict)
    together: frozenset[str] = frozenset()


def merged(parts: Sequence[Comparison], examples: int) -> Comparison:
    """Put parts together, in their order; of each difference as many examples are kept."""
    causes: dict[Cause, list[CauseTally]] = {}
    for part in parts:
        for cause, tally in part.causes.items():
            causes.setdefault(cause, []).append(tally)
    return Comparison(
        sum(part.messages for part in parts),
        sum(part.values for part in parts),
        sum(part.changed for part in parts),
        sum(part.changed_values for part in parts),
        {cause: _merged_causes(tallies, examples) for cause, tallies in causes.items()},
        _sum(part.findings for part in parts),
        frozenset().union(*(part.together for part in parts)),
    )


def _merged_causes(parts: Sequence[CauseTally], examples: int) -> CauseTally:
    if len(parts) == 1:
        return parts[0]
    found: dict[Difference, list[Tally]] = {}
    for part in parts:
        for how, tally in part.differences.items():
            found.setdefault(how, []).append(tally)
    return CauseTally(
        sum(part.messages for part in parts),
        {how: _merged_tallies(tallies, examples) for how, tallies in found.items()},
    )


def _merged_tallies(parts: Sequence[Tally], examples: int) -> Tally:
    return Tally(
        sum(part.count for part in parts),
        sum(part.messages for part in parts),
        _sum(part.ledger for part in parts),
        tuple(example for part in parts for example in part.examples)[:examples],
    )


def _sum(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for part in parts:
        total.update(part)
    return dict(total)
