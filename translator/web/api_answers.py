"""Say what the API asks for and answers beside what the ledger tells. (pure)"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from translator.intake import Taken
from translator.ledger.moments import moment_text
from translator.ledger.progress_shapes import TakenState
from translator.record.outcome import Diagnostic

MESSAGES = "/v1/messages"
WHOOP = "whoop"

LARGEST_NUMBER = 2**63 - 1
"""What both databases can count to."""


class Links(Struct, frozen=True):
    """Where to ask further."""

    message: str


class Receipt(Struct, frozen=True):
    """
    What a caller gets for a message that is on disk.

    Shape: `message` is its number; `state` and `diagnostics` say what was decided of it when it came. A refused message
    is kept, too: sending it again changes nothing. `received_at` is ISO 8601 in UTC.
    """

    message: int
    state: TakenState
    received_at: str
    diagnostics: tuple[Diagnostic, ...]
    links: Links


class LaneQuestion(Struct, frozen=True, forbid_unknown_fields=True):
    """Asks for the lane of a service request, or of an order reference at another destination."""

    service_request_id: Annotated[str, Meta(min_length=1, max_length=200)]
    destination: Literal["whoop", "acurable"] = "whoop"

    @property
    def names(self) -> tuple[str, ...]:
        """The ways in which the ledger may have it: WHOOP's UUIDs are kept in small letters."""
        if self.destination == WHOOP:
            return self.service_request_id, self.service_request_id.lower()
        return (self.service_request_id,)


def receipt(taken: Taken) -> Receipt:
    """Write what became of a message for its caller."""
    return Receipt(
        taken.id,
        taken.state,
        moment_text(round(taken.received_at * 1_000_000)),
        tuple(taken.diagnostics),
        Links(f"{MESSAGES}/{taken.id}"),
    )
