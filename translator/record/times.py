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
_DEFAULTS = (1, 1, 1, 0, 0, 0)


def sortable(text: str) -> str:
    """
    Turn an HL7 DTM or a FHIR dateTime into `YYYYMMDDHHMMSS.ffffff`.

    Units: UTC where the time names an offset, else the sender's own clock.
    Absent: empty where the text is no time; missing parts count as the earliest moment.
    Source: HL7 v2.9 2A.3.22 DTM; FHIR R4 dateTime.
    """
    if not text:
        return ""
    match = _HL7.fullmatch(text) or _FHIR.fullmatch(text)
    if match is None:
        return ""
    parts = [int(part) if part else default for part, default in zip(match.groups()[:6], _DEFAULTS, strict=True)]
    try:
        moment = datetime(*parts, tzinfo=UTC) - _offset(match[8])  # type: ignore[arg-type, misc]
    except (ValueError, OverflowError):
        return ""
    fraction = (match[7] or ".")[1:].ljust(6, "0")
    # Not strftime: on some systems it writes a year before 1000 without its zeros, and it is slow.
    date = f"{moment.year:04}{moment.month:02}{moment.day:02}"
    return f"{date}{moment.hour:02}{moment.minute:02}{moment.second:02}.{fraction}"


def _offset(text: str | None) -> timedelta:
    if not text or text == "Z":
        return timedelta()
    hours, minutes = int(text[1:3]), int(text[-2:])
    return timedelta(hours=hours, minutes=minutes) * (-1 if text[0] == "-" else 1)
