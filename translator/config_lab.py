"""
List the settings of the lab's side: where orders and reports are brought, and in which form. (pure)

They stand apart from the others because they are about whom we write to, not about whom we answer.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from msgspec import Struct

MLLP, MLLP_OVER_TLS = "mllp", "mllps"
SCHEMES = (MLLP, MLLP_OVER_TLS)
FORMATS = ("hl7v2", "fhir")
ON_UNKNOWN = ("hold", "resend")


class LabSettings(Struct, frozen=True):
    """
    How the lab is reached.

    Shape: `to` is a folder, `mllp://host:port`, or `mllps://host:port` for MLLP over TLS. `receiver` is what MSH-5
    says, `facility` MSH-6. `short_keys` says that the lab's order number is too short for a UUID. `on_unknown` is
    `resend` where the lab takes the same control id only once. `ca`, `certificate` and `key` are files in PEM.
    Units: `timeout_s` in seconds, for the connection and again for the acknowledgement.
    Absent: `to` is empty where nothing is brought to the lab; `ca` where the system says whom to trust; `certificate`
    where the lab asks for none, and `key` where it stands in the same file.
    """

    to: str = ""
    format: str = FORMATS[0]
    receiver: str = "LAB"
    facility: str = ""
    short_keys: bool = False
    timeout_s: float = 30.0
    on_unknown: str = ON_UNKNOWN[0]
    ca: str = ""
    certificate: str = ""
    key: str = ""

    @property
    def is_over_tls(self) -> bool:
        """Whether the lab is spoken to over TLS."""
        return urlsplit(self.to).scheme == MLLP_OVER_TLS


def mllp_address(to: str) -> tuple[str, int] | None:
    """Give host and port of an MLLP address; None for a folder."""
    parts = urlsplit(to)
    if parts.scheme not in SCHEMES:
        return None
    return parts.hostname or "", parts.port or 0
