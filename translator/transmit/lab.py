"""Say what the lab's side makes of a message that is brought to it. (pure)"""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct


class Receipt(Struct, frozen=True, gc=False):
    """
    What became of one message on its way to the lab.

    Shape: `outcome` is `accepted`, `refused`, `unknown` (the lab may have it) or `not-sent` (it surely has not);
    `code` says why: MSA-1, or what went wrong.
    """

    outcome: str
    code: str = ""


class LabSide(Protocol):
    """
    One way to the lab; `control_id` is MSH-10 of the message, or the id of the bundle.

    Shape: one that `tells_copies_apart` takes a message with the same control id only once, so that it may be brought
    again where nobody knows whether it arrived.
    """

    @property
    def tells_copies_apart(self) -> bool:
        """Whether a second copy does nothing."""

    async def bring(self, message: bytes, control_id: str) -> Receipt:
        """Bring one message, once."""
