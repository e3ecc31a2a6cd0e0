"""Speak to WHOOP: one small client with one connection."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from translator.errors import DeliveryError
from translator.transmit.client import Call
from translator.transmit.connection import Connection
from translator.transmit.responses import Answer
from translator.transmit.token import Credentials, Token, TokenRefusedError, TokenUnreachableError

DESTINATION = "whoop"
SCOPE = "whoop-partner/token"
CALLS: Mapping[str, tuple[str, str]] = {
    "results": ("POST", "/v2/partner/service-request/{id}/results"),
    "status": ("PATCH", "/v2/partner/service-request/{id}/status"),
    "requisition-status": ("PATCH", "/v2/partner/requisition/{id}/status"),
}
"""The calls that the ledger may queue, by kind; `{id}` is their target."""

REQUISITION = "/v2/partner/requisition/{id}"
REQUISITION_KIND = "requisition"
ASKED: Mapping[str, tuple[str, str]] = {**CALLS, REQUISITION_KIND: ("GET", REQUISITION)}
"""What WHOOP is asked about an event."""

TOKEN_REFUSED = frozenset({"400", "401", "403", "404", "415", "422"})


class _TokenAnswer(Struct):
    access_token: str
    expires_in: float = msgspec.field(default=3600)


class WhoopClient(Connection):
    """
    One connection to WHOOP.

    Shape: `url` stands before `/v2/partner/...`; the rest is as for any `Connection`.
    """

    async def send(self, call: Call, token: str) -> Answer:
        """
        Make one call, once.

        Raises: DeliveryError where the kind of call is none of WHOOP's; then nothing was sent.
        """
        if call.kind not in CALLS:
            raise DeliveryError("the ledger holds a kind of call that this version does not know; use a newer one")
        method, path = CALLS[call.kind]
        headers = {"Authorization": f"Bearer {token}", **call.headers}
        answer, _ = await self._ask(method, path.format(id=call.target), call.body, headers)
        return answer

    async def fetch_requisition(self, requisition_id: str, token: str) -> tuple[Answer, bytes]:
        """Ask for one requisition; gives what came back, and its body."""
        path = REQUISITION.format(id=requisition_id)
        return await self._ask("GET", path, b"", {"Authorization": f"Bearer {token}"})

    async def fetch_token(self, credentials: Credentials) -> Token:
        """
        Get a new token.

        Raises: TokenRefusedError where the credentials are wrong; TokenUnreachableError where it may work later.
        """
        form = {
            "grant_type": "client_credentials",
            "client_id": credentials.client_id,
            "client_secret": credentials.client_secret,
            "scope": SCOPE,
        }
        answer, content = await self._ask("POST", "/v2/partner/token", msgspec.json.encode(form), {})
        if answer.code in TOKEN_REFUSED:
            raise TokenRefusedError(f"the vendor refuses a token: answer {answer.code}")
        if answer.code != "200":
            raise TokenUnreachableError(answer.code, answer.wait_s)
        try:
            token = msgspec.json.decode(content, type=_TokenAnswer)
        except msgspec.DecodeError:
            raise TokenUnreachableError("unreadable-answer") from None
        return Token(token.access_token, token.expires_in)
