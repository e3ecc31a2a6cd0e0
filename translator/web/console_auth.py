"""
Let people in: passwords with a throttle, sessions in a cookie, and a token in each form that only its page can know.

The token of a form is made from the cookie of the session by HMAC, so it needs no memory, ends with the session, and
tells nothing about it. A form of another site has neither: its browser sends no cookie (SameSite=Strict), and the token
would be wrong.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import secrets
import threading
import time
from collections.abc import Callable

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from translator.ledger import Account, Ledger
from translator.web.console_throttle import Throttle

SESSION, VISITOR = "translator_console", "translator_visitor"
"""The cookies of who is logged in, and of who is about to be."""

_HOUR_S = 3600.0
_RANDOM_BYTES = 24


class Welcome(Struct, frozen=True):
    """
    What came of a login.

    Absent: `session` is empty where it was refused; `wait_s` is 0 where the next one is looked at at once.
    """

    session: str = ""
    wait_s: int = 0


class Door:
    """The way in to one console; threads may share it."""

    def __init__(self, ledger: Ledger, session_h: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._access = ledger.access()
        self._idle_s = session_h * _HOUR_S
        self._throttle = Throttle(clock)
        # One at a time: a password costs 64 MiB of memory to check, on purpose.
        self._turn = threading.Lock()

    def log_in(self, name: str, password: str, address: str) -> Welcome:
        """Check a name and a password that came from an address."""
        keys = (f"account {name}", f"address {address}")
        with self._turn:
            wait = self._throttle.wait_s(keys)
            session = None if wait else self._access.accounts.log_in(name, password)
            if session is None and not wait:
                self._throttle.fail(keys)
                wait = self._throttle.wait_s(keys)
            elif session is not None:
                self._throttle.forget(keys)
        if session is not None:
            self._access.accounts.forget(self._idle_s)
            self._access.note(name, "logged in")
            return Welcome(session)
        # A name that is none may be a password in the wrong field: it is not written down.
        if name in {account.name for account in self._access.accounts.list()}:
            self._access.note(name, "login refused")
        return Welcome(wait_s=math.ceil(wait))

    def find(self, session: str, *, is_click: bool) -> Account | None:
        """Give whose session this is."""
        return self._access.accounts.find(session, self._idle_s, is_click=is_click) if session else None

    def log_out(self, account: Account, session: str) -> None:
        """End a session."""
        self._access.accounts.log_out(session)
        self._access.note(account.name, "logged out")


def form_token(cookie: str) -> str:
    """Make the token that the forms of a session, or of a visitor, carry. (pure)"""
    return hmac.new(cookie.encode("utf-8", "surrogatepass"), b"form", hashlib.sha256).hexdigest()


def is_own_form(cookie: str, token: str) -> bool:
    """Tell whether a form was made for this cookie. (pure)"""
    return bool(cookie) and hmac.compare_digest(form_token(cookie).encode(), token.encode("utf-8", "replace"))


def cookie_of(request: Request, name: str) -> str:
    """Read a cookie of ours; empty where there is none."""
    return request.cookies.get(_full_name(request, name), "")


def set_cookie(request: Request, response: Response, name: str, value: str) -> None:
    """Set a cookie that scripts cannot read and other sites do not send; it ends with the browser."""
    response.set_cookie(
        _full_name(request, name), value, path="/", httponly=True, samesite="strict", secure=_is_secure(request)
    )


def drop_cookie(request: Request, response: Response, name: str) -> None:
    """Have the browser forget a cookie."""
    response.delete_cookie(
        _full_name(request, name), path="/", httponly=True, samesite="strict", secure=_is_secure(request)
    )


def new_visitor() -> str:
    """Name somebody who is not logged in, for the length of a login."""
    return secrets.token_urlsafe(_RANDOM_BYTES)


def _is_secure(request: Request) -> bool:
    return request.url.scheme == "https"


def _full_name(request: Request, name: str) -> str:
    # Over TLS the browser itself makes sure that no other host and no plain HTTP has set it.
    return f"__Host-{name}" if _is_secure(request) else name
