"""
Say for each step from a known version of a result to the one that is sent what happens. (pure)

Theory: an observation is at one of four stages, `preliminary`, `final`, `corrected` (which stands for amended, too) and
`cancelled`. RULES has a row for each step from one stage to another, with or without another value.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct


class Verdict(Struct, frozen=True, gc=False):
    """What becomes of one observation: `state` is queued, duplicate or held."""

    state: str
    reason: str = ""
    cause: str = ""


SEND = Verdict("queued")
DUPLICATE = Verdict("duplicate")
DROPPED = Verdict("duplicate", "dropped-before")
SILENT_CHANGE = Verdict("held", "silent-change")
LATE_PRELIMINARY = Verdict("held", "late-preliminary")
OUT_OF_ORDER = Verdict("held", "out-of-order")
UNDECIDED = Verdict("held", "status-undecided")
AFTER_RESULTS = Verdict("held", "cancelled-after-results")
UNIT_CHANGED = Verdict("held", "unit-changed")
AMBIGUOUS = Verdict("held", "ambiguous-repeat")

SAME, CHANGED = False, True

STAGES: Mapping[str, str] = {
    "preliminary": "preliminary",
    "final": "final",
    "corrected": "corrected",
    "amended": "corrected",
    "cancelled": "cancelled",
}

RULES: Mapping[tuple[str, str, bool], Verdict] = {
    # known         sent           value or unit
    ("nothing", "preliminary", CHANGED): SEND,
    ("nothing", "final", CHANGED): SEND,
    ("nothing", "corrected", CHANGED): SEND,
    ("preliminary", "preliminary", SAME): DUPLICATE,
    ("preliminary", "preliminary", CHANGED): SEND,
    ("preliminary", "final", SAME): SEND,
    ("preliminary", "final", CHANGED): SEND,
    ("preliminary", "corrected", SAME): SEND,
    ("preliminary", "corrected", CHANGED): SEND,
    ("final", "preliminary", SAME): LATE_PRELIMINARY,
    ("final", "preliminary", CHANGED): LATE_PRELIMINARY,
    ("final", "final", SAME): DUPLICATE,
    ("final", "final", CHANGED): SILENT_CHANGE,
    ("final", "corrected", SAME): SEND,
    ("final", "corrected", CHANGED): SEND,
    ("corrected", "preliminary", SAME): LATE_PRELIMINARY,
    ("corrected", "preliminary", CHANGED): LATE_PRELIMINARY,
    # Labs repeat a corrected value as plain final in the next snapshot: the vendor has it already.
    ("corrected", "final", SAME): DUPLICATE,
    ("corrected", "final", CHANGED): SILENT_CHANGE,
    ("corrected", "corrected", SAME): SEND,
    ("corrected", "corrected", CHANGED): SEND,
    # A site may send why a result could not be obtained: it comes before a result, never in place of a final one.
    ("nothing", "cancelled", CHANGED): SEND,
    ("preliminary", "cancelled", SAME): SEND,
    ("preliminary", "cancelled", CHANGED): SEND,
    ("final", "cancelled", SAME): UNDECIDED,
    ("final", "cancelled", CHANGED): UNDECIDED,
    ("corrected", "cancelled", SAME): UNDECIDED,
    ("corrected", "cancelled", CHANGED): UNDECIDED,
    ("cancelled", "cancelled", SAME): DUPLICATE,
    ("cancelled", "cancelled", CHANGED): SEND,
    ("cancelled", "preliminary", SAME): SEND,
    ("cancelled", "preliminary", CHANGED): SEND,
    ("cancelled", "final", SAME): SEND,
    ("cancelled", "final", CHANGED): SEND,
    ("cancelled", "corrected", SAME): SEND,
    ("cancelled", "corrected", CHANGED): SEND,
}


def judge_step(known: str, sent: str, *, changed: bool, unit_changed: bool, is_rival: bool) -> Verdict:
    """
    Judge the step from one stage to another; a status without a rule is held.

    Shape: `is_rival` tells that another order of the same service request brought what is known. Then, and where the
    unit is another one, only a correction may change what the vendor has.
    """
    verdict = RULES.get((known, sent, changed), UNDECIDED)
    if verdict != SEND or sent in _MAY_CHANGE or known in _MAY_BE_CHANGED:
        return verdict
    if unit_changed:
        return UNIT_CHANGED
    return AMBIGUOUS if is_rival and changed else verdict


_MAY_CHANGE = frozenset({"corrected", "cancelled"})
_MAY_BE_CHANGED = frozenset({"nothing", "cancelled"})

OLDER_COMES_FIRST = frozenset({SILENT_CHANGE, UNIT_CHANGED, AMBIGUOUS})
"""Held verdicts that are put otherwise where what is sent is older than what is known: that explains them."""
