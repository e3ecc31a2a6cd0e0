r"""
Name the states of entries and submissions, and which may follow which. (pure)

    translated -> queued -> delivered
                    |  \-> rejected, unknown    (these block the lane until somebody decides)
                    |---> superseded, dropped   (never sent)
    held -> queued, dropped                     (a person releases or drops it)
    ignored, refused, duplicate                 (the end)
"""

from __future__ import annotations

from collections.abc import Mapping

ENTRY_STATES = (
    "held", "ignored", "refused", "duplicate",
    "queued", "delivered", "rejected", "unknown", "superseded", "dropped",
)  # fmt: skip
SUBMISSION_STATES = ("queued", "delivered", "rejected", "unknown", "superseded", "dropped")
MESSAGE_STATES = ("translated", "held", "ignored", "refused", "duplicate")

UNFINISHED = ("queued", "rejected", "unknown")
"""A lane goes no further than its first submission in one of these."""

LIVE = ("queued", "delivered", "rejected", "unknown")
"""What the vendor has, may have or will have: what a new message is compared with."""

MOVES: Mapping[str, frozenset[str]] = {
    "queued": frozenset({"queued", "delivered", "rejected", "unknown", "superseded", "dropped"}),
    "unknown": frozenset({"queued", "delivered", "dropped"}),
    "rejected": frozenset({"queued", "dropped"}),
    "delivered": frozenset(),
    "superseded": frozenset(),
    "dropped": frozenset(),
}

AFTER_ATTEMPT: Mapping[str, str] = {
    "accepted": "delivered",
    "refused": "rejected",
    "unknown": "unknown",
    "retry": "queued",
    "renew": "queued",
    "pause": "queued",
}
"""What the outcome of an attempt makes of its submission."""
