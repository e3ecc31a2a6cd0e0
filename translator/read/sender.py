"""
Read who sent an HL7 v2 message, before anything else of it is read: a site's tables are chosen by that.

Source: HL7 v2.9 2.14.9.3, 2.14.9.4 (MSH-3, MSH-4).
"""

from __future__ import annotations

import re

from msgspec import Struct

from translator.read.er7 import Unescape, read_delimiters

_HEADER = re.compile(rb"[\x0b\s]*(?:\xef\xbb\xbf)?(MSH[^\r\n]{1,2000})")
_APPLICATION, _FACILITY = 2, 3


class Sender(Struct, frozen=True, gc=False):
    """Application and facility as MSH-3.1 and MSH-4.1 name them; each may be empty."""

    application: str = ""
    facility: str = ""

    def is_named_by(self, name: str) -> bool:
        """Tell whether a setting names this sender: `LAB` is the application, `LAB|HOSPITAL` both."""
        application, _, facility = name.partition("|")
        return application.strip() == self.application and facility.strip() in ("", self.facility)


def read_sender(raw: bytes) -> Sender:
    """
    Read the first MSH of some bytes.

    Absent: both are empty where this is no HL7 v2.
    """
    found = _HEADER.match(raw)
    header = _decoded(found[1]) if found else ""
    delimiters = read_delimiters(header) if header else None
    if delimiters is None:
        return Sender()
    unescape = Unescape(delimiters)
    fields = [*header.split(delimiters.field), "", "", ""]

    def first(field: str) -> str:
        return unescape(field.split(delimiters.repetition, 1)[0].split(delimiters.component, 1)[0]).strip()

    return Sender(first(fields[_APPLICATION]), first(fields[_FACILITY]))


def _decoded(header: bytes) -> str:
    # MSH-18 is not read here: names of senders are ASCII, and where one is not, it is in one of these two.
    try:
        return header.decode()
    except UnicodeDecodeError:
        return header.decode("latin-1")
