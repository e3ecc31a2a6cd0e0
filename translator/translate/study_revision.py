"""
Tell what a snapshot of a study says beside those that came before: the same, an older state, or something new. (pure)

Acurable's events carry no time and may come out of order, and each holds every night as a whole. So an attempt that
went back, from a result to a recording or to nothing, is an older state; one that went on, or says something else, is
a newer one; and where both are true of one snapshot, nobody can tell.

Source: acurable.md section 6.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from translator.record.event import Night, StudyEvent

FIRST, NEWER = "first", "newer"
SAME, OLDER, CONTRADICTS = "study-repeated", "study-older", "study-contradicts"
"""What a snapshot is to those before it; those that give no report have their row in reasons.csv."""

_FORWARD, _BACK, _CHANGED = "forward", "back", "changed"
_RANKS: Mapping[str, int] = {"": 0, "PENDING": 0, "IN_PROGRESS": 1}
# VALID, INVALID, and whatever the vendor may add: an end.
_ENDED = 2

Facts = Mapping[tuple[int, int], Mapping[str, str]]


def compare(snapshots: Sequence[StudyEvent]) -> tuple[str, ...]:
    """
    Say of each snapshot, in the order in which they came, what it is to the newest one before it.

    Shape: one that equals any before is `SAME`, since what was told late once may be told again.
    """
    relations: list[str] = []
    seen: list[Facts] = []
    newest: Facts = {}
    for snapshot in snapshots:
        facts = facts_of(snapshot)
        relation = FIRST if not seen else SAME if facts in seen else _relation(newest, facts)
        relations.append(relation)
        seen.append(facts)
        newest = facts if relation in {FIRST, NEWER} else newest
    return tuple(relations)


def newest(relations: Sequence[str]) -> int:
    """Give the number of the snapshot that counts."""
    return max(number for number, relation in enumerate(relations) if relation in {FIRST, NEWER})


def facts_of(event: StudyEvent) -> Facts:
    """Give what is said of each attempt, by night and attempt; equal numbers have equal texts."""
    return {(night.number, night.attempt): dict(_facts(night)) for night in event.nights}


def _facts(night: Night) -> Iterator[tuple[str, str]]:
    yield "status", night.status
    if night.severity:
        yield "severity", night.severity
    yield from ((name, str(value.normalize())) for name, value in sorted(night.indexes.items()))


def _relation(known: Facts, later: Facts) -> str:
    steps = {_step(known.get(each, {}), later.get(each, {})) for each in known.keys() | later.keys()} - {""}
    if steps == {_BACK}:
        return OLDER
    return CONTRADICTS if _BACK in steps else NEWER


def _step(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """Say which way one attempt went; empty where it stayed."""
    ranks = [_rank(before), _rank(after)]
    if ranks[0] != ranks[1]:
        return _FORWARD if ranks[0] < ranks[1] else _BACK
    if before == after:
        return ""
    if before.items() <= after.items():
        return _FORWARD
    return _BACK if after.items() <= before.items() else _CHANGED


def _rank(facts: Mapping[str, str]) -> int:
    return _RANKS.get(facts["status"], _ENDED) if facts else -1
