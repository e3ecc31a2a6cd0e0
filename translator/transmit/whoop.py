"""
Speak to WHOOP: one small client with one connection, and a name for everything that can go wrong with it.

A large httpx pool is slow, so each worker has a client of its own. A connection that has been idle for two seconds is
not used again: the vendor may be closing it at that very moment, and then nobody knows what became of the POST.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Mapping
from functools import cache
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx
import msgspec
from msgspec import Struct

from translator.config import is_loopback
from translator.errors import DeliveryError
from translator.transmit.client import Call
from translator.transmit.responses import Answer
from translator.transmit.retry import asked_wait
from translator.transmit.token import Credentials, Token, TokenRefusedError, TokenUnreachableError

DESTINATION = "whoop"
KEEP_ALIVE_S = 2.0
CONNECT_S = 10.0
SCOPE = "whoop-partner/token"
CALLS: Mapping[str, tuple[str, str]] = {
    "results": ("POST", "/v2/partner/service-request/{id}/results"),
    "status": ("PATCH", "/v2/partner/service-request/{id}/status"),
    "requisition-status": ("PATCH", "/v2/partner/requisition/{id}/status"),
}
"""The calls that the ledger may queue, by kind; `{id}` is their target."""

REQUISITION = "/v2/partner/requisition/{id}"

TOKEN_REFUSED = frozenset({"400", "401", "403", "404", "415", "422"})

# Every error that httpx knows for a request, by what it says about the vendor. What is named `connect-*` or
# `pool-timeout` surely never reached it; of all others nobody knows.
TROUBLE: Mapping[type[httpx.RequestError], str] = {
    httpx.ConnectError: "connect-error",
    httpx.ConnectTimeout: "connect-timeout",
    httpx.PoolTimeout: "pool-timeout",
    httpx.ProxyError: "connect-error",
    httpx.UnsupportedProtocol: "connect-error",
    httpx.WriteError: "write-error",
    httpx.WriteTimeout: "write-timeout",
    httpx.ReadError: "read-error",
    httpx.ReadTimeout: "read-timeout",
    httpx.CloseError: "read-error",
    httpx.RemoteProtocolError: "disconnected",
    httpx.LocalProtocolError: "disconnected",
    httpx.DecodingError: "unreadable-answer",
    httpx.TooManyRedirects: "unreadable-answer",
    # The families of the above; httpx raises none of them itself.
    httpx.RequestError: "disconnected",
    httpx.TransportError: "disconnected",
    httpx.TimeoutException: "read-timeout",
    httpx.NetworkError: "read-error",
    httpx.ProtocolError: "disconnected",
}


@cache
def _tls() -> ssl.SSLContext:
    # Reading the certificates takes longer than many deliveries, so every client shares them.
    return httpx.create_ssl_context()


def _proxy(url: str) -> str | None:
    """Find the proxy that the environment names for a URL; what goes to this machine goes there straight."""
    parts = urlsplit(url)
    if is_loopback(url) or proxy_bypass(parts.hostname or ""):
        return None
    proxies = getproxies()
    return proxies.get(parts.scheme) or proxies.get("all")


class _TokenAnswer(Struct):
    access_token: str
    expires_in: float = msgspec.field(default=3600)


class WhoopClient:
    """
    One connection to WHOOP.

    Shape: `url` stands before `/v2/partner/...`. `transport` lets a test answer in the vendor's place.
    Units: `timeout_s` bounds each wait for the vendor, in seconds.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout_s: float = 30.0,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._url = url.rstrip("/")
        self._clock = clock
        self._timeout = httpx.Timeout(timeout_s, connect=min(timeout_s, CONNECT_S)).as_dict()
        # A transport and no httpx.AsyncClient: cookies, redirects and logins, which we never want, cost a tenth.
        self._http = transport or httpx.AsyncHTTPTransport(
            verify=_tls(),
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=KEEP_ALIVE_S),
            proxy=_proxy(url),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def send(self, call: Call, token: str) -> Answer:
        """
        Make one call, once.

        Raises: DeliveryError where the kind of call is none of WHOOP's; then nothing was sent.
        """
        if call.kind not in CALLS:
            raise DeliveryError("the ledger holds a kind of call that this version does not know; use a newer one")
        method, path = CALLS[call.kind]
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": call.idempotency_key}
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

    async def _ask(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[Answer, bytes]:
        request = httpx.Request(
            method,
            self._url + path,
            content=body,
            headers={"Content-Type": "application/json", "User-Agent": "translator", **headers},
            extensions={"timeout": self._timeout},
        )
        try:
            response = await self._http.handle_async_request(request)
            try:
                content = await response.aread()
            finally:
                await response.aclose()
        except httpx.RequestError as error:
            return Answer(TROUBLE.get(type(error), "disconnected")), b""
        return Answer(
            str(response.status_code), asked_wait(response.status_code, response.headers, self._clock())
        ), content
