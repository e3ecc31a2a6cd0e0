"""Say what delivery needs of a vendor: one call, made once, that always ends in an answer. (pure)"""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from translator.transmit.responses import Answer


class Call(Struct, frozen=True):
    """
    One call to a vendor.

    Shape: `kind` names the call as the ledger does (`results`, `status`); `target` is the id in its address.
    Absent: `traceparent` is empty where the vendor is not told of the trace.
    """

    kind: str
    target: str
    body: bytes
    idempotency_key: str
    traceparent: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """The headers that go with it, besides those of every call."""
        trace = {"traceparent": self.traceparent} if self.traceparent else {}
        return {"Idempotency-Key": self.idempotency_key, **trace}

    def __repr__(self) -> str:
        return f"Call({self.kind})"


class Client(Protocol):
    """One connection to a vendor."""

    async def send(self, call: Call, token: str) -> Answer:
        """Make one call, once."""
