"""Name what a ledger may say of a result that other tables make otherwise, and what replaying it would do."""

from __future__ import annotations

DIFFERS = "differs"
"""What was delivered is not what the tables say now."""

CORRECTION, NEW, NOTHING, HELD, WITHHELD = (
    "again-correction", "again-new", "again-nothing", "again-held", "again-withheld",
)  # fmt: skip
"""What the same message would do if it came again: send a correction, or a new result; nothing; be held; have none."""
