"""
Take the webhooks of WHOOP and Acurable: check, keep, then answer.

An answer of success says that the event is on disk; all work that follows from it is done by others, later. So a
vendor that asks for an answer within a second gets one, and whoever calls twice changes nothing. Answers have no body:
nothing of what was sent goes back, or into a log.

Source: whoop.md section 3; acurable.md section 6. How Acurable's calls are authenticated is not published: a site that
sets nothing (callers.py) believes whoever reaches the address, and a proxy in front of it has to know its callers.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct, structs
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from translator.accept.callers import Callers
from translator.errors import LedgerError
from translator.ledger import EventArrival, Ledger
from translator.ledger.events import WEBHOOK
from translator.read.vendor_event import MalformedEventError, read_resource_event, read_study_event
from translator.record.event import ACURABLE, REQUISITION_CREATED, WHOOP
from translator.signature import SIGNATURE_HEADER, verify
from translator.tracing import NO_TRACER, SERVER, Span, Told, Tracer
from translator.tracing.taking import NOT_KEPT

WHOOP_PATH = "/webhooks/whoop"
ACURABLE_PATH = "/webhook/v1/acurable/notification"
HEALTH_PATH = "/healthz"

MOST_BYTES = 1_048_576
"""No event of either vendor comes near it; a body without an end must not fill the memory."""

_KIND = re.compile(r"[A-Za-z0-9_.:-]{1,80}", re.ASCII)
_OTHER_KIND = "other"
_AWAY = 503
_ID = re.compile(r"[!-~]{1,200}", re.ASCII)


class TooLargeError(ValueError):
    """A body that is larger than any event."""


class Webhooks(Struct, frozen=True):
    """
    The addresses that vendors call.

    Shape: `whoop_secret` is the key that WHOOP signs with; without it every signature is wrong. `acurable_callers` says
    whom Acurable's address believes. `tracer` records what an event goes through, in a trace of ours: whether a vendor
    traces its calls says nothing of ours.
    """

    ledger: Ledger
    whoop_secret: str
    acurable_callers: Callers = Callers()
    tracer: Tracer = NO_TRACER

    def __repr__(self) -> str:
        return "Webhooks(...)"

    def application(self, handlers: Mapping[Any, Any] | None = None) -> Starlette:
        """
        Build the application that serves these addresses.

        Shape: `handlers` answer, by status or class of error, what is called here and not served.
        """
        application = Starlette(routes=self.routes(), exception_handlers=dict(handlers or {}))
        application.router.redirect_slashes = False
        return application

    def routes(self) -> list[Route]:
        """List these addresses."""
        return [
            Route(WHOOP_PATH, self.whoop, methods=["POST"]),
            Route(ACURABLE_PATH, self.acurable, methods=["POST"]),
            Route("/{token}" + ACURABLE_PATH, self.acurable, methods=["POST"]),
            Route(HEALTH_PATH, _healthz),
        ]

    async def whoop(self, request: Request) -> Response:
        """Take one event of WHOOP: 204, or 401 without its signature, 400 for what is no event."""
        try:
            body = await _read(request)
        except TooLargeError:
            return Response(status_code=413)
        except ClientDisconnect:
            return Response(status_code=400)
        if not verify(self.whoop_secret, body, request.headers.get(SIGNATURE_HEADER)):
            return Response(status_code=401)
        return await self._keep(WHOOP_PATH, _whoop_event, body, 204)

    async def acurable(self, request: Request) -> Response:
        """Take one event of Acurable: 202, or 415 for another content type, 400 for what is no event, 401, 403."""
        address = request.client.host if request.client else ""
        greeting = request.headers.get("authorization", "")
        refusal = self.acurable_callers.refusal(address, greeting, request.path_params.get("token", ""))
        if refusal:
            return Response(status_code=refusal)
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return Response(status_code=415)
        try:
            body = await _read(request)
        except TooLargeError:
            return Response(status_code=413)
        except ClientDisconnect:
            return Response(status_code=400)
        return await self._keep(ACURABLE_PATH, _acurable_event, body, 202)

    async def _keep(self, path: str, read: Callable[[bytes], EventArrival], body: bytes, success: int) -> Response:
        span = self.tracer.begin(f"POST {path}", SERVER, self.tracer.now())
        status = await self._kept(span, read, body, success)
        told: Told = {
            "http.request.method": "POST",
            "http.route": path,
            "http.response.status_code": status,
            "translator.intake": WEBHOOK,
            "translator.size": len(body),
        }
        span.end(self.tracer.now(), told, error=NOT_KEPT if status == _AWAY else "")
        return Response(status_code=status)

    async def _kept(self, span: Span, read: Callable[[bytes], EventArrival], body: bytes, success: int) -> int:
        try:
            arrival = structs.replace(read(body), traceparent=span.context)
            began = self.tracer.now()
            await asyncio.to_thread(self.ledger.events().keep, arrival)
        except MalformedEventError:
            return 400
        except LedgerError:
            # Nothing was kept, so the vendor has to send it again.
            return _AWAY
        span.part("commit", began, self.tracer.now(), {})
        return success


async def _read(request: Request) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MOST_BYTES:
            raise TooLargeError
        parts.append(part)
    return b"".join(parts)


def _whoop_event(body: bytes) -> EventArrival:
    event = read_resource_event(body)
    return EventArrival(WHOOP, _kind(event.kind), _resource(event.resource), body, event.kind == REQUISITION_CREATED)


def _acurable_event(body: bytes) -> EventArrival:
    # Each state of a study is an event of its own; the same state told again is not.
    return EventArrival(ACURABLE, _kind(read_study_event(body).kind), hashlib.sha256(body).hexdigest(), body)


def _kind(text: str) -> str:
    """Give the vendor's word for the kind, if it is one that may stand in lists and columns."""
    return text if _KIND.fullmatch(text) else _OTHER_KIND


def _resource(text: str) -> str:
    """Give an id that may stand in lists and columns; of any other text its hash, since the event keeps the text."""
    return text if _ID.fullmatch(text) else hashlib.sha256(text.encode()).hexdigest()


async def _healthz(_request: Request) -> Response:
    return Response(b'{"status":"ok"}', media_type="application/json")
