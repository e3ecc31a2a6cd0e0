"""Divide messages into turns, so that a rehearsal over many of them lets others work between one turn and the next."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping


def turns(lanes: Mapping[int, Collection[Hashable]], most: int) -> Iterator[list[int]]:
    """
    Divide messages, given by number with their lanes, into turns of some each. (pure)

    Theory: what becomes of a message depends on those before it on its lanes, and on nothing else. So messages that
    share a lane, or that others join by their lanes, are one turn, however many they are.
    Shape: each turn in order of numbers; at least `most` messages in each but the last.
    """
    turn: list[int] = []
    for joined in sorted(_joined(lanes)):
        turn += joined
        if len(turn) >= most:
            yield sorted(turn)
            turn = []
    if turn:
        yield sorted(turn)


def _joined(lanes: Mapping[int, Collection[Hashable]]) -> list[list[int]]:
    """Put messages together that lanes join; each group begins with its lowest number."""
    first: dict[Hashable, int] = {}
    leader: dict[int, int] = {}
    for number in sorted(lanes):
        leader[number] = number
        for lane in lanes[number]:
            one, other = _leader(leader, first.setdefault(lane, number)), _leader(leader, number)
            leader[max(one, other)] = min(one, other)
    groups: dict[int, list[int]] = {}
    for number in leader:
        groups.setdefault(_leader(leader, number), []).append(number)
    return [*groups.values()]


def _leader(leader: dict[int, int], number: int) -> int:
    while leader[number] != number:
        leader[number] = number = leader[leader[number]]
    return number
