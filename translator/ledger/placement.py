"""Hold a submission together with what the ledger made of it."""

from __future__ import annotations

from msgspec import Struct

from translator.ledger.positions import Lane
from translator.record.outcome import Submission
from translator.translate.revision import Revision


class Placed(Struct):
    """
    A submission after the comparison with its lane.

    Absent: `submission_id` where nothing of it is sent, and until its row is written.
    """

    submission: Submission
    revision: Revision
    lane: Lane
    submission_id: int | None = None

    @property
    def sends_critical(self) -> bool:
        """Whether a result that is sent is marked as critical; what the vendor has already does not count."""
        verdicts = self.revision.verdicts
        return any(
            source.critical and verdict.state == "queued"
            for source, verdict in zip(self.submission.sources, verdicts, strict=True)
        )
