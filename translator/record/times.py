"""Bring a sender's time into a form that sorts; what was not sent is not invented."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

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


class Moment(NamedTuple):
    """
    A time in a form that sorts, `YYYYMMDDHHMMSS.ffffff`.

    Absent: `text` is empty where there is no time. `is_ambiguous` tells one that the sender's clocks showed twice.
    """

    text: str = ""
    is_ambiguous: bool = False


def sortable(text: str, time_zone: str = "") -> str:
    """Turn a time into a form that sorts, as `moment` does."""
    return moment(text, time_zone).text


def moment(text: str, time_zone: str = "") -> Moment:
    """
    Turn an HL7 DTM or a FHIR dateTime into a form that sorts.

    Shape: `time_zone` is the name of the zone of times that name no offset. A time that the clocks showed twice is the
    first of the two; missing parts count as the earliest moment.
    Units: UTC where the offset or the zone is known, else the sender's own clock.
    Source: HL7 v2.9 2A.3.22 DTM; FHIR R4 dateTime.
    """
    match = (_HL7.fullmatch(text) or _FHIR.fullmatch(text)) if text else None
    if match is None:
        return Moment()
    parts = [int(part) if part else default for part, default in zip(match.groups()[:6], _DEFAULTS, strict=True)]
    is_ambiguous = False
    try:
        local = datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]
        if match[8] or not time_zone:
            utc = local - _offset(match[8])
        else:
            utc, is_ambiguous = _from_zone(local, _zone(time_zone), has_hour=bool(match[4]))
    except (ValueError, OverflowError):
        return Moment()
    fraction = (match[7] or ".")[1:].ljust(6, "0")
    # Not strftime: on some systems it writes a year before 1000 without its zeros, and it is slow.
    date = f"{utc.year:04}{utc.month:02}{utc.day:02}"
    return Moment(f"{date}{utc.hour:02}{utc.minute:02}{utc.second:02}.{fraction}", is_ambiguous)


def is_time_zone(name: str) -> bool:
    """Tell whether a name is one of the IANA time zone database."""
    try:
        _zone(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _from_zone(local: datetime, zone: ZoneInfo, *, has_hour: bool) -> tuple[datetime, bool]:
    first, second = (local.replace(tzinfo=zone, fold=fold).utcoffset() or timedelta() for fold in (0, 1))
    # Where clocks jump forwards, the two offsets differ as well, but the other way round.
    return local - first, first > second and has_hour


def _offset(text: str | None) -> timedelta:
    if not text or text == "Z":
        return timedelta()
    hours, minutes = int(text[1:3]), int(text[-2:])
    return timedelta(hours=hours, minutes=minutes) * (-1 if text[0] == "-" else 1)
