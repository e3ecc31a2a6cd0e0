"""
Serve the HTTP API: translate without keeping, hand messages in, and ask what became of them.

Constraints: an answer of success to POST /v1/messages says that the message is on disk (promise P2). No answer, and no
address, holds a value or a name of a patient; ids of service requests stand in bodies alone.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
from msgspec import Struct
from starlette.applications import Starlette
from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from translator.config_intakes import ApiSettings
from translator.errors import LedgerError, LedgerUnavailableError
from translator.intake import Brought, Intake, Taken
from translator.ledger import Ledger, Token
from translator.tracing import Span
from translator.web.api_access import Bearers
from translator.web.api_answers import LARGEST_NUMBER, LaneQuestion, receipt
from translator.web.api_body import (
    JSON,
    MESSAGE_TYPES,
    NDJSON,
    Limits,
    idempotency_key,
    is_several,
    read_body,
    wants_lines,
)
from translator.web.api_call import TracedCall
from translator.web.api_gate import HANDLERS, Gate, problem_response
from translator.web.api_openapi import document
from translator.web.api_problem import ProblemError
from translator.web.api_translation import translate_every, translate_one

PREFIX = "/v1"
HTTP = "http"
"""What the ledger calls this intake."""
HAND_IN = f"{PREFIX}/messages"

# Of the interpreter's one lock, so that status questions and commits are not behind a queue of large messages.
_TRANSLATING = 2

# Looked through in less time than another thread takes to begin.
_AT_ONCE = 64 << 10


class _Number(Convertor[int]):
    """A number of the ledger in an address; Starlette's own takes more digits than Python reads."""

    regex = "[0-9]{1,19}"

    def convert(self, value: str) -> int:
        return int(value)

    def to_string(self, value: int) -> str:
        return str(value)


register_url_convertor("ledger", _Number())


