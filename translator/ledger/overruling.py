"""Let a person's word count where the rules would hold: it is the same person, a correction, cancelled all the same."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from msgspec import structs

from translator.ledger.placement import Placed
from translator.ledger.placing import Acceptance
from translator.ledger.positions import Lane
from translator.record.outcome import Payload, Submission
from translator.translate.revision import Revision
from translator.translate.revision_rules import AFTER_RESULTS, SEND

AS_CORRECTED = frozenset({"silent-change", "unit-changed", "ambiguous-repeat"})
"""Holds that a person may overrule by saying that the new value is a correction."""
PATIENT = "patient-changed"
"""A hold that a person may overrule by saying that it is the same person."""
CANCELLED = "cancelled-after-results"
"""A hold that a person may overrule by saying that the order is cancelled all the same."""


def place_again(
    acceptance: Acceptance, lane: Lane, submission: Submission, sha256: str, accepted: Collection[str]
) -> Placed:
    """Compare with the lane of today, and let the person's word count where the rules would hold."""
    trusted = PATIENT in accepted
    placed = acceptance.place(lane, submission, sha256, trusts_patient=trusted)
    if CANCELLED in accepted and placed.revision.report == AFTER_RESULTS:
        placed.revision = Revision((), submission.payload, SEND)
    overruled = [verdict.reason in AS_CORRECTED.intersection(accepted) for verdict in placed.revision.verdicts]
    if any(overruled):
        corrected = _as_corrected(submission, overruled)
        placed = acceptance.place(lane, corrected, sha256, trusts_patient=trusted)
    return placed


def _as_corrected(submission: Submission, overruled: Sequence[bool]) -> Submission:
    """Say of some observations, and so of the report, that they are corrections."""
    observations = tuple(
        structs.replace(observation, status="corrected") if is_new else observation
        for observation, is_new in zip(submission.payload.observations, overruled, strict=True)
    )
    sources = tuple(
        structs.replace(source, status="corrected") if is_new else source
        for source, is_new in zip(submission.sources, overruled, strict=True)
    )
    status = "corrected" if submission.payload.status in {"final", "amended"} else submission.payload.status
    return structs.replace(submission, payload=Payload(status, observations), sources=sources)
