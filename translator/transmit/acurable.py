"""
Speak to Acurable: orders, studies and referrals, with a token of the identity provider that discovery names.

What OAuth and OpenID Connect say about a token request is Authlib's; the requests are ours, so that everything that can
go wrong with them has its name.

Source: Acurable, integration API, create order, update order, create study, update study, create referral; OpenID
Connect Discovery 1.0; RFC 6749 section 4.4.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from typing import TypeVar
from urllib.parse import quote, urlsplit

import httpx
import msgspec
from msgspec import Struct, structs

from translator.config_checks import is_loopback
from translator.errors import DeliveryError
from translator.read.vendor_receipt import activation_codes
from translator.transmit.client import Call
from translator.transmit.connection import Connection
from translator.transmit.responses import Answer
from translator.transmit.token import Credentials, Token, TokenRefusedError, TokenUnreachableError

DESTINATION = "acurable"
CALLS: Mapping[str, tuple[str, str]] = {
    "order": ("POST", "/v1/orders"),
    "order-update": ("PUT", "/v1/orders/{reference}"),
    "study": ("POST", "/v1/studies"),
    "study-cancel": ("PATCH", "/v1/studies/{reference}"),
    "referral": ("POST", "/v1/referrals"),
}
"""The calls that the ledger may queue, by kind; `{reference}` is their target."""

BASIC, POST = "client_secret_basic", "client_secret_post"
UNTOLD_LIFE_S = 300.0
"""How long a token is taken to live where the provider does not say."""

_CREATED = "201"
_REFUSED = frozenset({"400", "401", "403", "404", "405", "415", "422"})


class TokenRequest(Struct, frozen=True):
    """
    What a token is asked for.

    Absent: `scope` and `audience` are empty where it is asked for without.
    """

    issuer: str
    credentials: Credentials
    scope: str = ""
    audience: str = ""


class _Discovered(Struct, frozen=True):
    issuer: str
    token_endpoint: str
    token_endpoint_auth_methods_supported: tuple[str, ...] = (BASIC,)


class _TokenAnswer(Struct, frozen=True):
    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - a word of RFC 6749
    expires_in: float = UNTOLD_LIFE_S


_Read = TypeVar("_Read", bound=Struct)


class AcurableClient(Connection):
    """
    One connection to Acurable; `url` stands before `/v1/...`.

    Shape: `code_names` are the properties of an answer that hold an activation code.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout_s: float = 30.0,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], float] = time.time,
        code_names: Collection[str] = (),
    ) -> None:
        super().__init__(url, timeout_s=timeout_s, transport=transport, clock=clock)
        self._code_names = code_names
        self._provider: _Discovered | None = None

    async def send(self, call: Call, token: str) -> Answer:
        """
        Make one call, once.

        Raises: DeliveryError where the kind of call is none of Acurable's; then nothing was sent.
        """
        if call.kind not in CALLS:
            raise DeliveryError("the ledger holds a kind of call that this version does not know; use a newer one")
        method, path = CALLS[call.kind]
        headers = {"Authorization": f"Bearer {token}", **call.headers}
        where = path.format(reference=quote(call.target, safe=""))
        answer, content = await self._ask(method, where, call.body, headers)
        codes = activation_codes(content, self._code_names) if answer.code == _CREATED else ()
        return structs.replace(answer, activation_codes=codes)

    async def fetch_token(self, wanted: TokenRequest) -> Token:
        """
        Get a new token from the provider, which is looked for once.

        Raises: TokenRefusedError where it will not work; TokenUnreachableError where it may work later.
        """
        if self._provider is None:
            self._provider = await self._discover(wanted.issuer)
        content = await self._ask_for_token(self._provider, wanted)
        token = _read(content, _TokenAnswer)
        if token.token_type.lower() != "bearer":
            raise TokenRefusedError("the identity provider gives a token of another type than Bearer")
        return Token(token.access_token, token.expires_in)

    async def _discover(self, issuer: str) -> _Discovered:
        from authlib.oidc.discovery import get_well_known_url  # noqa: PLC0415 - 50 ms that only a token needs

        answer, content = await self._ask("GET", get_well_known_url(issuer, external=True), b"", {})
        _check(answer, "the discovery document of the identity provider")
        found = _read(content, _Discovered)
        if found.issuer.rstrip("/") != issuer.rstrip("/"):
            raise TokenRefusedError("the discovery document is of another issuer than acurable.issuer")
        if urlsplit(found.token_endpoint).scheme != "https" and not is_loopback(found.token_endpoint):
            raise TokenRefusedError("the token endpoint of the identity provider is not https")
        return found

    async def _ask_for_token(self, provider: _Discovered, wanted: TokenRequest) -> bytes:
        from authlib.oauth2.auth import ClientAuth  # noqa: PLC0415 - as above
        from authlib.oauth2.rfc6749.parameters import prepare_token_request  # noqa: PLC0415 - as above

        more = {"audience": wanted.audience} if wanted.audience else {}
        form = prepare_token_request("client_credentials", scope=wanted.scope or None, **more)
        methods = provider.token_endpoint_auth_methods_supported
        by = ClientAuth(*_pair(wanted.credentials), BASIC if BASIC in methods or POST not in methods else POST)
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        url, headers, body = by.prepare("POST", provider.token_endpoint, headers, form)
        answer, content = await self._ask("POST", url, body.encode(), headers)
        _check(answer, "a token")
        return content


def _pair(credentials: Credentials) -> tuple[str, str]:
    return credentials.client_id, credentials.client_secret


def _check(answer: Answer, what: str) -> None:
    if answer.code in _REFUSED:
        raise TokenRefusedError(f"the vendor refuses {what}: answer {answer.code}")
    if answer.code != "200":
        raise TokenUnreachableError(answer.code, answer.wait_s)


def _read(content: bytes, kind: type[_Read]) -> _Read:
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.DecodeError:
        raise TokenUnreachableError("unreadable-answer") from None
