"""
Answer partner calls as WHOOP's Healthcare Partner API documents them. (pure)

A call is judged in this order: token, ownership, content type, body. Where the vendor documents nothing, the answer
is ours: 400 for a body that cannot be read, 405 for a method that the path does not have.

Source: WHOOP, partner OpenAPI document; authentication, service requests, submit diagnostic results.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import NamedTuple

from translator.sandbox.answer import Answer, Call, error_answer, json_answer
from translator.sandbox.checks import read_body, read_results, read_status, read_step, read_token
from translator.sandbox.journal import TOKEN_ROUTE
from translator.sandbox.orders import Orders, RequisitionDraft, ServiceRequest, StatusChange
from translator.sandbox.routes import Route, route
from translator.sandbox.tokens import Tokens

SCOPE = "whoop-partner/token"
GRANT_TYPE = "client_credentials"

BASE = "/v2/partner"
NOT_FOUND = error_answer(404, "no such resource, or not yours")


class Credentials(NamedTuple):
    """What a partner is given at onboarding."""

    client_id: str
    client_secret: str
    webhook_secret: str
    acurable_client_id: str
    acurable_client_secret: str


class Whoop:
    """The partner API over `orders`; `announce` is told the id of every new requisition."""

    def __init__(
        self, credentials: Credentials, tokens: Tokens, orders: Orders, announce: Callable[[str], None]
    ) -> None:
        self.credentials = credentials
        self.tokens = tokens
        self.orders = orders
        self.announce = announce

    def routes(self) -> tuple[Route, ...]:
        """List every documented route, the busiest first."""
        return (
            route("POST", f"{BASE}/service-request/{{id}}/results", "results", self.tokens.guard(self.results)),
            route("PATCH", f"{BASE}/service-request/{{id}}/status", "status", self.tokens.guard(self.set_status)),
            route("GET", f"{BASE}/service-request/{{id}}", "service-request", self.tokens.guard(self.service_request)),
            route("POST", f"{BASE}/token", TOKEN_ROUTE, self.token),
            route("GET", f"{BASE}/requisition/{{id}}", "requisition", self.tokens.guard(self.requisition)),
            route("PATCH", f"{BASE}/requisition/{{id}}/status", "status", self.tokens.guard(self.set_every_status)),
            route("POST", f"{BASE}/development/add-test-data", "test-data", self.tokens.guard(self.add_test_data)),
        )

    def token(self, call: Call) -> Answer:
        """Exchange client credentials for a token."""
        request, problems = read_token(read_body(call.headers.get(b"content-type", b""), call.body))
        call.problems += problems
        pairs = ((self.credentials.client_id, "client_id"), (self.credentials.client_secret, "client_secret"))
        if not all(_same(ours, request.get(name)) for ours, name in pairs):
            return error_answer(401, "client credentials not valid")
        for name, only in (("grant_type", GRANT_TYPE), ("scope", SCOPE)):
            if request.get(name, only) != only:
                return error_answer(400, f"{name}: must be {only}")
        token = self.tokens.issue()
        return json_answer(200, {"access_token": token, "token_type": "bearer", "expires_in": self.tokens.seconds})

    def requisition(self, call: Call) -> Answer:
        """Show a requisition."""
        found = self.orders.requisition(call.parts[0])
        return NOT_FOUND if found is None else json_answer(200, found)

    def set_every_status(self, call: Call) -> Answer:
        """Set the status of every service request in a requisition."""
        found = self.orders.requisition(call.parts[0])
        return NOT_FOUND if found is None else self._change(call, found.service_requests, Answer(204))

    def service_request(self, call: Call) -> Answer:
        """Show a service request."""
        found = self.orders.service_request(call.parts[0])
        return NOT_FOUND if found is None else json_answer(200, found)

    def set_status(self, call: Call) -> Answer:
        """Set the status of a service request and show it."""
        found = self.orders.service_request(call.parts[0])
        return NOT_FOUND if found is None else self._change(call, [found], None)

    def results(self, call: Call) -> Answer:
        """Take a diagnostic report; a repeat is taken again."""
        found = self.orders.service_request(call.parts[0])
        if found is None:
            return NOT_FOUND
        body = read_body(call.headers.get(b"content-type", b""), call.body)
        call.problems += read_results(body)
        self.orders.add_results(found, body)
        return Answer(201)

    def add_test_data(self, _call: Call) -> Answer:
        """Invent a user and a requisition; the webhook alone tells its id."""
        self.announce(self.orders.add_requisition(RequisitionDraft()).id)
        return Answer(204)

    def _change(self, call: Call, targets: list[ServiceRequest], success: Answer | None) -> Answer:
        status, reason, problems = read_status(read_body(call.headers.get(b"content-type", b""), call.body))
        call.problems += problems
        for target in targets:
            call.problems += read_step(target.task_business_status, status)
            self.orders.set_status(target, StatusChange(status, reason))
        return json_answer(200, targets[0]) if success is None else success


def _same(ours: str, theirs: str | None) -> bool:
    return hmac.compare_digest(ours.encode(), (theirs or "").encode(errors="surrogatepass"))
