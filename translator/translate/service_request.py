"""
Find the one WHOOP service request that a report belongs to, or say why there is none.

An identifier counts only where it is a strict UUID in a place that names the service request, or where the
correlation has exactly one service request for it. Nothing is matched by prefix or likeness.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

from msgspec import Struct

from translator.record.correlation import CorrelationHit
from translator.record.report import Finding, Patient, Report

# `uuid.UUID` takes braces, URNs and misplaced hyphens; this does not.
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
# A UUID that a short field cut off or stripped of its hyphens: a sign for the person who decides, never a match.
_TRUNCATED = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{1,4}[0-9a-f-]*")

Lookup: TypeAlias = Callable[[str, str, str], tuple[CorrelationHit, ...]]


def no_correlation(_key_type: str, _key: str, _namespace: str) -> tuple[CorrelationHit, ...]:
    """Know no order numbers at all."""
    return ()


class Resolution(Struct, frozen=True, gc=False):
    """The service request id in lower case, or what holds the report."""

    service_request_id: str = ""
    problem: Finding | None = None


def resolve(report: Report, lookup: Lookup) -> Resolution:
    """
    Name the one service request of a report.

    Shape: the places that name it directly must agree; together with the correlation's hits there must be exactly one.
    Source: HL7 v2.9 4.5.1.2 (ORC-2 and OBR-2 are the same identifier).
    """
    named = {identifier.value: at for at, identifier in report.service_requests}
    if len({value.lower() if is_uuid(value) else value for value in named}) > 1 and report.must_agree:
        places = " and ".join(named.values())
        return _problem("service-request-mismatch", report, f"{places} name different orders")
    hits = [hit for key_type, _, key in report.keys for hit in lookup(key_type, key.value, key.namespace)]
    hits = [hit for hit in hits if _is_panel(hit, report)]
    found = {value.lower() for value in named if is_uuid(value)} | {hit.service_request_id for hit in hits}
    if len(found) > 1:
        return _problem("several-service-requests", report, f"{len(found)} service requests answer to this report")
    if not found:
        return _missing(report, named)
    if any(_is_somebody_else(hit, report.patient) for hit in hits):
        return _problem("patient-mismatch", report, "the correlation knows this order for another patient")
    return Resolution(found.pop())


def is_uuid(text: str) -> bool:
    """Tell a UUID of 36 characters; upper case is accepted, no other form is."""
    return _UUID.fullmatch(text.lower()) is not None


def _missing(report: Report, named: dict[str, str]) -> Resolution:
    for value, at in named.items():
        if _TRUNCATED.fullmatch(value.lower()):
            return Resolution(problem=Finding("service-request-truncated", at, "this looks like a UUID that was cut"))
    places = ", ".join(dict.fromkeys(at for _, at, _ in report.keys)) or "none sent"
    return _problem("no-service-request", report, f"no WHOOP id, and no correlation for the order numbers ({places})")


def _problem(code: str, report: Report, text: str) -> Resolution:
    return Resolution(problem=Finding(code, report.at, text))


def _is_panel(hit: CorrelationHit, report: Report) -> bool:
    """A group number stands for several service requests; the panel code tells which."""
    return hit.key_type != "group" or not hit.panel or any(hit.panel == coding.code for coding in report.panel)


def _is_somebody_else(hit: CorrelationHit, patient: Patient) -> bool:
    return _differ(hit.patient, patient.identifier) or _differ(_digits(hit.birth_date), _digits(patient.birth_date))


def _differ(known: str, sent: str) -> bool:
    return bool(known and sent and known != sent)


def _digits(date: str) -> str:
    return date.replace("-", "")[:8]
