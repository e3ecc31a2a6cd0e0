"""What Schemathesis is told of the HTTP API that no schema can say."""

from __future__ import annotations

from typing import Any

import schemathesis

from translator.web.api_body import IDEMPOTENCY_KEY, MESSAGE_TYPES

_KNOWN = {"text/plain", "application/json", "application/octet-stream"}


@schemathesis.serializer(*(name for name in MESSAGE_TYPES if name not in _KNOWN and not name.endswith("json")))
def as_text(_context: object, value: Any) -> bytes:
    """Send a message as the bytes of its text."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


@schemathesis.hook
def filter_case(_context: object, case: schemathesis.Case[Any]) -> bool:
    """Leave out what no schema forbids: messages without a byte, and a key that may have come with other bytes."""
    if case.media_type == "application/fhir+xml" and not (isinstance(case.body, dict) and case.body):
        return False
    headers: Any = case.headers or {}
    key = headers.get(IDEMPOTENCY_KEY)
    return case.body not in ("", b"") and not (isinstance(key, str) and key.isascii() and key.isprintable() and key)
