"""
Know what an answer that is owed will say: of one message, from its frame to what the intake made of it.

What never reached the intake has its verdict at once; what did has it when it is on disk, and not before (promise P2).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import CancelledError, Future

from msgspec import Struct

from translator.accept.ack import AWAY, CONTENT, KEPT, NOT_OURS, Verdict, refusal
from translator.accept.ack_header import AckHeader
from translator.errors import LedgerError
from translator.intake import Brought, Intake, Taken
from translator.record.outcome import Diagnostic
from translator.tracing import NO_SPAN, SERVER, Span, Told, Tracer

INTAKE = "mllp"

_WHY = {
    NOT_OURS: Diagnostic("malformed", "error", "MSH", "there is no MSH segment that can be read"),
    CONTENT: Diagnostic("too-large", "error", "", "this is larger than what is taken here; the connection is closed"),
    AWAY: Diagnostic("not-kept", "error", "", "the message could not be kept; send it again later"),
}


class Pending(Struct):
    """
    A message whose answer is owed.

    Shape: `became` is what became of it where nothing of it is kept.
    Units: `size` in bytes; `since` in seconds of the event loop, when its frame was whole; `at` in seconds since 1970.
    """

    header: AckHeader | None
    size: int
    since: float
    at: float
    became: str = ""
    future: Future[Taken] | None = None
    span: Span = NO_SPAN

    def hand_in(self, intake: Intake, site: str, raw: bytes) -> None:
        """Hand it to the intake, if it is a message at all."""
        self.span = intake.tracer.begin(f"receive {INTAKE}", SERVER, intake.tracer.now())
        if self.header is None:
            self.became = NOT_OURS
            return
        try:
            self.future = intake.take(Brought(raw, INTAKE, site, _key(site, self.header, raw), span=self.span))
        except LedgerError:
            self.became = AWAY

    def taken(self) -> Taken | None:
        """Give what the intake made of it; None while that is not known, and where nothing was kept."""
        if self.future is None or not self.future.done():
            return None
        try:
            return self.future.result()
        except (LedgerError, CancelledError):
            self.became = AWAY
            return None

    def answered(self, tracer: Tracer, taken: Taken | None, codes: Sequence[str]) -> None:
        """Tell that it is answered."""
        told: Told = {"translator.intake": INTAKE, "translator.size": self.size, "translator.acknowledgement": codes}
        self.span.end(tracer.now(), {**told, **(taken.told if taken else {})}, error=self.became)

    def verdict(self, taken: Taken | None) -> Verdict | None:
        """Tell what became of it; None while nobody knows."""
        if taken is not None:
            became = refusal(taken.diagnostics) if taken.is_refused else KEPT
            return Verdict(became, taken.received_at, taken.id, taken.diagnostics)
        return Verdict(self.became, self.at, diagnostics=(_WHY[self.became],)) if self.became else None


def _key(site: str, header: AckHeader, raw: bytes) -> str:
    """Name a message so that it is known when it comes again; one without a number is new each time."""
    if not header.control_id.strip():
        return ""
    return "\n".join((INTAKE, site, header.control_id, hashlib.sha256(raw).hexdigest()))
