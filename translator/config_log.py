"""List the settings of what the service writes to standard error. (pure)"""

from __future__ import annotations

from msgspec import Struct

LOG_FORMATS = ("json", "text")
LOG_LEVELS = ("debug", "info", "warning", "error")


class LogSettings(Struct, frozen=True):
    """
    How much is said, and in which form.

    Absent: `format` is empty for lines of text on a terminal and JSON elsewhere.
    """

    format: str = ""
    level: str = "warning"
