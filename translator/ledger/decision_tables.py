"""
Draw the tables of what people decide, and of what they were told; they stand beside those of schema.py.

    message 1-n decision       what a person decided about it, or about a submission of it
    notice                     one row per cause that somebody was told of, and when
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Table, Text, text

from translator.ledger.columns import METADATA
from translator.ledger.schema import attempt, entry, message

# The columns of keys and links are those of every other table.
_KEY = attempt.c.id.type


def _words(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="")


decision = Table(
    "decision",
    METADATA,
    Column("id", _KEY, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    _words("deed"),
    _words("by"),
    _words("reason"),
    Column("message_id", _KEY, ForeignKey("message.id"), nullable=False),
    Column("submission_id", _KEY, ForeignKey("submission.id"), nullable=True),
    _words("entries"),
)
Index("ix_decision_message", decision.c.message_id)

notice = Table(
    "notice",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("told_at", BigInteger, nullable=False),
    Column("told", BigInteger, nullable=False, server_default="0"),
)

# What waits for a person is little among all that was ever kept, and is asked for often.
for _held in (entry.c.message_id, message.c.id):
    Index(f"ix_{_held.table.name}_held", _held, **{  # type: ignore[arg-type]
        f"{dialect}_where": text("state = 'held'") for dialect in ("sqlite", "postgresql")
    })  # fmt: skip
