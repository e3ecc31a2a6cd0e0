"""
Check the bodies that a partner sends: what is refused, and what is only remarked on. (pure)

The vendor documents no 400 and no validation. A wrong JSON type cannot be read, so it is refused; whatever else departs
from the documents is noted as a problem beside the call and accepted. Texts name fields and positions, never values.

Source: WHOOP, submit diagnostic results and service requests; FHIR R4 ObservationStatus.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

REPORT_STATUSES = frozenset({"final", "partial", "preliminary", "amended", "corrected", "cancelled"})
OBSERVATION_STATUSES = frozenset(
    {"registered", "preliminary", "final", "amended", "corrected", "cancelled", "entered-in-error", "unknown"}
)
TASK_SEQUENCE = ("ORDER_CONFIRMED", "APPOINTMENT_ATTENDED", "PARTIAL_RESULTS_READY", "FULL_RESULTS_READY")
TASK_ISSUES = frozenset({"APPOINTMENT_ISSUE", "RESULTS_ISSUE", "ORDER_ISSUE"})
TASK_STATUSES = frozenset(TASK_SEQUENCE) | TASK_ISSUES

TYPES: Mapping[str, type | tuple[type, ...]] = {"string": str, "number": (int, float), "array": list}
RESULTS_FIELDS = {"status": "string", "observations": "array"}
OBSERVATION_FIELDS = {
    "code": "string",
    "value_numeric": "number",
    "value_text": "string",
    "unit": "string",
    "status": "string",
}
STATUS_FIELDS = {"task_business_status": "string", "reason": "string"}
TOKEN_FIELDS = {"grant_type": "string", "client_id": "string", "client_secret": "string", "scope": "string"}


class BodyError(ValueError):
    """A body that cannot be read as what the route takes; the text names the place, never the value."""

    status = 400


class MediaTypeError(BodyError):
    """A body that is sent as something else than JSON."""

    status = 415


def read_json(raw: bytes) -> Any:
    """
    Parse a body as RFC 8259 JSON.

    Raises:
        BodyError: it is not JSON, not UTF-8, or nested too deeply.
    """
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BodyError("the body is not JSON") from error


def read_body(content_type: bytes, raw: bytes) -> Any:
    """
    Parse the body of a route that takes JSON.

    Raises:
        MediaTypeError: the content type is not `application/json`; parameters such as a charset do not matter.
        BodyError: it is not JSON.
    """
    if content_type.partition(b";")[0].strip().lower() != b"application/json":
        raise MediaTypeError("the content type must be application/json")
    return read_json(raw)


def read_results(body: Any) -> list[str]:
    """
    List the problems of a results body.

    Raises:
        BodyError: a value has the wrong JSON type.
    """
    report = _object(body, "body", RESULTS_FIELDS)
    problems = list(_unusual(report, "", RESULTS_FIELDS))
    problems += _word(report, "", "status", REPORT_STATUSES)
    observations: Sequence[Any] = report.get("observations") or ()
    if "status" not in report:
        problems.append("status: missing")
    if not observations and report.get("status") != "cancelled":
        problems.append("observations: missing or empty")
    for index, observation in enumerate(observations):
        problems += _read_observation(observation, f"observations[{index}]")
    return problems


def _read_observation(value: Any, at: str) -> Iterator[str]:
    observation = _object(value, at, OBSERVATION_FIELDS)
    yield from _unusual(observation, f"{at}.", OBSERVATION_FIELDS)
    yield from _word(observation, f"{at}.", "status", OBSERVATION_STATUSES)
    if not observation.get("code"):
        yield f"{at}.code: missing or empty"
    if observation.get("value_numeric") is None and observation.get("value_text") is None:
        yield f"{at}: neither value_numeric nor value_text"


def read_status(body: Any) -> tuple[str, str | None, list[str]]:
    """
    Read a status body: the task business status, the reason and the problems.

    Raises:
        BodyError: a value has the wrong JSON type, or the status is none of the documented ones.
    """
    change = _object(body, "body", STATUS_FIELDS)
    status = change.get("task_business_status")
    if status not in TASK_STATUSES:
        raise BodyError(f"task_business_status: must be one of {', '.join(sorted(TASK_STATUSES))}")
    return status, change.get("reason"), list(_unusual(change, "", STATUS_FIELDS))


def read_step(before: str | None, after: str) -> list[str]:
    """List what is odd about setting one task business status after another; the vendor enforces nothing."""
    if before in TASK_ISSUES and after != before:
        return [f"task_business_status: {after} after the terminal {before}"]
    if before in TASK_SEQUENCE and after in TASK_SEQUENCE and TASK_SEQUENCE.index(after) < TASK_SEQUENCE.index(before):
        return [f"task_business_status: goes back from {before} to {after}"]
    return []


def read_token(body: Any) -> tuple[Mapping[str, Any], list[str]]:
    """
    Read a token request and its problems.

    Raises:
        BodyError: a value has the wrong JSON type.
    """
    request = _object(body, "body", TOKEN_FIELDS)
    problems = list(_unusual(request, "", TOKEN_FIELDS))
    problems += [f"{name}: missing" for name in TOKEN_FIELDS if name not in request]
    return request, problems


def _object(value: Any, at: str, fields: Mapping[str, str]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BodyError(f"{at}: must be an object")
    for name, kind in fields.items():
        found = value.get(name)
        if found is not None and (isinstance(found, bool) or not isinstance(found, TYPES[kind])):
            raise BodyError(f"{at}.{name}: must be a {kind}")
    return value


def _unusual(value: Mapping[str, Any], prefix: str, fields: Mapping[str, str]) -> Iterator[str]:
    for name, found in value.items():
        if name not in fields:
            yield f"{prefix}{name}: unknown field"
        elif found is None:
            yield f"{prefix}{name}: null instead of absent"


def _word(value: Mapping[str, Any], prefix: str, name: str, words: frozenset[str]) -> Iterator[str]:
    if value.get(name) is not None and value[name] not in words:
        yield f"{prefix}{name}: not a documented value"
