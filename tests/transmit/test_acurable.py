"""What the Acurable client sends, and how it comes to its token."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

from translator.errors import DeliveryError
from translator.transmit.acurable import UNTOLD_LIFE_S, AcurableClient, TokenRequest
from translator.transmit.client import Call
from translator.transmit.responses import Answer
from translator.transmit.token import Credentials, Token, TokenRefusedError, TokenUnreachableError

Handler = Callable[[httpx.Request], httpx.Response]
ISSUER = "https://identity.invalid/realm"
WANTED = TokenRequest(ISSUER, Credentials("lab", "s3cret"))
FOUND = {
    "issuer": ISSUER,
    "token_endpoint": "https://identity.invalid/token",
    "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
}
TOKEN = {"access_token": "t", "token_type": "Bearer", "expires_in": 60}


def send(handler: Handler, kind: str, target: str = "O/1") -> Answer:
    """Make one call to a vendor that is a function."""

    async def run() -> Answer:
        vendor = httpx.MockTransport(handler)
        async with AcurableClient("http://127.0.0.1:1/api/", transport=vendor, code_names=["activationCode"]) as client:
            return await client.send(Call(kind, target, b'{"data":{}}', "some-key"), "some-token")

    return asyncio.run(run())


class Provider:
    """An identity provider that is a function; `seen` are the requests to it."""

    def __init__(self, found: Any = FOUND, token: Any = TOKEN, status: int = 200, discovery_status: int = 200) -> None:
        self.found = found
        self.token = token
        self.status = status
        self.discovery_status = discovery_status
        self.seen: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer."""
        self.seen.append(request)
        is_discovery = request.url.path.endswith("/.well-known/openid-configuration")
        status, body = (self.discovery_status, self.found) if is_discovery else (self.status, self.token)
        return httpx.Response(status, content=body if isinstance(body, bytes) else json.dumps(body).encode())

    def fetch(self, wanted: TokenRequest = WANTED, times: int = 1) -> Token:
        """Fetch a token from it, as often as is asked, with one client."""

        async def run() -> Token:
            async with AcurableClient("http://127.0.0.1:1", transport=httpx.MockTransport(self)) as client:
                tokens = [await client.fetch_token(wanted) for _ in range(times)]
                return tokens[-1]

        return asyncio.run(run())


