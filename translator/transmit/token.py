"""
Keep one access token: fetched when needed, renewed before it runs out, and once when the vendor refuses it.

It lives in memory only. Nothing here can be printed: neither the credentials nor the token have a repr.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from msgspec import Struct

from translator.errors import DeliveryError

MARGIN_S = 60.0
"""A token is renewed this long before its end, or after nine tenths of a short life."""


class Credentials(Struct, frozen=True):
    """What the vendor knows us by; repr hides it."""

    client_id: str
    client_secret: str

    def __repr__(self) -> str:
        return "Credentials(...)"


class Token(Struct, frozen=True):
    """
    An access token; repr hides it.

    Units: `lives_s` is its life from now, in seconds.
    """

    text: str
    lives_s: float

    def __repr__(self) -> str:
        return "Token(...)"


class TokenRefusedError(DeliveryError):
    """The vendor gives no token to these credentials: no attempt can succeed until a person mends it."""


class TokenUnreachableError(DeliveryError):
    """
    No token could be fetched this time; nothing was sent, so it may be tried again.

    Units: `wait_s` is what the vendor asks us to wait, or None.
    """

    def __init__(self, answer: str, wait_s: float | None = None) -> None:
        self.answer = answer
        self.wait_s = wait_s
        super().__init__(f"no token could be fetched: {answer}")


class TokenKeeper:
    """
    Hand out the current token to every worker of one destination.

    Shape: `fetch` gets a new token; `clock` never goes backwards (`time.monotonic`).
    """

    def __init__(self, fetch: Callable[[], Awaitable[Token]], clock: Callable[[], float]) -> None:
        self._fetch = fetch
        self._clock = clock
        self._fetching = asyncio.Lock()
        self._text = ""
        self._renew_at = 0.0

    @property
    def cached(self) -> str:
        """The token at hand, if it is not about to run out; else empty."""
        return self._text if self._clock() < self._renew_at else ""

    async def current(self) -> str:
        """
        Give a token that is not about to run out.

        Raises: TokenRefusedError, TokenUnreachableError.
        """
        async with self._fetching:
            if not self.cached:
                asked_at = self._clock()
                token = await self._fetch()
                self._text = token.text
                self._renew_at = asked_at + token.lives_s - min(MARGIN_S, token.lives_s / 10)
            return self._text

    def discard(self, text: str) -> None:
        """Forget a token that the vendor refused; a newer one, fetched meanwhile, stays."""
        if self._text == text:
            self._text = ""
