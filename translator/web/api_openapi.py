"""
Describe the HTTP API as an OpenAPI document. (pure)

The schemas are made from the types that are answered with, and the problems from their table, so that neither can say
anything else than the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from translator.ledger.progress_shapes import LaneProgress, MessageProgress, SubmissionProgress
from translator.web.api_answers import LARGEST_NUMBER, LaneQuestion, Receipt
from translator.web.api_body import IDEMPOTENCY_KEY, JSON, MESSAGE_TYPES, NDJSON, Limits
from translator.web.api_problem import MEDIA_TYPE, PROBLEMS, URN, ProblemBody

VERSION = "1"

_COMPONENTS = "#/components/schemas/{name}"
_TYPES = (Receipt, LaneQuestion, MessageProgress, SubmissionProgress, LaneProgress, ProblemBody)

_BEFORE = ("call-malformed", "head-late", "busy")
_ALWAYS = (*_BEFORE, "token-missing", "token-invalid", "scope-missing", "defect", "ledger-away")
_OF_A_BODY = (
    "body-empty", "body-incomplete", "body-late", "body-too-large", "content-type-unknown", "content-encoded",
)  # fmt: skip
_OF_HANDING_IN = ("key-malformed", "key-reused", "several-messages", "not-kept", "stopping")

_ABOUT = (
    "Translates laboratory messages (HL7 v2, FHIR) and keeps them for delivery. Each call needs a bearer token with "
    "the scope that it names; `translator token create` makes one. Problems are `application/problem+json`, with a "
    "stable `type`; none holds anything of the call. A message of one call is one message or one FHIR document."
)
_TRANSLATE = (
    "Pure: keeps nothing, sends nothing, looks no order number up. Gives the outcome of the message as `translator "
    "translate` prints it (schema `translator.outcome/1`); what is wrong with a message is part of its outcome, so the "
    "answer is 200 whatever it says. With `Accept: application/x-ndjson` the body may hold several messages, and each "
    "gives one line."
)
_HAND_IN = (
    "Answers when the message is on disk: 201, or 200 with the first answer where it came before. It came before where "
    "the same token sent the same Idempotency-Key, or without one the same bytes. A message that is held or refused is "
    "kept like any other, and `state` and `diagnostics` say why; to send it again changes nothing."
)


def document(limits: Limits) -> dict[str, Any]:
    """Make the document of an API with these limits."""
    _, schemas = msgspec.json.schema_components(_TYPES, ref_template=_COMPONENTS)
    return {
        "openapi": "3.1.0",
        "info": {"title": "translator", "version": VERSION, "description": _ABOUT},
        "servers": [{"url": "/v1"}],
        "paths": _paths(limits),
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "translator token create"}
            },
            "schemas": {**schemas, "Outcome": _OUTCOME},
        },
    }


def _paths(limits: Limits) -> dict[str, Any]:
    lines = {
        "schema": {"type": "string", "description": "One JSON object a line: an outcome, or a finding of the body."}
    }
    outcome = {"description": "The outcome", "content": {JSON: _ref("Outcome"), NDJSON: lines}}
    message = _message_body(limits)
    return {
        "/translate": {
            "post": _call("translate", _TRANSLATE, "translate", {"200": outcome}, _OF_A_BODY, requestBody=message)
        },
        "/messages": {
            "post": _call(
                "handIn",
                _HAND_IN,
                "submit",
                {"201": _kept("Kept"), "200": _kept("Came before")},
                (*_OF_A_BODY, *_OF_HANDING_IN),
                parameters=[_KEY],
                requestBody=message,
            )
        },
        "/messages/{number}": _told(
            "readMessage", "What became of a message; no value and no body.", "MessageProgress"
        ),
        "/submissions/{number}": _told(
            "readSubmission", "What became of a submission: its place and its attempts.", "SubmissionProgress"
        ),
        "/lanes/{number}": _told("readLane", "How far a service request is at its vendor.", "LaneProgress"),
        "/lanes/find": {
            "post": _call(
                "findLane",
                "The lane of a service request. Its id stands in the body, since addresses are logged.",
                "read",
                {"200": {"description": "The lane", "content": {JSON: _ref("LaneProgress")}}},
                (*_OF_A_BODY, "body-malformed", "lane-unknown"),
                requestBody={"required": True, "content": {JSON: _ref("LaneQuestion")}},
            )
        },
        "/openapi.json": {
            "get": {
                "operationId": "readDocument",
                "description": "This document; it needs no token.",
                "responses": {
                    "200": {"description": "The document", "content": {JSON: {"schema": {"type": "object"}}}},
                    **_problems(_BEFORE),
                },
            }
        },
    }


def _call(
    name: str, text: str, scope: str, answers: Mapping[str, Any], problems: tuple[str, ...], **more: Any
) -> dict[str, Any]:
    return {
        "operationId": name,
        "description": f"{text}\n\nScope: `{scope}`.",
        "security": [{"token": []}],
        "responses": {**answers, **_problems((*_ALWAYS, *problems))},
        **more,
    }


def _told(name: str, text: str, schema: str) -> dict[str, Any]:
    answer = {"200": {"description": "As it is now", "content": {JSON: _ref(schema)}}}
    return {"get": _call(name, text, "read", answer, ("number-unknown", "address-unknown"), parameters=[_NUMBER])}


def _problems(names: tuple[str, ...]) -> dict[str, Any]:
    """Describe the answers that tell of problems, by status; each names its types."""
    by_status: dict[str, list[str]] = {}
    for name in sorted(names, key=lambda name: PROBLEMS[name].status):
        by_status.setdefault(str(PROBLEMS[name].status), []).append(name)
    return {status: _problem_answer(status, found) for status, found in by_status.items()}


def _problem_answer(status: str, names: list[str]) -> dict[str, Any]:
    schema = {"allOf": [{"$ref": _COMPONENTS.format(name="ProblemBody")}, _types(status, names)]}
    answer: dict[str, Any] = {
        "description": "; ".join(f"`{name}`: {PROBLEMS[name].title}" for name in names),
        "content": {MEDIA_TYPE: {"schema": schema}},
    }
    if any(PROBLEMS[name].retry_after_s for name in names):
        answer["headers"] = {"Retry-After": {"required": True, "schema": {"type": "integer"}}}
    return answer


def _types(status: str, names: list[str]) -> dict[str, Any]:
    types = [URN + name for name in names]
    return {"properties": {"type": {"enum": types}, "status": {"const": int(status)}}}


def _ref(name: str) -> dict[str, Any]:
    return {"schema": {"$ref": _COMPONENTS.format(name=name)}}


def _kept(text: str) -> dict[str, Any]:
    location = {"Location": {"required": True, "schema": {"type": "string"}}}
    return {"description": text, "headers": location, "content": {JSON: _ref("Receipt")}}


def _message_body(limits: Limits) -> dict[str, Any]:
    text = f"One message, not empty, up to {limits.largest_mb} MiB. The bytes tell what it is, not the type."
    # Any bytes will do: the outcome says what is wrong with them.
    content: dict[str, Any] = {name: {"schema": {}} for name in MESSAGE_TYPES}
    return {"required": True, "description": text, "content": content}


_KEY = {
    "name": IDEMPOTENCY_KEY,
    "in": "header",
    "required": False,
    "description": "What the caller knows the message by; it is good for ever, for the token's name.",
    "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
}
_NUMBER = {
    "name": "number",
    "in": "path",
    "required": True,
    "schema": {"type": "integer", "minimum": 1, "maximum": LARGEST_NUMBER},
}
_OUTCOME: dict[str, Any] = {
    "type": "object",
    "description": "What became of one message; fields may be added within `/1`, never changed.",
    "required": ["schema", "tables_sha256", "source", "state", "submissions", "entries", "diagnostics"],
    "properties": {
        "schema": {"const": "translator.outcome/1"},
        "tables_sha256": {"type": "string"},
        "source": {"type": "object", "required": ["index"]},
        "state": {"enum": ["translated", "held", "ignored", "refused"]},
        "submissions": {"type": "array", "items": {"type": "object", "required": ["destination", "body"]}},
        "entries": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["at", "state"],
                "properties": {
                    "at": {"type": "string"},
                    "state": {"enum": ["translated", "held", "ignored", "refused"]},
                    "reason": {"type": "string"},
                    "submission": {"type": "integer"},
                    "observation": {"type": "integer"},
                },
            },
        },
        "diagnostics": {"type": "array", "items": {"$ref": _COMPONENTS.format(name="Diagnostic")}},
    },
}
