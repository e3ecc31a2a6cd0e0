"""Decide from the first bytes what a stream is; the file's name decides nothing."""

from __future__ import annotations

import re

# Anchored and without a copy, since the stream may be one long message.
# UTF-16 and UTF-32: a byte order mark, or the first letters of MSH, BHS, FHS or JSON with noughts between.
_WIDE = re.compile(
    rb"\xff\xfe|\xfe\xff|\x00\x00\xfe\xff|\x00{0,3}[MBF]\x00{1,3}[SH]\x00{1,3}[HS]\x00|\x00{1,3}[MBF]\x00{1,3}[SH]\x00"
    rb"|\x00{0,3}[\[{]\x00"
)
_FORMS = {b"{": "fhir", b"[": "fhir", b"<": "fhir-xml"}
_START = re.compile(rb"(?:\xef\xbb\xbf)?\s*(.)?", re.DOTALL)


def detect(head: bytes) -> str:
    """
    Name the format that the first bytes announce.

    Shape: `fhir` (JSON), `fhir-xml`, `hl7v2`, `wide` (UTF-16 or UTF-32, which nothing here reads), or empty for an
    empty stream. What is neither JSON nor XML is left to the HL7 reader, which says what is missing.
    """
    if _WIDE.match(head):
        return "wide"
    match = _START.match(head)
    first = match[1] if match else None
    if first is None:
        return ""
    return _FORMS.get(first, "hl7v2")
