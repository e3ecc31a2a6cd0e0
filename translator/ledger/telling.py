"""Tell a log of what was kept: numbers, states, intakes and hashed ids, never what stands in a message."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from translator.ledger.hashes import KeyedHash
from translator.ledger.message_rows import Arrival

_log = logging.getLogger("translator.intake")


def tell_taken(arrivals: Sequence[Arrival], numbers: Sequence[int], seconds: float, hashed: KeyedHash) -> None:
    """
    Tell of messages that are on disk now.

    Shape: the sender's control id (MSH-10, or the id of a bundle) under the ledger's own hash, so that lines about what
    came twice are found together, and nobody without the ledger's key can tell which message it was.
    Units: `seconds` is how long their common commit took.
    """
    if not _log.isEnabledFor(logging.INFO):
        return
    for arrival, number in zip(arrivals, numbers, strict=True):
        outcome = arrival.outcome
        fields = {"trace": number, "intake": arrival.intake or "submit", "state": outcome.state}
        control_id = hashed("control_id", outcome.source.control_id)
        _log.info("message-taken", extra=fields | {"control_id": control_id, "ms": round(seconds * 1000, 1)})
