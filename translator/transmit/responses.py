"""
Say what an answer means: the vendor's `responses.csv` decides, and what it does not list is `unknown`. (pure)

An answer is an HTTP status (`201`) or the name of what went wrong instead of one (`read-timeout`).
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

OUTCOMES = frozenset({"accepted", "refused", "unknown", "retry", "renew", "pause", "conflict"})

NO_ANSWERS = (
    "connect-error",
    "connect-timeout",
    "pool-timeout",
    "write-error",
    "write-timeout",
    "read-error",
    "read-timeout",
    "disconnected",
    "unreadable-answer",
)
"""What may stand in the place of a status."""


class Answer(Struct, frozen=True):
    """
    What came back for one request.

    Shape: `location` is where the vendor says that it keeps what was sent; `activation_codes` are those of a study that
    was created. Neither is printed.
    Units: `wait_s` is how long the vendor asks us to wait, in seconds.
    Absent: `wait_s` is None where it does not say; the others are empty then.
    """

    code: str
    wait_s: float | None = None
    location: str = ""
    activation_codes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Answer({self.code})"


def outcome_of(answer: str, table: Mapping[str, str]) -> str:
    """Look an answer up: the exact one, then its class (`2xx`); anything else may have been processed."""
    hundreds = f"{answer[0]}xx" if answer.isdecimal() else ""
    outcome = table.get(answer) or table.get(hundreds) or "unknown"
    return outcome if outcome in OUTCOMES else "unknown"
