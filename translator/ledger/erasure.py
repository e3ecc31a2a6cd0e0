"""
Take one person out of the ledger: the messages of their lanes, those that name them, and their orders.

The person is told by the identifier that results carry (PID-3, or a FHIR patient's identifier). The account of what
was received and sent stays, without anything that tells of whom.
"""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import Column, ColumnElement, Connection, and_, delete, func, insert, select, update

from translator.errors import LedgerError
from translator.ledger import schema
from translator.ledger.database import Database
from translator.ledger.keys import BrokenSealError
from translator.ledger.moves import move
from translator.ledger.persons import names_patient
from translator.ledger.retention import strip_messages
from translator.ledger.states import UNFINISHED
from translator.ledger.vault import Vault

_message, _entry, _submission = schema.message, schema.entry, schema.submission
_lane, _correlation = schema.lane, schema.correlation


class Erasure(Struct, frozen=True):
    """
    What an erasure takes, or would take.

    Shape: `undecided` counts submissions that are queued, rejected or unknown; while there are any, nothing is erased.
    `held` counts entries that are dropped with it.
    """

    message_ids: tuple[int, ...]
    lanes: int
    correlations: int
    held: int
    undecided: int


def plan_erasure(connection: Connection, vault: Vault, patient: str) -> Erasure:
    """Find everything of one person."""
    hashed = vault.hash("patient", patient)
    lanes = select(_lane.c.id).where(_lane.c.patient_hash == hashed)
    told = select(_entry.c.message_id).where(_entry.c.lane_id.in_(lanes))
    sent = select(_submission.c.message_id).where(_submission.c.lane_id.in_(lanes))
    found = set(connection.execute(told.union(sent)).scalars()) | _that_name(connection, vault, patient)
    kept = set(connection.execute(select(_message.c.id).where(_message.c.pruned_at.is_(None))).scalars())
    message_ids = tuple(sorted(found & kept))
    orders = select(func.count(_correlation.c.id)).where(_correlation.c.patient_hash == hashed)
    return Erasure(
        message_ids=message_ids,
        lanes=len(connection.execute(lanes).all()),
        correlations=connection.execute(orders).scalar_one(),
        held=_count(connection, _entry.c.message_id, message_ids, _entry.c.state == "held"),
        undecided=_count(connection, _submission.c.message_id, message_ids, _submission.c.state.in_(UNFINISHED)),
    )


def erase(database: Database, vault: Vault, patient: str, now: int) -> Erasure:
    """
    Erase one person, in one transaction.

    Raises: LedgerError where something of theirs is still queued or undecided.
    """
    with database.write() as connection:
        plan = plan_erasure(connection, vault, patient)
        if plan.undecided:
            raise LedgerError(
                f"{plan.undecided} submissions of this person are queued, rejected or unknown; deliver or decide "
                "them first (`translator ledger list --state unknown`), then erase"
            )
        for chosen in schema.of_messages(_entry.c.message_id, plan.message_ids):
            move(connection, _entry, and_(chosen, _entry.c.state == "held"), "dropped")
        strip_messages(connection, vault, plan.message_ids, now)
        hashed = vault.hash("patient", patient)
        bare = {"patient": "", "birth_date": "", "key_id": None}
        connection.execute(update(_lane).where(_lane.c.patient_hash == hashed).values(bare))
        connection.execute(delete(_correlation).where(_correlation.c.patient_hash == hashed))
        detail = (
            f"messages={len(plan.message_ids)} lanes={plan.lanes} correlations={plan.correlations} held={plan.held}"
        )
        connection.execute(insert(schema.journal), {"at": now, "deed": "erased", "detail": detail})
    database.forget_pages()
    return plan


def _that_name(connection: Connection, vault: Vault, patient: str) -> set[int]:
    """Look into every message that is kept: one that was held or refused may be on no lane."""
    columns = (_message.c.id, _message.c.raw, _message.c.key_id)
    query = select(*columns).where(_message.c.pruned_at.is_(None)).execution_options(yield_per=200)
    found = set()
    for row in connection.execute(query).mappings():
        try:
            raw = vault.open_message(connection, row)
        except BrokenSealError:
            continue
        if names_patient(raw, patient):
            found.add(row["id"])
    return found


def _count(
    connection: Connection, column: Column[int], message_ids: tuple[int, ...], condition: ColumnElement[bool]
) -> int:
    return sum(
        connection.execute(select(func.count()).where(chosen, condition)).scalar_one()
        for chosen in schema.of_messages(column, message_ids)
    )
