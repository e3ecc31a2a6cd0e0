"""Tell a log of what was kept: numbers, states and intakes, never what stands in a message."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from translator.ledger.message_rows import Arrival

_log = logging.getLogger("translator.intake")


def tell_taken(arrivals: Sequence[Arrival], numbers: Sequence[int], seconds: float) -> None:
    """
    Tell of messages that are on disk now.

    Units: `seconds` is how long their common commit took.
    """
    if not _log.isEnabledFor(logging.INFO):
        return
    for arrival, number in zip(arrivals, numbers, strict=True):
        fields = {"trace": number, "intake": arrival.intake or "submit", "state": arrival.outcome.state}
        _log.info("message-taken", extra=fields | {"ms": round(seconds * 1000, 1)})
