"""Decide from the first bytes what a stream is; the file's name decides nothing."""

from __future__ import annotations

import re

# Anchored and without a copy, since the stream may be one long message.
_START = re.compile(rb"(?:\xef\xbb\xbf)?\s*(.)?", re.DOTALL)


def detect(head: bytes) -> str:
    """
    Name the format that the first bytes announce.

    Shape: `fhir` (JSON), `hl7v2`, or empty for an empty stream. Anything that is not JSON is left to the HL7 reader,
    which says what is missing.
    """
    match = _START.match(head)
    first = match[1] if match else None
    if first is None:
        return ""
    return "fhir" if first in b"{[" else "hl7v2"
