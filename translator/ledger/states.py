r"""
Name the states of entries and submissions, and which may follow which. (pure)

    queued -> delivered
      |  \-> rejected, unknown              (these block the lane until somebody decides)
      |---> superseded, dropped             (never sent)
    held -> queued, duplicate, dropped...   (a person releases or drops it)
    ignored, refused, duplicate             (the end, unless a person replays the message)
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
    # A held entry is taken up again by a person: it may be sent now, or turn out to need no sending, or stay held.
    "held": frozenset({"held", "queued", "duplicate", "ignored", "refused", "dropped"}),
    "queued": frozenset({"queued", "delivered", "rejected", "unknown", "superseded", "dropped"}),
    "unknown": frozenset({"queued", "delivered", "dropped"}),
    "rejected": frozenset({"queued", "dropped"}),
    # A replay gives an entry another submission, by the tables of then; its old submission stays as it is.
    "ignored": frozenset({"queued"}),
    "refused": frozenset({"queued"}),
    "duplicate": frozenset({"queued"}),
    "superseded": frozenset({"queued"}),
    "dropped": frozenset({"queued"}),
    "delivered": frozenset(),
}
"""The only moves of an entry, and those of a submission that is `UNFINISHED`; moves.py makes them."""

AFTER_ATTEMPT: Mapping[str, str] = {
    "accepted": "delivered",
    "refused": "rejected",
    "unknown": "unknown",
    "retry": "queued",
    "renew": "queued",
    "pause": "queued",
}
"""What the outcome of an attempt makes of its submission."""
