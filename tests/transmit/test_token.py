"""One token for all workers, fetched no more often than needed."""

from __future__ import annotations

import asyncio

import pytest

from translator.transmit.token import Credentials, Token, TokenKeeper, TokenRefusedError


class Vendor:
    """A vendor that numbers its tokens, and a clock."""

    def __init__(self, lives_s: float = 3600) -> None:
        self.lives_s = lives_s
        self.given = 0
        self.seconds = 0.0
        self.keeper = TokenKeeper(self.fetch, lambda: self.seconds)

    async def fetch(self) -> Token:
        """Give the next token, after a moment in which others may ask, too."""
        await asyncio.sleep(0)
        self.given += 1
        return Token(f"token-{self.given}", self.lives_s)

    def ask(self) -> str:
        """Ask the keeper once."""
        return asyncio.run(self.keeper.current())


def test_token_is_fetched_once_for_many_askers() -> None:
    """Workers that start together share one fetch."""
    vendor = Vendor()

    async def ask_together() -> list[str]:
        return await asyncio.gather(*(vendor.keeper.current() for _ in range(8)))

    assert set(asyncio.run(ask_together())) == {"token-1"}


@pytest.mark.parametrize(
    ("lives_s", "seconds", "token"),
    [
        pytest.param(3600, 3539, "token-1", id="an-hour-minus-a-minute"),
        pytest.param(3600, 3540, "token-2", id="within-the-last-minute"),
        pytest.param(10, 8.9, "token-1", id="short-life"),
        pytest.param(10, 9, "token-2", id="last-tenth-of-a-short-life"),
    ],
)
def test_token_is_renewed_before_it_runs_out(lives_s: float, seconds: float, token: str) -> None:
    """No request starts with a token that may end under way."""
    vendor = Vendor(lives_s)
    vendor.ask()
    vendor.seconds = seconds

    assert vendor.ask() == token


def test_token_that_was_refused_is_replaced() -> None:
    """A discarded token is fetched anew."""
    vendor = Vendor()
    vendor.keeper.discard(vendor.ask())

    assert vendor.ask() == "token-2"


def test_token_that_is_newer_than_the_refused_one_stays() -> None:
    """Two workers that were refused with the same old token cost one fetch."""
    vendor = Vendor()
    old = vendor.ask()
    vendor.keeper.discard(old)
    vendor.ask()
    vendor.keeper.discard(old)

    assert vendor.ask() == "token-2"


def test_token_and_credentials_hide_themselves() -> None:
    """P6: neither is shown by repr, so neither gets into a traceback."""
    shown = repr([Credentials("the-id", "the-secret"), Token("the-token", 1), TokenRefusedError("refused: answer 401")])

    assert not {"the-id", "the-secret", "the-token"} & set(shown.replace("'", " ").replace(",", " ").split())
