"""Write times of the ledger for people. (pure)"""

from __future__ import annotations

from datetime import UTC, datetime


def moment_text(moment: int | None) -> str:
    """Write a time of the ledger for people; empty where there is none."""
    if moment is None:
        return ""
    return datetime.fromtimestamp(moment / 1_000_000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
