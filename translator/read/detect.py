"""Decide from the first bytes what a stream is; the file's name decides nothing."""

from __future__ import annotations

_BOM = b"\xef\xbb\xbf"


def detect(head: bytes) -> str:
    """
    Name the format that the first bytes announce.

    Shape: `fhir` (JSON), `hl7v2`, or empty for an empty stream. Anything that is not JSON is left to the HL7 reader,
    which says what is missing.
    """
    start = head.removeprefix(_BOM).lstrip()
    if not start:
        return ""
    return "fhir" if start[:1] in b"{[" else "hl7v2"
