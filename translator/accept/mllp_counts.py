"""Count what an MLLP port did, for the metrics; numbers only, never who or what."""

from __future__ import annotations

from collections import Counter

from msgspec import Struct, field


class MllpCounts(Struct):
    """
    Since the start of one server; its event loop alone writes them, and anybody may read them.

    Shape: `received` are messages, `answered` acknowledgements by their code; `repeats` are messages that had come
    before. `acknowledgements` came in and are not answered. `truncated` frames had no end when the peer hung up.
    Of connections: `connections` are open; `not_allowed` came from elsewhere than `allow`, `above_limit` were too many,
    `not_agreed` failed in TLS; `timeouts` were silent or did not read, `defects` ended by a defect of ours.
    """

    received: int = 0
    answered: Counter[str] = field(default_factory=Counter)
    repeats: int = 0
    acknowledgements: int = 0
    too_large: int = 0
    truncated: int = 0
    connections: int = 0
    not_allowed: int = 0
    above_limit: int = 0
    not_agreed: int = 0
    timeouts: int = 0
    defects: int = 0
