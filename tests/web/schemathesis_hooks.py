"""What Schemathesis is told of the HTTP API that no schema can say."""

from __future__ import annotations

import uuid
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
    """Leave out messages without a byte: no schema of any bytes can say that there must be one."""
    return case.body not in ("", b"")


@schemathesis.hook
def before_call(_context: object, case: schemathesis.Case[Any], _kwargs: dict[str, Any]) -> None:
    """Give each message a key of its own, where it has one that is valid: the same again is another rule."""
    headers: Any = case.headers
    key = headers.get(IDEMPOTENCY_KEY) if headers else None
    if isinstance(key, str) and key.isascii() and key.isprintable() and 0 < len(key) < 200:
        headers[IDEMPOTENCY_KEY] = key + uuid.uuid4().hex
