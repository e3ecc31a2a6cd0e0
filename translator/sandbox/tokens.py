"""Issue bearer tokens that really expire. (pure)"""

from __future__ import annotations

from collections.abc import Callable

from translator.sandbox.answer import Answer, Call, error_answer


class Tokens:
    """Every token of one vendor since the start."""

    def __init__(self, seconds: int, clock: Callable[[], float], new_token: Callable[[], str]) -> None:
        self.seconds = seconds
        self._clock = clock
        self._new_token = new_token
        self._expiry: dict[str, float] = {}

    def issue(self) -> str:
        """Issue a token."""
        token = self._new_token()
        self._expiry[token] = self._clock() + self.seconds
        return token

    def accepts(self, authorization: bytes) -> bool:
        """Tell whether an `Authorization` header carries a token of ours that has not expired."""
        scheme, _, token = authorization.partition(b" ")
        expiry = self._expiry.get(token.strip().decode("latin-1"), 0.0)
        return scheme.lower() == b"bearer" and self._clock() < expiry

    def guard(self, handler: Callable[[Call], Answer]) -> Callable[[Call], Answer]:
        """Let only calls with a token through."""

        def guarded(call: Call) -> Answer:
            if self.accepts(call.headers.get(b"authorization", b"")):
                return handler(call)
            return error_answer(401, "the token is missing, expired or not ours")

        return guarded
