"""
Write a time in the form of HL7 or of FHIR, whichever it was sent in; what was not sent is not invented.

Source: HL7 v2.5.1 2.A.22 (DTM); FHIR R4 instant, date.
"""

from __future__ import annotations

import re

_DTM = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})(\.[0-9]+)?([+-][0-9]{2})([0-9]{2})")
_INSTANT = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(\.[0-9]+)?(?:(Z)|([+-][0-9]{2}):([0-9]{2}))"
)
_DATE = re.compile(r"([0-9]{4})(?:-?([0-9]{2})(?:-?([0-9]{2}))?)?")
# DTM has room for four digits behind the second.
_FRACTION = 5


def dtm(text: str) -> str:
    """Write an instant as DTM; any other text stays as it is."""
    match = _INSTANT.fullmatch(text)
    if match is None:
        return text
    *clock, fraction, utc, hours, minutes = match.groups("")
    return "".join([*clock, fraction[:_FRACTION], "+0000" if utc else hours + minutes])


def instant(text: str) -> str:
    """
    Write a DTM or an instant as an instant.

    Absent: empty where the time names no offset, or not the second.
    """
    if match := _DTM.fullmatch(text):
        year, month, day, hour, minute, second, fraction, hours, minutes = match.groups("")
        return f"{year}-{month}-{day}T{hour}:{minute}:{second}{fraction}{hours}:{minutes}"
    return text if _INSTANT.fullmatch(text) else ""


def date(text: str) -> str:
    """Write a date with dashes, as far as it is known; empty where it is none."""
    match = _DATE.fullmatch(text)
    return "-".join(filter(None, match.groups())) if match else ""
