"""Tell a log of delivery: of each call where that is asked for, and of pauses always."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from translator.ledger import Claim

_log = logging.getLogger("translator.delivery")
_lifecycle = logging.getLogger("translator.lifecycle")
# Where nobody writes logs, as in `submit`, what is paused is said at the end.
_lifecycle.addHandler(logging.NullHandler())


def tell_call(destination: str, claim: Claim, outcome: str, answer: str, seconds: float) -> None:
    """Tell of a call whose outcome is on disk."""
    if _log.isEnabledFor(logging.INFO):
        fields = {
            "trace": claim.message_id,
            "submission": claim.submission_id,
            "attempt": claim.attempts,
            "destination": destination,
            "outcome": outcome,
            "answer": answer,
            "ms": round(seconds * 1000, 1),
        }
        _log.info("call-ended", extra=fields)


class PauseTeller:
    """Tells once that a destination is paused, and once that it goes on."""

    def __init__(self, destination: str) -> None:
        self._destination = destination
        self._is_paused = False

    def paused(self, by: str, **why: str) -> None:
        """Tell that it is paused, and by whom."""
        if not self._is_paused:
            self._is_paused = True
            self._tell(logging.WARNING, "destination-paused", {"by": by} | why)

    def resumed(self) -> None:
        """Tell that it goes on."""
        if self._is_paused:
            self._is_paused = False
            self._tell(logging.INFO, "destination-resumed", {})

    def _tell(self, level: int, event: str, fields: Mapping[str, str]) -> None:
        _lifecycle.log(level, event, extra={"destination": self._destination, **fields})
