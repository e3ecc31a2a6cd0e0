"""
Write what publishers of a stream are told: states, counts and codes of a message, never what stands in it.

The publisher finds its message by what only it needs to understand: the number in the stream that it was given when it
published, and the name that it gave itself.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import msgspec
from msgspec import Struct

from translator.ledger import Follow, FollowedState

SCHEMA = "translator.stream-outcome/1"
NOT_KEPT, TOO_LARGE = "not-kept", "too-large"


class EntryCount(Struct, frozen=True, omit_defaults=True):
    """How many entries of a message are in a state, and for which reasons."""

    state: str
    count: int
    reasons: tuple[str, ...] = ()


class StreamOutcome(Struct, frozen=True, omit_defaults=True):
    """
    What became of one message of a stream until now.

    Shape: `settled` says that nothing more is to be expected, unless a person takes it up again; `diagnostics` are
    codes that `translator explain` knows.
    Absent: `msg_id` where the publisher gave none; `message`, the number in the ledger, where nothing was kept.
    """

    schema: str
    stream: str
    sequence: int
    state: str
    settled: bool
    msg_id: str = ""
    message: int = 0
    received_at: str = ""
    reason: str = ""
    entries: tuple[EntryCount, ...] = ()
    diagnostics: tuple[str, ...] = ()


class Telling(NamedTuple):
    """One outcome as it is published: `id` names it, so that the broker takes it once."""

    id: str
    body: bytes


def telling(found: FollowedState) -> Telling:
    """Write what the ledger says."""
    outcome = StreamOutcome(
        SCHEMA,
        found.follow.stream,
        found.follow.sequence,
        found.state,
        found.is_settled,
        found.follow.sent_as,
        found.message,
        found.received_at,
        found.reason,
        tuple(EntryCount(one.state, one.count, one.reasons) for one in found.entries),
        found.diagnostics,
    )
    return Telling(found.id, msgspec.json.encode(outcome))


def not_kept(follow: Follow, key: str) -> Telling:
    """Write that a message was too large to be kept; `key` is what it is known by."""
    outcome = StreamOutcome(
        SCHEMA,
        follow.stream,
        follow.sequence,
        NOT_KEPT,
        settled=True,
        msg_id=follow.sent_as,
        reason=TOO_LARGE,
        diagnostics=(TOO_LARGE,),
    )
    return Telling(hashlib.sha256(f"{NOT_KEPT}\n{key}".encode()).hexdigest()[:40], msgspec.json.encode(outcome))
