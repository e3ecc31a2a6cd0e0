"""
Take one person out of the ledger: the messages of their lanes, those that name them, and their orders.

The person is told by the identifier that results carry (PID-3, or a FHIR patient's identifier), or by WHOOP's id of the
member. The account of what was received and sent stays, without anything that tells of whom: what is compared later is
kept as a keyed hash.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from sqlalchemy import Column, ColumnElement, Connection, and_, delete, func, insert, select, update

from translator.errors import LedgerError
from translator.ledger import schema
from translator.ledger.database import Database
from translator.ledger.event_tables import NOTED, WAITING, event, requisition
from translator.ledger.events import forget_resources
from translator.ledger.moves import move
from translator.ledger.person_traces import Traces, find_traces
from translator.ledger.positions import forgotten_name
from translator.ledger.retention import strip_messages
from translator.ledger.states import UNFINISHED
from translator.ledger.vault import Vault
from translator.record.event import WHOOP

_message, _entry, _submission = schema.message, schema.entry, schema.submission
_lane, _correlation = schema.lane, schema.correlation

ERASED = "erased"


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
    """Find everything of one person, and count it."""
    return _counted(connection, find_traces(connection, vault, patient), vault.hash("patient", patient))


def _counted(connection: Connection, found: Traces, hashed: str) -> Erasure:
    orders = {
        number
        for chosen in _correlations(found, hashed)
        for number in connection.execute(select(_correlation.c.id).where(chosen)).scalars()
    }
    return Erasure(
        message_ids=found.message_ids,
        lanes=len(found.lanes),
        correlations=len(orders),
        held=_count(connection, _entry.c.message_id, found.message_ids, _entry.c.state == "held"),
        undecided=_count(connection, _submission.c.lane_id, found.lanes, _submission.c.state.in_(UNFINISHED)),
    )


def erase(database: Database, vault: Vault, patient: str, now: int) -> Erasure:
    """
    Erase one person, in one transaction.

    Raises: LedgerError where something of theirs is still queued or undecided.
    """
    hashed = vault.hash("patient", patient)
    with database.write() as connection:
        found = find_traces(connection, vault, patient)
        plan = _counted(connection, found, hashed)
        if plan.undecided:
            raise LedgerError(
                f"{plan.undecided} submissions of this person are queued, rejected or unknown; deliver or decide "
                "them first (`translator ledger list --state unknown`), then erase"
            )
        for chosen in schema.of_messages(_entry.c.message_id, plan.message_ids):
            move(connection, _entry, and_(chosen, _entry.c.state == "held"), "dropped")
        strip_messages(connection, vault, plan.message_ids, now)
        for chosen in _correlations(found, hashed):
            connection.execute(delete(_correlation).where(chosen))
        _forget_events(connection, vault, found)
        _forget_names(connection, vault, found)
        detail = (
            f"messages={len(plan.message_ids)} lanes={plan.lanes} correlations={plan.correlations} held={plan.held}"
        )
        connection.execute(insert(schema.journal), {"at": now, "deed": "erased", "detail": detail})
    database.forget_pages()
    return plan


def _correlations(found: Traces, hashed: str) -> Iterator[ColumnElement[bool]]:
    """Choose the order numbers of a person: those that name them, and those of their service requests."""
    yield _correlation.c.patient_hash == hashed
    yield from schema.of_messages(_correlation.c.service_request_id, sorted(found.orders))


def _forget_events(connection: Connection, vault: Vault, found: Traces) -> None:
    """Leave of what vendors told only that it was told: the same told again is still known, and not acted on."""
    over = {"state": NOTED, "answer": ERASED, "due_at": None}
    for chosen in schema.of_messages(event.c.id, found.events):
        connection.execute(update(event).where(chosen, event.c.state == WAITING).values(over))
        forget_resources(connection, vault, and_(chosen, event.c.vendor == WHOOP))
    for chosen in schema.of_messages(requisition.c.requisition_id, sorted(found.requisitions)):
        connection.execute(delete(requisition).where(chosen))


def _forget_names(connection: Connection, vault: Vault, found: Traces) -> None:
    """Leave of the lanes' names a keyed hash, by which a re-send still finds its lane."""
    for chosen in schema.of_messages(_lane.c.id, found.lanes):
        for row in connection.execute(
            select(_lane.c.id, _lane.c.destination, _lane.c.service_request_id).where(chosen)
        ).all():
            bare = {"patient": "", "birth_date": "", "key_id": None}
            name = forgotten_name(vault, (row.destination, row.service_request_id))
            connection.execute(update(_lane).where(_lane.c.id == row.id).values(bare | {"service_request_id": name}))
    for chosen in schema.of_messages(_submission.c.lane_id, found.lanes):
        connection.execute(update(_submission).where(chosen, _submission.c.target != "").values(target=""))


def _count(
    connection: Connection, column: Column[int], numbers: tuple[int, ...], condition: ColumnElement[bool]
) -> int:
    return sum(
        connection.execute(select(func.count()).where(chosen, condition)).scalar_one()
        for chosen in schema.of_messages(column, numbers)
    )
