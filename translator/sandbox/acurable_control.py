"""Serve the control surface of Acurable's half: what was ordered, what the account may order, and its events."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from translator.sandbox.control import bad_request, json_response
from translator.sandbox.sleep_tests import Account, SleepTest, SleepTests
from translator.sandbox.webhook_sender import WebhookSender

FULFILLED = "order-fulfilled"


class EventDraft(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """
    An event as a tester asks for it.

    Shape: `type` is any word, since the vendor's are not public; `order-fulfilled` also closes the order to changes.
    `nights` are sent as they stand. `body` replaces the whole body.
    """

    type: str = "study-attempt-completed"
    reference: str = ""
    nights: list[dict[str, Any]] | UnsetType = UNSET
    attributes: dict[str, Any] = {}
    body: Any = UNSET
    times: int = 1


class AcurableControl:
    """The routes below `/_sandbox/acurable`."""

    def __init__(self, tests: SleepTests, events: WebhookSender) -> None:
        self.tests = tests
        self.events = events

    def routes(self) -> list[Route]:
        """List the routes."""
        return [
            Route("/tests", self.shown),
            Route("/account", self.account),
            Route("/account", self.set_account, methods=["PUT"]),
            Route("/events", self.sent),
            Route("/events", self.send, methods=["POST"]),
        ]

    async def shown(self, _request: Request) -> Response:
        """Show every order, study and referral."""
        return json_response(200, self.tests.shown())

    async def account(self, _request: Request) -> Response:
        """Show what the account may order."""
        return json_response(200, self.tests.account)

    async def set_account(self, request: Request) -> Response:
        """Say what the account may order."""
        try:
            self.tests.account = msgspec.json.decode(await request.body(), type=Account)
        except msgspec.DecodeError as error:
            return bad_request(error)
        return json_response(200, self.tests.account)

    async def sent(self, _request: Request) -> Response:
        """Show every event that was sent, with the answers to its attempts."""
        return json_response(200, self.events.deliveries)

    async def send(self, request: Request) -> Response:
        """Send an event, as often as is asked."""
        try:
            draft = msgspec.json.decode(await request.body(), type=EventDraft)
        except msgspec.DecodeError as error:
            return bad_request(error)
        order = self._order(draft.reference)
        if draft.type == FULFILLED and order is not None:
            order.fulfilled = True
        body = event_body(draft)
        for _ in range(draft.times):
            self.events.send(draft.type, draft.reference, body)
        return Response(body, 202, media_type="application/json")

    def _order(self, reference: str) -> SleepTest | None:
        return self.tests.find("order", reference)


def event_body(draft: EventDraft) -> bytes:
    """Write the body of an event: JSON:API style is documented, every name in it is assumed."""
    if draft.body is not UNSET:
        return msgspec.json.encode(draft.body)
    attributes: dict[str, Any] = {"reference": draft.reference, **draft.attributes}
    if draft.nights is not UNSET:
        attributes["nights"] = draft.nights
    return msgspec.json.encode({"data": {"type": draft.type, "attributes": attributes}})
