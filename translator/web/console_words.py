"""Write moments, ages and counts as a person reads them, and keep back what may not be shown. (pure)"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import UTC, datetime

HIDDEN = "not shown"
"""Stands where an account may not see what is there."""

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/|^-]{0,39}", re.ASCII)
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def moment(iso: str) -> str:
    """Shorten a moment of the ledger to minutes, in UTC as it is kept."""
    return f"{iso[:10]} {iso[11:16]}" if iso else ""


def age(seconds: float) -> str:
    """Say how long something has waited, in its largest unit."""
    whole = max(int(seconds), 0)
    for unit, size in (("d", _DAY), ("h", _HOUR), ("min", _MINUTE)):
        if whole >= size:
            return f"{whole // size} {unit}"
    return f"{whole} s"


def age_of(iso: str, now: float) -> str:
    """Say how long ago a moment of the ledger was."""
    if not iso:
        return ""
    return age(now - datetime.fromisoformat(iso).astimezone(UTC).timestamp())


def code_only(text: str, *, sees: bool) -> str:
    """Give a code; to who may not see patients only what looks like one, since senders write anything."""
    if sees or not text:
        return text
    return text if _CODE.fullmatch(text) else HIDDEN


def plural(count: int, one: str, many: str = "") -> str:
    """Write a count with its noun."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def group_name(secret: bytes, *words: str) -> str:
    """Name a group in an address, where its own words must not stand."""
    return hmac.new(secret, "\0".join(words).encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:16]


def printable(text: str) -> str:
    """Make what is no character visible: one dot for each."""
    return "".join(each if each.isprintable() else "\N{MIDDLE DOT}" for each in text)
