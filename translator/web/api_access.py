"""
Know who calls: a bearer token, and what it may do.

Theory of operation: the ledger is asked about a token once, and believed for a few seconds, so that a thousand calls a
second do not ask it a thousand times. So a token that is revoked or expires is still believed for so long. Only
tokens that are valid are remembered, by their hash: one that was just made works at once.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable
from typing import NamedTuple

from starlette.requests import Request

from translator.ledger import Token
from translator.web.api_problem import REALM, ProblemError

BELIEVED_S = 5.0
"""How long a token is believed without asking again."""

MOST_REMEMBERED = 1024

Check = Callable[[str], Token | None]
"""Gives what a token may do; None where it is not valid. Raises LedgerError where nobody can say."""


class _Believed(NamedTuple):
    token: Token
    until: float


class Bearers:
    """
    The callers of the API, by their tokens; to be used on one event loop.

    Units: `believed_s` in seconds by the clock.
    """

    def __init__(
        self, check: Check, *, clock: Callable[[], float] = time.monotonic, believed_s: float = BELIEVED_S
    ) -> None:
        self._check = check
        self._clock = clock
        self._believed_s = believed_s
        self._believed: dict[bytes, _Believed] = {}

    async def allow(self, request: Request, scope: str) -> Token:
        """
        Give the token of a call that may do what the scope names.

        Raises: ProblemError for everybody else; LedgerError where the ledger does not answer.
        """
        given = _given(request)
        if not given:
            raise ProblemError("token-missing", headers={"WWW-Authenticate": REALM})
        token = await self._find(given)
        if token is None:
            raise ProblemError("token-invalid", headers={"WWW-Authenticate": f'{REALM}, error="invalid_token"'})
        if scope not in token.scopes:
            challenge = f'{REALM}, error="insufficient_scope", scope="{scope}"'
            raise ProblemError("scope-missing", headers={"WWW-Authenticate": challenge}, scope=scope)
        return token

    async def _find(self, given: str) -> Token | None:
        digest = hashlib.sha256(given.encode("utf-8", "surrogatepass")).digest()
        believed = self._believed.get(digest)
        if believed is not None and self._clock() < believed.until:
            return believed.token
        # The time before the question: what changes while it is asked is not believed longer.
        asked_at = self._clock()
        token = await asyncio.to_thread(self._check, given)
        self._believed.pop(digest, None)
        if token is not None:
            self._remember(digest, _Believed(token, asked_at + self._believed_s))
        return token

    def _remember(self, digest: bytes, believed: _Believed) -> None:
        if len(self._believed) >= MOST_REMEMBERED:
            # The one that was asked about longest ago stands first.
            del self._believed[next(iter(self._believed))]
        self._believed[digest] = believed


def _given(request: Request) -> str:
    """Take the token out of `Authorization: Bearer ...`; empty where there is none, or more than one."""
    headers = request.headers.getlist("authorization")
    if len(headers) != 1:
        return ""
    scheme, _, token = headers[0].partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
