"""
Read the body of a call within bounds, and tell whether it is one message.

What a body is, is told from its bytes and never from its content type: that only says that the caller means a message
and no form.
"""

from __future__ import annotations

import asyncio
import re

from msgspec import Struct
from starlette.requests import ClientDisconnect, Request

from translator.read.detect import detect
from translator.read.ndjson import split_documents, tell_ndjson
from translator.read.wire import split_stream
from translator.web.api_problem import ProblemError

MESSAGE_TYPES = (
    "x-application/hl7-v2+er7",
    "application/hl7-v2",
    "text/plain",
    "application/fhir+json",
    "application/json",
    "application/fhir+xml",
    "application/octet-stream",
)
"""The content types under which a message may be sent."""

JSON, NDJSON = "application/json", "application/x-ndjson"
IDEMPOTENCY_KEY = "Idempotency-Key"

_KEY = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)
_MIB = 1 << 20


class Limits(Struct, frozen=True):
    """
    What a caller may ask of the API.

    Units: `largest_mb` in MiB of one body; `body_s` in seconds until it is whole; `linger_s` how long a caller that is
    answered before its body is whole may go on sending, so that it sees the answer.
    """

    largest_mb: int = 16
    body_s: float = 60.0
    linger_s: float = 5.0
    calls: int = 128


async def read_body(request: Request, accepted: tuple[str, ...], limits: Limits) -> bytes:
    """
    Read a body that is of an accepted content type, not packed, not empty, and within the limits.

    Raises: ProblemError for any other, before more of it is read than the limit.
    """
    if media_type(request.headers.get("content-type", "")) not in accepted:
        raise ProblemError(
            "content-type-unknown", accepted=", ".join(accepted), headers={"Accept": ", ".join(accepted)}
        )
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise ProblemError("content-encoded", headers={"Accept-Encoding": "identity"})
    too_large = ProblemError("body-too-large", largest_mb=limits.largest_mb)
    if int(request.headers.get("content-length", "0")) > limits.largest_mb * _MIB:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(limits.body_s):
            async for part in request.stream():
                body += part
                if len(body) > limits.largest_mb * _MIB:
                    raise too_large
    except TimeoutError:
        raise ProblemError("body-late", seconds=limits.body_s) from None
    except ClientDisconnect:
        raise ProblemError("body-incomplete") from None
    if not body:
        raise ProblemError("body-empty")
    return bytes(body)


def media_type(header: str) -> str:
    """Take the type out of a Content-Type, or one part of an Accept, without its parameters."""
    return header.partition(";")[0].strip().lower()


def wants_lines(request: Request) -> bool:
    """Tell whether the caller asks for one line per message."""
    accepted = ",".join(request.headers.getlist("accept"))
    return NDJSON in {media_type(part) for part in accepted.split(",")}


def idempotency_key(request: Request) -> str:
    """
    Take the key that the caller knows its message by; empty where it sends none.

    Raises: ProblemError where it is no key, or there are two.
    """
    given = request.headers.getlist(IDEMPOTENCY_KEY)
    if not given:
        return ""
    if len(given) > 1 or not _KEY.fullmatch(given[0]):
        raise ProblemError("key-malformed")
    return given[0]


def is_several(raw: bytes) -> bool:
    """Tell a body of more than one message; one in a batch envelope or MLLP framing is one."""
    form = detect(raw)
    if form == "fhir":
        return tell_ndjson(iter([raw]))[0] or bool(split_documents(raw))
    if form == "hl7v2" and raw.count(b"MSH") > 1:
        return sum(piece.kind == "MSH" for piece in split_stream([raw])) > 1
    return False
