"""
Take each request of the console through the same gate: who it is, what they may see, whether the form is ours.

A page is a function from a visit to an answer; it runs in a thread, since the ledger waits for its disk.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from msgspec import Struct
from starlette.concurrency import run_in_threadpool
from starlette.convertors import Convertor, register_url_convertor
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from translator.errors import LedgerUnavailableError, TranslatorError
from translator.ledger import Account
from translator.web.console_auth import SESSION, VISITOR, Door, cookie_of, is_own_form
from translator.web.console_deeds import ChangedError

HEADERS: Mapping[str, str] = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
"""What every answer carries, also one that failed."""

REFRESH_HEADER = "x-refresh"
"""Marks what a page asks by itself: nobody is there for that."""

LARGEST_FORM, MOST_FIELDS, LONGEST_NUMBER = 65_536, 60, 15
_FOREIGN = frozenset({"cross-site", "same-site"})

LOST = {404: "There is no such page.", 405: "This address takes what a page sends to it; it has nothing to show."}
DEFECT = "This is a defect of the console; the log of the service says where. What was done before it is kept."

OPEN, SEES_ACCOUNT, SEES_PATIENTS = "open", "account", "patients"
"""Whom a page is for: anybody, who may see the account, who may see patients and decide."""


class _Number(Convertor[int]):
    """A number in an address; Starlette's own takes more digits than a ledger, or Python, can read."""

    regex = f"[0-9]{{1,{LONGEST_NUMBER}}}"

    def convert(self, value: str) -> int:
        return int(value)

    def to_string(self, value: int) -> str:
        return str(value)


register_url_convertor("row", _Number())


class Visit(Struct, frozen=True):
    """
    One request to a page.

    Shape: `cookie` is that of the session, or of the visitor who has none yet. `form` has the fields of a POST.
    Absent: `account` is None for who is not logged in.
    """

    request: Request
    account: Account | None
    cookie: str
    form: Mapping[str, str]

    @property
    def who(self) -> str:
        """The name of the account."""
        return self.account.name if self.account is not None else ""

    @property
    def sees(self) -> bool:
        """Whether the person may see patient data."""
        return self.account is not None and self.account.decides

    @property
    def address(self) -> str:
        """Where the request came from."""
        return self.request.client.host if self.request.client is not None else ""

    def number(self, name: str = "number") -> int:
        """Give a number of the address."""
        return int(self.request.path_params[name])


Show = Callable[[Visit], Response]
Refuse = Callable[[Visit, int, str], Response]


class Page(Struct, frozen=True):
    """One address of the console: what shows it, and whom it is for."""

    path: str
    show: Show
    audience: str = SEES_ACCOUNT
    method: str = "GET"


class Gate(Struct, frozen=True):
    """The gate before every page; `refuse` makes the page that says no."""

    door: Door
    refuse: Refuse

    def guard(self, page: Page) -> Callable[[Request], Awaitable[Response]]:
        """Make the endpoint of a page."""

        async def endpoint(request: Request) -> Response:
            form: Mapping[str, str] = {}
            if page.method == "POST":
                try:
                    form = await _read_form(request)
                except (ValueError, ClientDisconnect):
                    return PlainTextResponse("this form is too large, or none of ours", status_code=400)
            return await run_in_threadpool(self._answer, page, request, form)

        return endpoint

    async def lost(self, request: Request, error: Exception) -> Response:
        """Tell that there is no such page, with the way to those that are there."""
        status, headers = (error.status_code, error.headers) if isinstance(error, HTTPException) else (404, None)
        answer = await run_in_threadpool(self._lost, request, status)
        answer.headers.update(headers or {})
        return answer

    async def defect(self, request: Request, _error: Exception) -> Response:
        """Tell of an error that nobody expected; the ledger is not asked, since that may be what failed."""
        return self.refuse(Visit(request, None, "", {}), 500, DEFECT)

    def _lost(self, request: Request, status: int) -> Response:
        try:
            visit = self._visit(request, {})
        except LedgerUnavailableError:
            visit = Visit(request, None, "", {})
        return self.refuse(visit, status, LOST[status])

    def _answer(self, page: Page, request: Request, form: Mapping[str, str]) -> Response:
        try:
            visit = self._visit(request, form)
            return self._checked(page, visit)
        except LedgerUnavailableError as error:
            return self.refuse(Visit(request, None, "", form), 503, str(error))

    def _visit(self, request: Request, form: Mapping[str, str]) -> Visit:
        session = cookie_of(request, SESSION)
        account = self.door.find(session, is_click=REFRESH_HEADER not in request.headers)
        return Visit(request, account, session if account is not None else cookie_of(request, VISITOR), form)

    def _checked(self, page: Page, visit: Visit) -> Response:
        if page.audience != OPEN and visit.account is None:
            return RedirectResponse("/login", status_code=303)
        if page.audience == SEES_PATIENTS and not visit.sees:
            return self.refuse(visit, 403, "This shows patient data, or decides about it. Your account may not.")
        if page.method == "POST":
            is_foreign = visit.request.headers.get("sec-fetch-site", "") in _FOREIGN
            if is_foreign or not is_own_form(visit.cookie, visit.form.get("token", "")):
                return self.refuse(visit, 403, "This form is no longer valid. Go back, reload the page, and try again.")
        try:
            return page.show(visit)
        except LedgerUnavailableError:
            raise
        except ChangedError as error:
            return self.refuse(visit, 409, str(error))
        except TranslatorError as error:
            return self.refuse(visit, 404 if page.method == "GET" else 422, str(error))


class Sealed:
    """An application whose every answer has the headers that keep other sites, caches and scripts out."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        await self._application(scope, receive, sealed)


async def _read_form(request: Request) -> dict[str, str]:
    """
    Read the fields of a form; of a field that stands twice the last.

    Raises: ValueError where it is too large or not written as forms are.
    """
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > LARGEST_FORM:
            raise ValueError("too large")
        parts.append(part)
    text: Any = b"".join(parts).decode("utf-8")
    return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS))
