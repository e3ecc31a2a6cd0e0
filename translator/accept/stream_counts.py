"""Count what the intake of a stream did, for the metrics; numbers only, never who or what."""

from __future__ import annotations

from msgspec import Struct


class StreamCounts(Struct):
    """
    Since the start of one intake; its event loop alone writes them, and anybody may read them.

    Shape: `taken` are on disk, `repeats` of them had come before; `again` were given back to the broker for later;
    `too_large` were not kept. `unacknowledged` are on disk, and the broker could not be told: it delivers them again.
    `connections` were made to the broker. `outcomes` were published.
    """

    received: int = 0
    taken: int = 0
    repeats: int = 0
    again: int = 0
    too_large: int = 0
    unacknowledged: int = 0
    connections: int = 0
    outcomes: int = 0
