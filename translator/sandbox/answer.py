"""Hold one vendor call and its answer as plain values. (pure)"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import Struct, field

JSON_TYPE = (b"content-type", b"application/json")
NO_CONTENT = 204
MISSING_BYTES = 64


class Call(Struct):
    """One request to the vendor: `parts` are what the route's pattern captured, `problems` what is noted on the way."""

    method: str
    path: str
    headers: Mapping[bytes, bytes]
    body: bytes
    parts: tuple[str, ...] = ()
    problems: list[str] = field(default_factory=list)


class Answer(Struct, frozen=True):
    """One response: status, body bytes and headers besides the length."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()


def json_answer(status: int, value: object) -> Answer:
    """Answer with a JSON body."""
    return Answer(status, msgspec.json.encode(value), (JSON_TYPE,))


def error_answer(status: int, text: str) -> Answer:
    """Answer with the reason in words; the vendor documents no error body, so nobody may rely on it."""
    return json_answer(status, {"error": text})


def wire_headers(answer: Answer) -> list[tuple[bytes, bytes]]:
    """List every header as sent; a 204 must not carry a length (RFC 9110 section 8.6)."""
    if answer.status == NO_CONTENT:
        return list(answer.headers)
    return [*answer.headers, (b"content-length", b"%d" % len(answer.body))]


def torn(answer: Answer) -> bytes:
    """
    Write the start of an answer that never ends.

    Shape: half of the body where there is one; all headers and a length that is not kept where the body is empty;
    half a header block for a 204, which would be whole without any body.
    """
    length = len(answer.body) or MISSING_BYTES
    lines = [b"HTTP/1.1 %d " % answer.status, *(b"%s: %s" % header for header in answer.headers)]
    if answer.status == NO_CONTENT:
        return b"\r\n".join([*lines, b"x-end"])
    return b"\r\n".join([*lines, b"content-length: %d" % length, b"", answer.body[: len(answer.body) // 2]])
