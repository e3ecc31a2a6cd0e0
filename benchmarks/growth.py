"""Measure whether the time for one result stays the same however many of them a message has."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from time import process_time

from msgspec import Struct

from benchmarks.candidates import Read
from benchmarks.messages import Laboratory

SIZES = (1_000, 10_000, 100_000)
_LEAST_RESULTS = 20_000


class Growth(Struct, frozen=True):
    """
    What one candidate needs for one size of message.

    Units: `us` CPU microseconds for one OBX, `ratio` to that of the smallest size; `kib` is the message's length.
    """

    results: int
    kib: int
    us: float
    ratio: float


def sized(laboratory: Laboratory, *, one_order: bool = False, sizes: Sequence[int] = SIZES) -> list[tuple[int, bytes]]:
    """
    Write one message of each size, with its number of OBX.

    Shape: `one_order` puts every OBX under one OBR, so that codes repeat; else an order has 25.
    """
    return [
        (results, laboratory.message(results, results) if one_order else laboratory.message(results))
        for results in sizes
    ]


def growth(read: Read, messages: Sequence[tuple[int, bytes]]) -> list[Growth]:
    """Time one message of each size, the best of a few."""
    found: list[Growth] = []
    for results, raw in messages:
        us = min(_once(read, raw) for _ in range(max(2, _LEAST_RESULTS // results))) / results * 1e6
        found.append(Growth(results, len(raw) // 1024, us, us / found[0].us if found else 1.0))
    return found


def _once(read: Read, raw: bytes) -> float:
    gc.collect()
    began = process_time()
    read(raw)
    return process_time() - began
