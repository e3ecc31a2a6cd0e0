"""
Say what is wrong with a call as `application/problem+json`: what it is, where, and what to do next. (pure)

Nothing of the call stands in a problem, and no text of an exception: each is one row of `PROBLEMS`.

Source: RFC 9457.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import Struct

MEDIA_TYPE = "application/problem+json"
URN = "urn:translator:problem:"
REALM = 'Bearer realm="translator"'


class Problem(Struct, frozen=True):
    """
    One kind of problem.

    Shape: `name` is stable and ends its URN. `retry_after_s` says when the same call may succeed; `closes` that the
    connection is of no more use, because the body was not read to its end.
    """

    name: str
    status: int
    title: str
    detail: str
    retry_after_s: int = 0
    closes: bool = False


class ProblemError(Exception):
    """Ends the handling of a call; the text is the problem's name alone."""

    def __init__(self, name: str, *, headers: Mapping[str, str] | None = None, **parts: object) -> None:
        super().__init__(name)
        self.problem = PROBLEMS[name]
        self.headers = dict(headers or {})
        self.parts = parts


class ProblemBody(Struct, frozen=True):
    """A problem as it is sent."""

    type: str
    title: str
    status: int
    detail: str


PROBLEMS: Mapping[str, Problem] = {
    problem.name: problem
    for problem in (
        Problem("body-empty", 400, "The body is empty", "Send the message as the body of the call."),
        Problem(
            "body-incomplete",
            400,
            "The body broke off",
            "The connection ended before the body did, and nothing was kept; send the call again.",
            closes=True,
        ),
        Problem(
            "body-malformed",
            400,
            "The body is not what this address takes",
            "{what}. The OpenAPI document (/v1/openapi.json) shows the body.",
        ),
        Problem(
            "call-malformed",
            400,
            "This is no HTTP",
            "The call does not follow HTTP/1.1 (RFC 9112), and nothing of it was read further.",
            closes=True,
        ),
        Problem(
            "key-malformed",
            400,
            "The Idempotency-Key is not one",
            "Send one Idempotency-Key of 1 to 255 visible ASCII characters, or none.",
        ),
        Problem(
            "token-missing",
            401,
            "The call has no token",
            "Send `Authorization: Bearer TOKEN`; `translator token create` makes one.",
        ),
        Problem(
            "token-invalid",
            401,
            "The token is not valid",
            "It is unknown, expired or revoked. `translator token list` shows which are valid, `translator token "
            "create` makes a new one.",
        ),
        Problem(
            "scope-missing",
            403,
            "The token may not do this",
            "This call needs the scope `{scope}`; `translator token create NAME --scope {scope}` makes one with it.",
        ),
        Problem(
            "address-unknown",
            404,
            "There is nothing at this address",
            "The OpenAPI document (/v1/openapi.json) lists the addresses.",
        ),
        Problem(
            "number-unknown",
            404,
            "The ledger has no {kind} of this number",
            "Numbers are given by POST /v1/messages and by the links of its answers. Those of another ledger mean "
            "nothing here.",
        ),
        Problem(
            "lane-unknown",
            404,
            "The ledger has no lane for this service request",
            "No message that names it has come in, or it is one of another destination.",
        ),
        Problem(
            "method-unknown",
            405,
            "This address does not take this method",
            "The header `Allow` names those that it takes.",
        ),
        Problem(
            "head-late",
            408,
            "The call came too slowly",
            "Its head was not whole in time, or none came; send the call again.",
            closes=True,
        ),
        Problem(
            "body-late",
            408,
            "The body came too slowly",
            "It was not whole after {seconds:g} s, and nothing was kept; send the call again.",
            closes=True,
        ),
        Problem(
            "body-too-large",
            413,
            "The body is too large",
            "This address takes up to {largest_mb} MiB (setting `api.largest_mb`), and nothing was kept. Larger files "
            "belong into a watched folder or `translator submit`.",
            closes=True,
        ),
        Problem(
            "content-type-unknown",
            415,
            "This address does not take this content type",
            "Send one of: {accepted}. What the bytes are is then told from the bytes.",
        ),
        Problem(
            "content-encoded",
            415,
            "The body is packed",
            "Send it without a Content-Encoding; archives belong into a watched folder or `translator submit`.",
        ),
        Problem(
            "key-reused",
            422,
            "This Idempotency-Key belongs to another message",
            "A message with other bytes came under this key before, and this one was not kept; send each message under "
            "a key of its own.",
        ),
        Problem(
            "several-messages",
            422,
            "There are several messages in the body",
            "Nothing was kept. Send each message in a call of its own; files of many belong into a watched folder or "
            "`translator submit`.",
        ),
        Problem(
            "defect",
            500,
            "This is a defect of the service",
            "Its log says where. Send the call again with the same Idempotency-Key: what was kept is not kept twice.",
        ),
        Problem(
            "not-kept",
            500,
            "The ledger could not keep this message",
            "Nothing of it was kept, and its neighbours were not harmed. `translator ledger verify` and `translator "
            "doctor` look for the reason.",
        ),
        Problem(
            "busy",
            503,
            "There are too many calls at once",
            "Nothing was kept; send the call again after a moment.",
            retry_after_s=1,
            closes=True,
        ),
        Problem(
            "ledger-away",
            503,
            "The ledger cannot be reached",
            "Nothing was kept; send the call again later.",
            retry_after_s=5,
        ),
        Problem(
            "stopping",
            503,
            "The service is being stopped",
            "Nothing was kept; send the call again once it runs.",
            retry_after_s=10,
        ),
    )
}
"""Every problem that the API tells of, by its name."""


def body_of(problem: Problem, parts: Mapping[str, object]) -> bytes:
    """Write a problem as JSON; `parts` fill its text."""
    text = ProblemBody(
        URN + problem.name, problem.title.format(**parts), problem.status, problem.detail.format(**parts)
    )
    return msgspec.json.encode(text)


def refusals() -> dict[int, bytes]:
    """Write the problems that are told before there is a call, by status."""
    return {PROBLEMS[name].status: body_of(PROBLEMS[name], {}) for name in ("call-malformed", "head-late")}


def headers_of(problem: Problem) -> dict[str, str]:
    """Give the headers that always go with a problem."""
    headers = {"Content-Type": MEDIA_TYPE}
    if problem.retry_after_s:
        headers["Retry-After"] = str(problem.retry_after_s)
    if problem.closes:
        headers["Connection"] = "close"
    return headers
