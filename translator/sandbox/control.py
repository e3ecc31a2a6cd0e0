"""
Serve the control surface: what testers see and change, under `/_sandbox`.

None of these calls is a vendor call, so none is written into the journal, counted, or met by a fault.
"""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from translator.sandbox.faults import FaultError
from translator.sandbox.openapi import document
from translator.sandbox.orders import OrderError, RequisitionDraft, ServiceRequestDraft
from translator.sandbox.sandbox import Sandbox
from translator.sandbox.webhook_sender import WebhookSender

BAD_REQUEST = 400


class Control:
    """The control surface of one sandbox."""

    def __init__(self, sandbox: Sandbox, webhooks: WebhookSender, events: WebhookSender) -> None:
        self.sandbox = sandbox
        self.sender = webhooks
        self.events = events

    def routes(self) -> list[Route]:
        """List the routes below `/_sandbox`."""
        return [
            Route("/requests", self.requests),
            Route("/results", self.results),
            Route("/service-requests", self.service_requests),
            Route("/service-requests", self.add_service_requests, methods=["POST"]),
            Route("/requisitions", self.requisitions),
            Route("/requisitions", self.add_requisition, methods=["POST"]),
            Route("/openapi/{vendor}.json", openapi),
            Route("/webhooks", self.webhooks),
            Route("/faults", self.faults),
            Route("/faults", self.add_fault, methods=["POST"]),
            Route("/faults", self.clear_faults, methods=["DELETE"]),
            Route("/reset", self.reset, methods=["POST"]),
        ]

    async def requests(self, _request: Request) -> Response:
        """Show every vendor call in order."""
        return json_response(200, self.sandbox.journal.shown())

    async def results(self, _request: Request) -> Response:
        """Show every results body that was processed, by service request."""
        return json_response(200, self.sandbox.orders.results)

    async def service_requests(self, _request: Request) -> Response:
        """Show every service request, with the status changes that it went through."""
        orders = self.sandbox.orders
        return json_response(
            200,
            [
                {
                    **msgspec.structs.asdict(one),
                    "changes": [change._asdict() for change in orders.changes.get(one.id, ())],
                }
                for one in orders.service_requests.values()
            ],
        )

    async def add_service_requests(self, request: Request) -> Response:
        """Own one more service request, or a list of them."""
        try:
            wanted = msgspec.json.decode(await request.body(), type=ServiceRequestDraft | list[ServiceRequestDraft])
            if isinstance(wanted, list):
                return json_response(201, [self.sandbox.orders.add_service_request(draft) for draft in wanted])
            return json_response(201, self.sandbox.orders.add_service_request(wanted))
        except (msgspec.DecodeError, OrderError) as error:
            return bad_request(error)

    async def requisitions(self, _request: Request) -> Response:
        """Show every requisition."""
        return json_response(200, list(self.sandbox.orders.requisitions.values()))

    async def add_requisition(self, request: Request) -> Response:
        """Own one more requisition, and announce it."""
        try:
            draft = msgspec.json.decode(await request.body() or b"{}", type=RequisitionDraft)
            added = self.sandbox.orders.add_requisition(draft)
        except (msgspec.DecodeError, OrderError) as error:
            return bad_request(error)
        self.sender.announce(added.id)
        return json_response(201, added)

    async def webhooks(self, _request: Request) -> Response:
        """Show every webhook that was sent, with the answers to its attempts."""
        return json_response(200, [*self.sender.deliveries, *self.events.deliveries])

    async def faults(self, _request: Request) -> Response:
        """Show the faults that still wait."""
        return json_response(200, self.sandbox.faults.waiting())

    async def add_fault(self, request: Request) -> Response:
        """Queue a fault."""
        try:
            return json_response(201, self.sandbox.faults.add(await request.body()))
        except FaultError as error:
            return bad_request(error)

    async def clear_faults(self, _request: Request) -> Response:
        """Forget the waiting faults."""
        self.sandbox.faults.clear()
        return Response(status_code=204)

    async def reset(self, _request: Request) -> Response:
        """Forget all but the credentials."""
        self.sandbox.reset()
        self.sender.clear()
        self.events.clear()
        return Response(status_code=204)


async def healthz(_request: Request) -> Response:
    """Say that the sandbox lives."""
    return json_response(200, {"status": "ok"})


async def openapi(request: Request) -> Response:
    """Show the OpenAPI document of one vendor, as this sandbox serves it."""
    found = document(request.path_params["vendor"])
    return Response(status_code=404) if found is None else json_response(200, found)


def json_response(status: int, value: object) -> Response:
    """Answer with JSON."""
    return Response(msgspec.json.encode(value), status, media_type="application/json")


def bad_request(error: Exception) -> Response:
    """Say what a call to the control surface has wrong."""
    return json_response(BAD_REQUEST, {"error": str(error)})
