"""
List the settings of the lab's side: where orders and reports are brought, and in which form. (pure)

They stand apart from the others because they are about whom we write to, not about whom we answer.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from msgspec import Struct

MLLP = "mllp://"
FORMATS = ("hl7v2", "fhir")


class LabSettings(Struct, frozen=True):
    """
    How the lab is reached.

    Shape: `to` is a folder, or `mllp://host:port`. `receiver` is what MSH-5 says, `facility` MSH-6. `short_keys` says
    that the lab's order number is too short for a UUID.
    Units: `timeout_s` in seconds, for the connection and again for the acknowledgement.
    Absent: `to` is empty where nothing is brought to the lab.
    """

    to: str = ""
    format: str = FORMATS[0]
    receiver: str = "LAB"
    facility: str = ""
    short_keys: bool = False
    timeout_s: float = 30.0


def mllp_address(to: str) -> tuple[str, int] | None:
    """Give host and port of an MLLP address; None for a folder."""
    if not to.startswith(MLLP):
        return None
    parts = urlsplit(to)
    return parts.hostname or "", parts.port or 0
