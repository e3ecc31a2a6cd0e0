"""
Be the identity provider that Acurable's callers get their tokens from: discovery, and client credentials. (pure)

Source: OpenID Connect Discovery 1.0; RFC 6749 sections 2.3.1, 4.4, 5.2. Acurable publishes that it uses OIDC, and no
more of its provider; both documented ways to send a client's secret are taken, any scope and any audience.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Iterable
from urllib.parse import parse_qsl, unquote_plus

from translator.sandbox.answer import Answer, Call, json_answer
from translator.sandbox.routes import Route, route
from translator.sandbox.tokens import Tokens

FORM = b"application/x-www-form-urlencoded"
GRANT = "client_credentials"
TOKEN_ROUTE, DISCOVERY_ROUTE = "acurable-token", "acurable-discovery"


class IdentityProvider:
    """The provider for one client; `issuer` is its URL."""

    def __init__(self, issuer: str, client_id: str, client_secret: str, tokens: Tokens) -> None:
        self.issuer = issuer
        self.tokens = tokens
        self._ours = (client_id, client_secret)

    def routes(self) -> tuple[Route, ...]:
        """List the routes of the provider."""
        return (
            route("POST", "/acurable-identity/token", TOKEN_ROUTE, self.token, vendor="acurable"),
            route(
                "GET",
                "/.well-known/openid-configuration",
                DISCOVERY_ROUTE,
                self.discovery,
                vendor="acurable",
            ),
        )

    def discovery(self, _call: Call) -> Answer:
        """Say where the token endpoint is, and what it takes."""
        return json_answer(
            200,
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/acurable-identity/authorize",
                "token_endpoint": f"{self.issuer}/acurable-identity/token",
                "jwks_uri": f"{self.issuer}/acurable-identity/jwks",
                "grant_types_supported": [GRANT],
                "response_types_supported": ["none"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            },
        )

    def token(self, call: Call) -> Answer:
        """Exchange client credentials for a token."""
        if call.headers.get(b"content-type", b"").partition(b";")[0].strip().lower() != FORM:
            return _refused(400, "invalid_request")
        form = dict(parse_qsl(call.body.decode(errors="replace"), keep_blank_values=True))
        basic = call.headers.get(b"authorization", b"")
        given = [(form.get("client_id", ""), form.get("client_secret", "")), *_basic(basic)]
        if not any(self._is_ours(pair) for pair in given):
            return _refused(401, "invalid_client")
        if form.get("grant_type") != GRANT:
            return _refused(400, "unsupported_grant_type" if form.get("grant_type") else "invalid_request")
        token = self.tokens.issue()
        return json_answer(200, {"access_token": token, "token_type": "Bearer", "expires_in": self.tokens.seconds})

    def _is_ours(self, pair: tuple[str, str]) -> bool:
        ours, theirs = ("\n".join(one).encode(errors="surrogatepass") for one in (self._ours, pair))
        return hmac.compare_digest(ours, theirs)


def _basic(header: bytes) -> Iterable[tuple[str, str]]:
    """Read HTTP Basic credentials, as written and as RFC 6749 encodes them."""
    scheme, _, text = header.partition(b" ")
    try:
        user, _, password = base64.b64decode(text.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ()
    return ((user, password), (unquote_plus(user), unquote_plus(password))) if scheme.lower() == b"basic" else ()


def _refused(status: int, error: str) -> Answer:
    answer = json_answer(status, {"error": error})
    challenge = ((b"www-authenticate", b'Basic realm="acurable"'),) if status == 401 else ()  # noqa: PLR2004 - HTTP's
    return Answer(answer.status, answer.body, (*answer.headers, *challenge))
