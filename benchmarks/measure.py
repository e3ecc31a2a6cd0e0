"""
Time candidates beside each other: interleaved in one process, by CPU time, so that a noisy machine troubles all alike.

A turn is one pass over all the messages, repeated until it is long enough to time; a round is one turn of every
candidate; the ratio to the reference is taken within the round, and the median of the rounds counts.
"""

from __future__ import annotations

import gc
from collections.abc import Sequence
from statistics import median
from time import process_time

from msgspec import Struct

from benchmarks.candidates import REFERENCE, Candidate, Read

_TURN_S = 0.03
# Who needs longer than this for one turn is timed well enough by fewer of them.
_SLOW_TURN_S = 0.25
_SLOW_ROUNDS = 3


class Timing(Struct, frozen=True):
    """
    What one candidate needs.

    Units: `us` CPU microseconds for one message, `ratio` to the reference.
    """

    name: str
    does: str
    us: float
    ratio: float


def compare(
    found: Sequence[Candidate], messages: Sequence[bytes], *, rounds: int, collect: bool = True
) -> list[Timing]:
    """
    Time every candidate on the same messages.

    Shape: `found` holds the reference. `collect` leaves the garbage collector on, for all alike.
    """
    repeats = {candidate.name: _repeats(candidate.read, messages) for candidate in found}
    seen: list[dict[str, float]] = []
    for number in range(rounds):
        turns = [each for each in found if number < _SLOW_ROUNDS or repeats[each.name] > 0]
        # Who comes first changes, so that nobody always runs in the same one's wake.
        turns = turns[number % len(turns) :] + turns[: number % len(turns)]
        seen.append({each.name: _turn(each.read, messages, repeats[each.name], collect=collect) for each in turns})
    return [_timing(candidate, seen) for candidate in found]


def _repeats(read: Read, messages: Sequence[bytes]) -> int:
    """Tell how many passes make a turn; zero for one that is slow. It warms everything up as well."""
    for raw in messages[:2]:
        read(raw)
    began = process_time()
    read(messages[0])
    once = (process_time() - began) * len(messages)
    return 0 if once > _SLOW_TURN_S else max(1, round(_TURN_S / max(once, 1e-6)))


def _turn(read: Read, messages: Sequence[bytes], repeats: int, *, collect: bool) -> float:
    """Give the microseconds for one message."""
    passes = max(1, repeats)
    # Everybody starts from a clean heap, and nobody pays for what the others keep on it.
    gc.collect()
    gc.freeze()
    if not collect:
        gc.disable()
    try:
        began = process_time()
        for _ in range(passes):
            for raw in messages:
                read(raw)
        taken = process_time() - began
    finally:
        gc.enable()
        gc.unfreeze()
    return taken / passes / len(messages) * 1e6


def _timing(candidate: Candidate, seen: Sequence[dict[str, float]]) -> Timing:
    rounds = [each for each in seen if candidate.name in each]
    return Timing(
        candidate.name,
        candidate.does,
        median(each[candidate.name] for each in rounds),
        median(each[candidate.name] / each[REFERENCE] for each in rounds),
    )
