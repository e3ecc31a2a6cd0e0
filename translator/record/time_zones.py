"""Read a time that names no offset where the sender's clocks stand, and say when they showed it twice."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from translator.record.times import sortable

_OFFSET = re.compile(r"(?:Z|[+-][0-9]{2}:?[0-9]{2})\Z")
_DATE_DIGITS = 8


class Moment(NamedTuple):
    """
    A time in a form that sorts, `YYYYMMDDHHMMSS.ffffff`.

    Absent: `text` is empty where there is no time. `is_ambiguous` tells one that the sender's clocks showed twice.
    """

    text: str = ""
    is_ambiguous: bool = False


def moment(text: str, time_zone: str) -> Moment:
    """
    Turn an HL7 DTM or a FHIR dateTime into a form that sorts.

    Shape: `time_zone` names the zone of times without an offset; empty: they stay as the sender's clock shows them. A
    time that the clocks showed twice is the first of the two.
    Units: UTC where the offset or the zone is known.
    """
    found = sortable(text)
    if not found or not time_zone or _OFFSET.search(text):
        return Moment(found)
    local = datetime.fromisoformat(f"{found[:8]}T{found[8:14]}")
    first, second = (local.replace(tzinfo=_zone(time_zone), fold=fold).utcoffset() or timedelta() for fold in (0, 1))
    try:
        utc = (local - first).isoformat()
    except OverflowError:
        return Moment()
    # Where clocks jump forwards, the two offsets differ as well, but the other way round.
    return Moment(f"{re.sub('[-T:]', '', utc)}{found[14:]}", first > second and _has_hour(text))


def is_time_zone(name: str) -> bool:
    """Tell whether a name is one of the IANA time zone database."""
    try:
        _zone(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _has_hour(text: str) -> bool:
    return "T" in text or ("-" not in text and len(text) > _DATE_DIGITS)


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
