"""Bring a sender's time into a form that sorts; what was not sent is not invented."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_SECONDS = r"([0-9]{2})(?:(\.[0-9]{1,6})[0-9]*)?"
_HOURS = r"[+-](?:0[0-9]|1[0-4])"
_HL7 = re.compile(
    r"([0-9]{4})(?:([0-9]{2})(?:([0-9]{2})(?:([0-9]{2})(?:([0-9]{2})"
    rf"(?:{_SECONDS})?)?)?)?)?({_HOURS}[0-5][0-9])?"
)
_FHIR = re.compile(
    r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})(?:T([0-9]{2}):([0-9]{2})"
    rf"(?::{_SECONDS})?(Z|{_HOURS}:[0-5][0-9])?)?)?)?"
)
# Nearly every time of an order: to the second, with or without an offset.
_USUAL = re.compile(rf"[0-9]{{8}}(?:[01][0-9]|2[0-3])[0-9]{{4}}(?:{_HOURS}[0-5][0-9])?")
_DEFAULTS = (1, 1, 1, 0, 0, 0)


def sortable(text: str) -> str:
    """
    Turn an HL7 DTM or a FHIR dateTime into `YYYYMMDDHHMMSS.ffffff`.

    Units: UTC where the time names an offset, else the sender's own clock.
    Absent: empty where the text is no time; missing parts count as the earliest moment.
    Source: HL7 v2.9 2A.3.22 DTM; FHIR R4 dateTime.
    """
    if _USUAL.fullmatch(text):
        return _usual(text)
    match = _HL7.fullmatch(text) or _FHIR.fullmatch(text) if text else None
    if match is None:
        return ""
    parts = [int(part) if part else default for part, default in zip(match.groups()[:6], _DEFAULTS, strict=True)]
    try:
        moment = datetime(*parts, tzinfo=UTC) - _offset(match[8])  # type: ignore[arg-type, misc]
    except (ValueError, OverflowError):
        return ""
    return _written(moment, (match[7] or ".")[1:].ljust(6, "0"))


def _usual(text: str) -> str:
    try:
        moment = datetime.fromisoformat(f"{text[:8]}T{text[8:]}")
        return _written(moment if moment.tzinfo is None else moment.astimezone(UTC), "000000")
    except (ValueError, OverflowError):
        return ""


def _written(moment: datetime, fraction: str) -> str:
    # Not strftime: on some systems it writes a year before 1000 without its zeros, and it is slow.
    return f"{moment.isoformat()[:19].replace('-', '').replace('T', '').replace(':', '')}.{fraction}"


def _offset(text: str | None) -> timedelta:
    if not text or text == "Z":
        return timedelta()
    hours, minutes = int(text[1:3]), int(text[-2:])
    return timedelta(hours=hours, minutes=minutes) * (-1 if text[0] == "-" else 1)
