"""
Keep every vendor call in order, and show it without credentials. (pure)

The journal is complete: it grows with every call and is emptied only by a reset. A body is parsed when somebody looks,
not when it comes.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct, field

from translator.sandbox.checks import BodyError, read_json

MASK = "***"
SECRET_KEYS = frozenset({"client_id", "client_secret", "access_token"})
TOKEN_ROUTE = "token"  # noqa: S105 - the name of a route
TOKEN_ROUTES = frozenset({TOKEN_ROUTE, "acurable-token"})


class Entry(Struct):
    """
    One call.

    Shape: `status` is None until an answer goes out, and stays None where none does; `fault` is the kind of the
    fault that the call met.
    Units: `at` and `answered_at` are seconds since the sandbox started.
    """

    number: int
    at: float
    method: str
    path: str
    query: str
    raw: bytes
    content_type: str | None = None
    authorization: str | None = None
    idempotency_key: str | None = None
    route: str = ""
    status: int | None = None
    answered_at: float | None = None
    fault: str | None = None
    problems: list[str] = field(default_factory=list)

    def shown(self) -> dict[str, Any]:
        """Show the call as `GET /_sandbox/requests` does, credentials masked."""
        is_secret = self.route in TOKEN_ROUTES
        body, body_raw = _shown_body(self.raw, secret=is_secret)
        return {
            "number": self.number,
            "method": self.method,
            "path": self.path,
            "query": MASK if self.query and is_secret else self.query,
            "body": body,
            "body_raw": body_raw,
            "status": self.status,
            "route": self.route or None,
            "problems": self.problems,
            "fault": self.fault,
            "content_type": self.content_type,
            "authorization": self.authorization and _shown_authorization(self.authorization),
            "idempotency_key": self.idempotency_key,
            "at": round(self.at, 6),
            "answered_at": None if self.answered_at is None else round(self.answered_at, 6),
        }


def _shown_body(raw: bytes, *, secret: bool) -> tuple[Any, str]:
    """Parse a body and mask it; a body of the token route that cannot be parsed is masked whole."""
    text = raw.decode(errors="backslashreplace")
    try:
        body = read_json(raw)
    except BodyError:
        return None, MASK if secret and raw else text
    if not isinstance(body, dict):
        return (MASK, MASK) if secret else (body, text)
    if SECRET_KEYS.isdisjoint(body):
        return body, text
    masked = {key: MASK if key in SECRET_KEYS else value for key, value in body.items()}
    return masked, msgspec.json.encode(masked).decode()


def _shown_authorization(header: str) -> str:
    scheme, blank, _ = header.partition(" ")
    return f"{scheme} {MASK}" if blank else MASK


class Journal:
    """Every call since the start or the last reset."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def record(self, at: float, method: str, path: str, query: str, raw: bytes) -> Entry:
        """Write down a call that has just come in."""
        entry = Entry(len(self.entries), at, method, path, query, raw)
        self.entries.append(entry)
        return entry

    def shown(self) -> list[dict[str, Any]]:
        """Show every call in the order of arrival."""
        return [entry.shown() for entry in self.entries]

    def clear(self) -> None:
        """Forget every call; a call in flight keeps its own entry."""
        self.entries = []