@pytest.mark.parametrize(
    ("kind", "method", "path"),
    [
        pytest.param("order", "POST", "/api/v1/orders", id="order"),
        pytest.param("order-update", "PUT", "/api/v1/orders/O%2F1", id="update-or-cancel"),
        pytest.param("study", "POST", "/api/v1/studies", id="study"),
        pytest.param("study-cancel", "PATCH", "/api/v1/studies/O%2F1", id="cancel-a-study"),
        pytest.param("referral", "POST", "/api/v1/referrals", id="referral"),
    ],
)
def test_client_makes_the_call_that_its_kind_names(kind: str, method: str, path: str) -> None:
    """Each kind of the ledger is one documented call, as plain JSON; a reference is one part of the path."""
    seen: list[httpx.Request] = []

    def take(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(201, headers={"Location": "/v1/orders/O%2F1"})

    assert send(take, kind) == Answer("201", location="/v1/orders/O%2F1")
    (request,) = seen
    assert (request.method, request.url.raw_path.decode(), request.content) == (method, path, b'{"data":{}}')
    assert request.headers["content-type"] == "application/json"
    assert request.headers["authorization"] == "Bearer some-token"


def test_codes_of_a_new_study_come_with_its_address() -> None:
    """201 has both; P6: neither is printed with the answer."""
    body = b'{"data":{"attributes":{"activationCode":"WOMBAT-1"}}}'
    answer = send(lambda _: httpx.Response(201, headers={"Location": "/v1/studies/7"}, content=body), "study")

    assert answer == Answer("201", location="/v1/studies/7", activation_codes=("WOMBAT-1",))
    assert repr(answer) == "Answer(201)"


def test_code_in_an_answer_that_created_nothing_is_none() -> None:
    """Only what was created has one."""
    answer = send(lambda _: httpx.Response(202, content=b'{"activationCode":"WOMBAT-1"}'), "study-cancel")

    assert answer.activation_codes == ()


def test_client_refuses_a_kind_that_it_does_not_know() -> None:
    """Results are WHOOP's: nothing is sent."""
    with pytest.raises(DeliveryError, match="kind of call"):
        send(lambda _: httpx.Response(201), "results")


def test_token_comes_from_the_endpoint_that_discovery_names() -> None:
    """RFC 6749 section 4.4: the grant as a form, the client by HTTP Basic."""
    provider = Provider()

    token = provider.fetch()

    discovery, request = provider.seen
    assert str(discovery.url) == f"{ISSUER}/.well-known/openid-configuration"
    assert (str(request.url), request.content) == (FOUND["token_endpoint"], b"grant_type=client_credentials")
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert base64.b64decode(request.headers["authorization"].removeprefix("Basic ")) == b"lab:s3cret"
    assert (token.text, token.lives_s) == ("t", 60)


def test_client_names_itself_in_the_body_where_the_provider_takes_nothing_else() -> None:
    """`client_secret_post`, with scope and audience where the site names them."""
    provider = Provider({**FOUND, "token_endpoint_auth_methods_supported": ["client_secret_post"]})

    provider.fetch(TokenRequest(ISSUER, WANTED.credentials, "orders", "https://api.invalid"))

    assert dict(parse_qsl(provider.seen[1].content.decode())) == {
        "grant_type": "client_credentials",
        "scope": "orders",
        "audience": "https://api.invalid",
        "client_id": "lab",
        "client_secret": "s3cret",
    }


def test_provider_is_looked_for_once() -> None:
    """A second token costs one call."""
    provider = Provider()

    provider.fetch(times=2)

    assert [request.method for request in provider.seen] == ["GET", "POST", "POST"]


def test_token_of_untold_life_is_renewed_soon() -> None:
    """`expires_in` is optional."""
    assert Provider(token={"access_token": "t"}).fetch().lives_s == UNTOLD_LIFE_S


@pytest.mark.parametrize(
    ("provider", "why"),
    [
        pytest.param(Provider(status=401), "a token: answer 401", id="wrong-secret"),
        pytest.param(Provider(status=400), "a token: answer 400", id="grant-not-allowed"),
        pytest.param(Provider(discovery_status=404), "discovery document", id="no-discovery"),
        pytest.param(Provider({**FOUND, "issuer": "https://other.invalid"}), "another issuer", id="another-issuer"),
        pytest.param(Provider({**FOUND, "token_endpoint": "http://identity.invalid"}), "not https", id="in-the-clear"),
        pytest.param(Provider(token={**TOKEN, "token_type": "mac"}), "another type", id="no-bearer"),
    ],
)
def test_token_that_cannot_be_had_is_refused(provider: Provider, why: str) -> None:
    """A person has to mend it; the text names neither credentials nor addresses."""
    with pytest.raises(TokenRefusedError, match=why) as caught:
        provider.fetch()

    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("provider", "answer"),
    [
        pytest.param(Provider(status=503), "503", id="provider-down"),
        pytest.param(Provider(discovery_status=500), "500", id="discovery-down"),
        pytest.param(Provider(found=b"<html>"), "unreadable-answer", id="discovery-no-json"),
        pytest.param(Provider(token={"token": "t"}), "unreadable-answer", id="no-token-in-it"),
    ],
)
def test_token_that_may_come_later_is_unreachable(provider: Provider, answer: str) -> None:
    """Nothing was sent, so it may be tried again."""
    with pytest.raises(TokenUnreachableError) as caught:
        provider.fetch()

    assert caught.value.answer == answer
