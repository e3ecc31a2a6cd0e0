"""Make the call of one attempt, and say what became of it."""

from __future__ import annotations

import asyncio

from translator.ledger import Claim, Settlement
from translator.transmit.client import Call, Client
from translator.transmit.responses import Answer
from translator.transmit.retry import Verdict


async def call_vendor(client: Client, claim: Claim, token: str, limit_s: float | None, traceparent: str = "") -> Answer:
    """
    Make a call, once, and give it up after a while: the vendor may have it then.

    Shape: `traceparent` goes with it, unless it is empty.
    Units: `limit_s` in seconds, for all of it; None: each wait has its own limit, and they are not added up.
    """
    call = Call(claim.kind, claim.target, claim.body, claim.idempotency_key, traceparent)
    try:
        async with asyncio.timeout(limit_s):
            return await client.send(call, token)
    except TimeoutError:
        return Answer("read-timeout")


def settlement(verdict: Verdict, answer: Answer) -> Settlement:
    """Say what the ledger records of an answer."""
    return Settlement(
        verdict.outcome,
        answer.code,
        verdict.retry_in_s,
        verdict.resends,
        location=answer.location,
        activation_codes=answer.activation_codes,
    )
