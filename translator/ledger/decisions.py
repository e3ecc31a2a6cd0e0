"""Record what a person decided, why, and about what: the ledger's memory of everything that no rule decided."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from sqlalchemy import Connection, insert, select

from translator.ledger.decision_tables import decision as table
from translator.ledger.moments import moment_text
from translator.ledger.view_shapes import DecisionView


class Decision(Struct, frozen=True):
    """What is done (`release`, `drop`, `resend`, `accept`, `replay`), by whom, and why."""

    deed: str
    by: str = ""
    reason: str = ""


def record(
    connection: Connection,
    decision: Decision,
    message_id: int,
    now: int,
    *,
    submission_id: int | None = None,
    entries: Sequence[str] = (),
) -> None:
    """Write a decision down, in the transaction that carries it out."""
    row = {
        "at": now,
        "deed": decision.deed,
        "by": decision.by,
        "reason": decision.reason,
        "message_id": message_id,
        "submission_id": submission_id,
        "entries": ",".join(entries),
    }
    connection.execute(insert(table), row)


def read_decisions(connection: Connection, message_id: int) -> list[DecisionView]:
    """Read every decision about a message, in the order in which they were made."""
    query = select(table).where(table.c.message_id == message_id).order_by(table.c.id)
    return [
        DecisionView(
            moment_text(row["at"]),
            row["deed"],
            row["by"],
            row["reason"],
            tuple(filter(None, row["entries"].split(","))),
        )
        for row in connection.execute(query).mappings()
    ]
