"""
Decide what a lane still needs of an order: compare it with what was sent under its reference. (pure)

The vendor knows an order by our reference alone and answers a second one with a conflict that does not say whether it
is the same. So the comparison is ours: the same body again is a repeat, and another one under a taken reference is
refused, since only a change may say something else under it.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from translator.record.outcome import Submission
from translator.translate.revision import Revision
from translator.translate.revision_rules import DUPLICATE, OUT_OF_ORDER, SEND, Verdict

CHANGES = frozenset({"order-update", "study-cancel"})
"""What changes an order that there is already; every other kind makes one."""

DUPLICATE_REFERENCE = Verdict("refused", "duplicate-reference")
LAYOUT_UNCONFIRMED = Verdict("held", "layout-unconfirmed")


class KnownOrder(Struct, frozen=True, gc=False):
    """
    Something that was queued under the same reference.

    Shape: `ordered_at` is the sender's time, as in `Submission`. `is_rejected` says that the vendor did not take it.
    Absent: `body` is None where it is no longer kept.
    """

    kind: str
    body: bytes | None
    ordered_at: str = ""
    is_rejected: bool = False


def revise_order(submission: Submission, known: Sequence[KnownOrder], *, loopback: bool) -> Revision:
    """
    Compare an order with what its lane has, oldest first.

    Shape: `loopback` says that it goes to the sandbox, which is sent a layout that nobody has confirmed.
    """
    verdict = _judge(submission, known)
    if verdict == SEND and submission.unconfirmed and (submission.kind in CHANGES or not loopback):
        verdict = LAYOUT_UNCONFIRMED
    return Revision((), submission.payload if verdict == SEND else None, verdict)


def _judge(submission: Submission, known: Sequence[KnownOrder]) -> Verdict:
    body = submission.body_json
    if submission.kind not in CHANGES:
        made = [one for one in known if one.kind not in CHANGES]
        if any((one.kind, one.body) == (submission.kind, body) for one in made):
            return DUPLICATE
        return DUPLICATE_REFERENCE if any(not one.is_rejected for one in made) else SEND
    changes = [one for one in known if one.kind in CHANGES]
    if changes and (changes[-1].kind, changes[-1].body) == (submission.kind, body):
        return DUPLICATE
    newest = max((one.ordered_at for one in known), default="")
    return OUT_OF_ORDER if submission.ordered_at and submission.ordered_at < newest else SEND