class Api:
    """
    The addresses below /v1; `mount()` gives the route that serves them, on one event loop.

    Shape: `settings` are those of the API as an intake; `limits` bound what a caller may ask for.
    """

    def __init__(
        self,
        ledger: Ledger,
        intake: Intake,
        settings: ApiSettings,
        *,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._progress = ledger.progress()
        self._intake = intake
        self._site = settings.site
        self._limits = limits or Limits(settings.largest_mb)
        self._bearers = Bearers(ledger.access().tokens.check, clock=clock)
        self._translating = asyncio.Semaphore(_TRANSLATING)
        self._document = msgspec.json.encode(document(self._limits))

    def mount(self) -> Mount:
        """Make the route that serves all of it."""
        return Mount(PREFIX, app=Gate(self._application(), self._limits))

    def _application(self) -> Starlette:
        handlers: dict[Any, Any] = {
            **HANDLERS,
            ProblemError: self._told_problem,
            LedgerError: self._ledger_away,
        }
        application = Starlette(
            routes=[
                Route("/translate", self.translate, methods=["POST"]),
                Route("/messages", self.hand_in, methods=["POST"]),
                Route("/messages/{number:ledger}", self.message, methods=["GET"]),
                Route("/submissions/{number:ledger}", self.submission, methods=["GET"]),
                Route("/lanes/find", self.find_lane, methods=["POST"]),
                Route("/lanes/{number:ledger}", self.lane, methods=["GET"]),
                Route("/openapi.json", self.openapi, methods=["GET"]),
            ],
            exception_handlers=handlers,
        )
        # A redirect would show a caller's mistake in an address that a proxy logs.
        application.router.redirect_slashes = False
        return application

    # Calls

    async def translate(self, request: Request) -> Response:
        """Translate a message, or with `Accept: application/x-ndjson` every message of the body; nothing is kept."""
        await self._bearers.allow(request, "translate")
        raw = await read_body(request, MESSAGE_TYPES, self._limits)
        work, answer = (translate_every, NDJSON) if wants_lines(request) else (translate_one, JSON)
        async with self._translating:
            written = await asyncio.to_thread(work, self._intake.tables.sites, self._site, raw)
        return _answer(written, media_type=answer)

    async def hand_in(self, request: Request) -> Response:
        """Keep a message: 201 once it is on disk, 200 with the same answer where it came before."""
        began = self._intake.tracer.now()
        token = await self._bearers.allow(request, "submit")
        # Only now: nobody else decides what is traced, or in whose trace.
        with TracedCall(self._intake.tracer, HAND_IN, request.headers.get("traceparent", ""), began) as call:
            key = idempotency_key(request)
            raw = await read_body(request, MESSAGE_TYPES, self._limits)
            bring = partial(self._bring, token, key, raw, call.span)
            taken = await self._take(bring() if len(raw) <= _AT_ONCE else await asyncio.to_thread(bring))
            if not taken.is_same:
                raise ProblemError("key-reused")
            made = receipt(taken)
            status = 200 if taken.is_repeat else 201
            call.answered(status, {"translator.intake": HTTP, "translator.size": len(raw), **taken.told})
        return _answer(msgspec.json.encode(made), status=status, headers={"Location": made.links.message})

    async def message(self, request: Request) -> Response:
        """Tell what became of a message."""
        return await self._told(request, "message", self._progress.message)

    async def submission(self, request: Request) -> Response:
        """Tell what became of a submission."""
        return await self._told(request, "submission", self._progress.submission)

    async def lane(self, request: Request) -> Response:
        """Tell how far a lane is."""
        return await self._told(request, "lane", self._progress.lane)

    async def find_lane(self, request: Request) -> Response:
        """Tell how far the lane of a service request is; its id stands in the body, since addresses are logged."""
        await self._bearers.allow(request, "read")
        raw = await read_body(request, (JSON,), self._limits)
        try:
            asked = msgspec.json.decode(raw, type=LaneQuestion)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise ProblemError("body-malformed", what="It is not a JSON object with a service_request_id") from None
        found = await asyncio.to_thread(self._progress.find_lane, asked.destination, asked.names)
        if found is None:
            raise ProblemError("lane-unknown")
        return _answer(msgspec.json.encode(found))

    async def openapi(self, _: Request) -> Response:
        """Give the document that describes all of it; this alone needs no token."""
        return _answer(self._document)

    # Parts of calls

    def _bring(self, token: Token, key: str, raw: bytes, span: Span) -> Brought:
        """
        Make what the intake takes; it is known by the caller's key, or by its bytes, per token.

        Raises: ProblemError where it is several messages.
        """
        if is_several(raw):
            raise ProblemError("several-messages")
        known_by = ("key", token.name, key) if key else ("bytes", token.name, hashlib.sha256(raw).hexdigest())
        return Brought(raw, HTTP, self._site, "\n".join((HTTP, *known_by)), span=span)

    async def _take(self, brought: Brought) -> Taken:
        try:
            answer = self._intake.take(brought)
        except LedgerUnavailableError:
            raise ProblemError("stopping") from None
        try:
            return await asyncio.wrap_future(answer)
        except LedgerUnavailableError:
            raise ProblemError("ledger-away") from None
        except LedgerError:
            raise ProblemError("not-kept") from None

    async def _told(self, request: Request, kind: str, read: Callable[[int], Struct | None]) -> Response:
        await self._bearers.allow(request, "read")
        number: int = request.path_params["number"]
        found = await asyncio.to_thread(read, number) if number <= LARGEST_NUMBER else None
        if found is None:
            raise ProblemError("number-unknown", kind=kind)
        return _answer(msgspec.json.encode(found))

    # Problems

    async def _told_problem(self, _: Request, error: ProblemError) -> Response:
        return problem_response(error)

    async def _ledger_away(self, _request: Request, _error: Exception) -> Response:
        return problem_response(ProblemError("ledger-away"))


def _answer(
    body: bytes, *, status: int = 200, media_type: str = JSON, headers: dict[str, str] | None = None
) -> Response:
    return Response(body, status, headers, media_type)
