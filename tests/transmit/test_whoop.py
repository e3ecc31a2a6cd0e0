"""What the WHOOP client sends, and what it calls the ways in which that can end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import TypeVar

import httpx
import pytest

from translator.errors import DeliveryError
from translator.transmit.client import Call
from translator.transmit.connection import TROUBLE, _proxy
from translator.transmit.responses import NO_ANSWERS, Answer
from translator.transmit.token import Credentials, Token, TokenRefusedError, TokenUnreachableError
from translator.transmit.whoop import WhoopClient

T = TypeVar("T")
Handler = Callable[[httpx.Request], httpx.Response]
CREDENTIALS = Credentials("lab", "s3cret")


def post(handler: Handler, kind: str = "results") -> Answer:
    """Make one call to a vendor that is a function."""

    async def run() -> Answer:
        async with WhoopClient("http://127.0.0.1:1/developer/", transport=httpx.MockTransport(handler)) as client:
            return await client.send(Call(kind, "some-id", b'{"status":"final"}', "some-key"), "some-token")

    return asyncio.run(run())


def fetch(handler: Handler) -> Token:
    """Fetch a token from a vendor that is a function."""

    async def run() -> Token:
        async with WhoopClient("http://127.0.0.1:1/developer", transport=httpx.MockTransport(handler)) as client:
            return await client.fetch_token(CREDENTIALS)

    return asyncio.run(run())


def families(kind: type[httpx.RequestError]) -> Iterator[type[httpx.RequestError]]:
    """Walk an error class and all that inherit from it."""
    yield kind
    for child in kind.__subclasses__():
        yield from families(child)


def test_client_names_every_error_of_httpx() -> None:
    """Should httpx grow an error, somebody has to decide what it says about the vendor."""
    assert set(TROUBLE) == set(families(httpx.RequestError))


def test_client_names_errors_as_the_response_table_does() -> None:
    """Each name is one that `responses.csv` may list, and each of those can happen."""
    assert set(TROUBLE.values()) == set(NO_ANSWERS)


@pytest.mark.parametrize("kind", TROUBLE)
def test_client_turns_an_error_into_an_answer(kind: type[httpx.RequestError]) -> None:
    """Nothing of httpx gets past the client."""

    def fail(request: httpx.Request) -> httpx.Response:
        raise kind("no", request=request)

    assert post(fail) == Answer(TROUBLE[kind])


def test_client_posts_the_body_untouched() -> None:
    """Path, headers and bytes are what the vendor documents."""
    seen: list[httpx.Request] = []

    def take(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(201)

    assert post(take) == Answer("201")
    (request,) = seen
    assert request.url.path == "/developer/v2/partner/service-request/some-id/results"
    assert request.content == b'{"status":"final"}'
    assert {name: request.headers[name] for name in ("authorization", "content-type", "idempotency-key")} == {
        "authorization": "Bearer some-token",
        "content-type": "application/json",
        "idempotency-key": "some-key",
    }


@pytest.mark.parametrize(
    ("kind", "method", "path"),
    [
        pytest.param("results", "POST", "/service-request/some-id/results", id="results"),
        pytest.param("status", "PATCH", "/service-request/some-id/status", id="status"),
        pytest.param("requisition-status", "PATCH", "/requisition/some-id/status", id="status-of-a-requisition"),
    ],
)
def test_client_makes_the_call_that_its_kind_names(kind: str, method: str, path: str) -> None:
    """Each kind of the ledger is one documented call, and a 204 is as good as a 201."""
    seen: list[httpx.Request] = []

    def take(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(204)

    assert post(take, kind) == Answer("204")
    assert (seen[0].method, seen[0].url.path) == (method, f"/developer/v2/partner{path}")


def test_client_refuses_a_kind_that_it_does_not_know() -> None:
    """A ledger of a newer version: nothing is sent."""
    with pytest.raises(DeliveryError, match="kind of call"):
        post(lambda _: httpx.Response(201), "fax")


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_proxy_is_that_of_the_environment(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As everywhere else; but what stays on this machine goes straight."""
    for variable in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv(name, "http://proxy.invalid:3128")

    assert _proxy("https://api.prod.whoop.com/developer") == "http://proxy.invalid:3128"
    assert _proxy("https://127.0.0.1:1") is None


def test_proxy_is_left_out_where_the_environment_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """`NO_PROXY` wins."""
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.invalid:3128")
    monkeypatch.setenv("NO_PROXY", ".whoop.com")

    assert _proxy("https://api.prod.whoop.com/developer") is None


def test_client_hears_how_long_to_wait() -> None:
    """The wait of a 429 is part of the answer."""
    assert post(lambda _: httpx.Response(429, headers={"X-RateLimit-Reset": "7"})) == Answer("429", 7)


def test_client_does_not_follow_a_redirect() -> None:
    """Results go to the host of the settings and to no other."""
    assert post(lambda _: httpx.Response(307, headers={"Location": "http://127.0.0.1:2/"})) == Answer("307")


def test_client_asks_for_a_token_as_documented() -> None:
    """All four fields, as JSON."""
    seen: list[object] = []

    def give(request: httpx.Request) -> httpx.Response:
        seen.append(json.loads(request.content))
        return httpx.Response(200, json={"access_token": "t", "token_type": "bearer", "expires_in": 12})

    token = fetch(give)

    assert (token.text, token.lives_s) == ("t", 12)
    assert seen == [
        {
            "grant_type": "client_credentials",
            "client_id": "lab",
            "client_secret": "s3cret",
            "scope": "whoop-partner/token",
        }
    ]


@pytest.mark.parametrize(
    ("response", "error"),
    [
        pytest.param(httpx.Response(401), TokenRefusedError, id="wrong-credentials"),
        pytest.param(httpx.Response(403), TokenRefusedError, id="forbidden"),
        pytest.param(httpx.Response(503), TokenUnreachableError, id="not-now"),
        pytest.param(httpx.Response(200, text="<html>"), TokenUnreachableError, id="not-json"),
        pytest.param(httpx.Response(200, json={"token": "t"}), TokenUnreachableError, id="no-token-in-it"),
    ],
)
def test_client_tells_a_refused_token_from_one_that_may_come(response: httpx.Response, error: type[Exception]) -> None:
    """Only a refusal is final; and no error shows the secret."""
    with pytest.raises(error) as caught:
        fetch(lambda _: response)

    assert "s3cret" not in str(caught.value)
