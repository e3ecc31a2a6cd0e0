"""Who may call the API, and for how long a token is believed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.lab_messages import HDL, Obx, oru
from tests.ledger.conftest import Clock
from tests.web.api_calls import HL7, TABLES, bearer, listening, problem, token
from translator.intake import Intake
from translator.ledger import SCOPES, Ledger, Token
from translator.web.api_access import BELIEVED_S, MOST_REMEMBERED, Bearers

RAW = oru([Obx(HDL, "55")])
CALLS = {
    "translate": ("POST", "/v1/translate"),
    "submit": ("POST", "/v1/messages"),
    "read": ("GET", "/v1/messages/1"),
}


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Open a new ledger."""
    with Ledger.open(tmp_path / "lab.db") as opened:
        yield opened


@pytest.fixture
def clock() -> Clock:
    """Give a standing clock."""
    return Clock()


@pytest.fixture
def caller(ledger: Ledger, clock: Clock) -> Iterator[httpx.Client]:
    """Call the API without a token."""
    with Intake(ledger, TABLES) as intake, listening(ledger, intake, clock=clock) as client:
        yield client


def call(caller: httpx.Client, scope: str, headers: dict[str, str]) -> httpx.Response:
    """Make the call that a scope is for."""
    method, path = CALLS[scope]
    return caller.request(method, path, content=RAW if method == "POST" else b"", headers=HL7 | headers)


@pytest.mark.parametrize("scope", SCOPES)
def test_scope_lets_in_to_its_own_calls(caller: httpx.Client, ledger: Ledger, scope: str) -> None:
    """A token does what it is for; everything else is 403, and the answer names the scope that is needed."""
    made = bearer(token(ledger, scope))

    answers = {asked: call(caller, asked, made) for asked in SCOPES}

    assert {asked for asked, answer in answers.items() if answer.status_code != 403} == {scope}
    for asked in set(SCOPES) - {scope}:
        assert problem(answers[asked]) == "scope-missing"
        assert f'scope="{asked}"' in answers[asked].headers["www-authenticate"]
        assert f"`{asked}`" in answers[asked].json()["detail"]


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        pytest.param({}, "token-missing", id="none"),
        pytest.param({"Authorization": "Basic dHI6dHI="}, "token-missing", id="basic"),
        pytest.param({"Authorization": "Bearer"}, "token-missing", id="empty"),
        pytest.param(bearer("tr_of-nobody"), "token-invalid", id="unknown"),
        pytest.param({"Authorization": "tr_of-nobody"}, "token-missing", id="without-scheme"),
    ],
)
@pytest.mark.parametrize("scope", SCOPES)
def test_caller_without_a_valid_token_is_sent_away(
    caller: httpx.Client, ledger: Ledger, scope: str, headers: dict[str, str], name: str
) -> None:
    """401, with how to come in; nothing is kept, and nothing of what was shown is repeated."""
    answer = call(caller, scope, headers)

    assert (answer.status_code, problem(answer)) == (401, name)
    assert answer.headers["www-authenticate"].startswith('Bearer realm="translator"')
    assert "nobody" not in answer.text
    assert ledger.messages() == []


def test_two_authorizations_are_none(caller: httpx.Client, ledger: Ledger) -> None:
    """Which of them a proxy checked, nobody knows."""
    shown = bearer(token(ledger))["Authorization"].encode()

    answer = caller.get("/v1/messages/1", headers=[(b"Authorization", shown), (b"Authorization", shown)])

    assert (answer.status_code, problem(answer)) == (401, "token-missing")


def test_scheme_has_no_case(caller: httpx.Client, ledger: Ledger) -> None:
    """RFC 9110 section 11.1."""
    made = token(ledger)

    assert call(caller, "read", {"Authorization": f"bEaReR {made}"}).status_code == 404


def test_revoked_token_ends_within_seconds(caller: httpx.Client, ledger: Ledger, clock: Clock) -> None:
    """It is believed for as long as is said, and not a moment longer."""
    made = bearer(token(ledger))
    answers = [call(caller, "read", made).status_code]

    ledger.access().tokens.revoke("lis")
    clock.move(BELIEVED_S - 0.1)
    answers.append(call(caller, "read", made).status_code)
    clock.move(0.2)
    answers.append(call(caller, "read", made).status_code)

    assert answers == [404, 404, 401]


def test_token_that_was_unknown_works_once_it_is_made(caller: httpx.Client, ledger: Ledger) -> None:
    """Only what is valid is remembered: who makes a token need not wait."""
    made = token(ledger)
    first = call(caller, "read", bearer(made + "x")).status_code
    other = bearer(token(ledger, name="other"))

    assert (first, call(caller, "read", other).status_code) == (401, 404)


class Asked:
    """A ledger that is asked about tokens; it knows every one."""

    def __init__(self) -> None:
        self.tokens: list[str] = []

    def __call__(self, given: str) -> Token:
        """Give a token that may do everything."""
        self.tokens.append(given)
        return Token(given, SCOPES, "valid", "", "", "")


async def find(bearers: Bearers, tokens: Iterable[int]) -> None:
    """Look tokens up, one after the other."""
    for number in tokens:
        await bearers._find(str(number))


def test_ledger_is_asked_once_for_many_calls(clock: Clock) -> None:
    """A thousand calls a second are not a thousand questions to the database."""
    asked = Asked()
    bearers = Bearers(asked, clock=clock)

    asyncio.run(find(bearers, [1] * 20))
    clock.move(BELIEVED_S)
    asyncio.run(find(bearers, [1] * 20))

    assert asked.tokens == ["1", "1"]


def test_only_so_many_tokens_are_remembered(clock: Clock) -> None:
    """The oldest is forgotten, and asked about again."""
    asked = Asked()
    bearers = Bearers(asked, clock=clock)

    asyncio.run(find(bearers, (*range(MOST_REMEMBERED + 1), MOST_REMEMBERED, 0)))

    assert len(bearers._believed) == MOST_REMEMBERED
    assert asked.tokens[-2:] == [str(MOST_REMEMBERED), "0"]
