"""
Take the bytes of messages and the identity of people out of the ledger, and keep the account.

Of each message there remain its entries with their states, codes and units; of a value, of the key that names an
observation and of the message's own hash there remains a keyed hash. So the ledger still balances, and a message that
is sent again years later is still known. What is held, queued or undecided is left alone: a person needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, exists, func, insert, or_, select, update

from translator.ledger import schema
from translator.ledger.database import Database
from translator.ledger.decision_tables import decision
from translator.ledger.event_tables import WAITING, event
from translator.ledger.events import forget_resources
from translator.ledger.following import forget_names
from translator.ledger.receipts import receipt
from translator.ledger.states import UNFINISHED
from translator.ledger.trace_contexts import forget_contexts
from translator.ledger.vault import Vault
from translator.record.event import ACURABLE

MESSAGES_AT_ONCE = 200

_message, _entry, _submission = schema.message, schema.entry, schema.submission
_lane, _correlation = schema.lane, schema.correlation


class Pruning(Struct, frozen=True):
    """
    What a prune takes, or would take.

    Shape: `kept` counts messages that are old enough, but held, queued or undecided.
    """

    messages: int
    correlations: int
    kept: int


def plan_pruning(connection: Connection, before: int) -> Pruning:
    """Count what is older than an instant."""
    old = and_(_message.c.received_at < before, _message.c.pruned_at.is_(None))
    messages = connection.execute(select(func.count(_message.c.id)).where(old, ~is_open())).scalar_one()
    kept = connection.execute(select(func.count(_message.c.id)).where(old, is_open())).scalar_one()
    correlations = connection.execute(select(func.count(_correlation.c.id)).where(_is_past(before))).scalar_one()
    return Pruning(messages, correlations, kept)


def prune(database: Database, vault: Vault, before: int, now: int, progress: Callable[[int, int], None]) -> Pruning:
    """Strip what is older than an instant, in small transactions; cut short, the next run does the rest."""
    with database.read() as connection:
        plan = plan_pruning(connection, before)
    done = 0
    old = and_(_message.c.received_at < before, _message.c.pruned_at.is_(None), ~is_open())
    next_ones = select(_message.c.id).where(old).order_by(_message.c.id).limit(MESSAGES_AT_ONCE)
    while True:
        with database.write() as connection:
            message_ids = connection.execute(next_ones).scalars().all()
            strip_messages(connection, vault, message_ids, now)
        if not message_ids:
            break
        done += len(message_ids)
        progress(done, max(done, plan.messages))
    with database.write() as connection:
        correlations = connection.execute(delete(_correlation).where(_is_past(before))).rowcount
        detail = f"messages={done} correlations={correlations} kept={plan.kept}"
        connection.execute(insert(schema.journal), {"at": now, "deed": "pruned", "detail": detail})
    database.forget_pages()
    return Pruning(done, correlations, plan.kept)


def strip_messages(connection: Connection, vault: Vault, message_ids: Sequence[int], now: int) -> None:
    """
    Take bytes, names, values and what people wrote out of some messages, and the patient out of lanes.

    A lane that another message still speaks of keeps its patient.
    """
    for chosen in _parts(message_ids):
        _hash_rows(connection, vault, chosen)
        sent = _submission.c.message_id.in_(chosen)
        connection.execute(update(_submission).where(sent).values(body=b"", idempotency_key=""))
        connection.execute(delete(receipt).where(receipt.c.submission_id.in_(select(_submission.c.id).where(sent))))
        # A person may have written anything into a reason.
        connection.execute(update(decision).where(decision.c.message_id.in_(chosen)).values(reason=""))
        # A publisher may have named its message after a person.
        forget_names(connection, chosen)
        forget_contexts(connection, chosen)
        # The hash of a body that holds little would tell what was in it.
        forget_resources(connection, vault, and_(event.c.message_id.in_(chosen), event.c.vendor == ACURABLE))
        stripped = {"raw": b"", "file": "", "control_id": "", "key_id": None, "pruned_at": now}
        connection.execute(update(_message).where(_message.c.id.in_(chosen)).values(stripped))
        bare = {"patient": "", "birth_date": "", "key_id": None}
        lanes = (
            select(_entry.c.lane_id)
            .where(_entry.c.message_id.in_(chosen))
            .union(select(_submission.c.lane_id).where(sent))
        )
        connection.execute(update(_lane).where(_lane.c.id.in_(lanes), ~_is_needed()).values(bare))


def is_open() -> ColumnElement[bool]:
    """Make the condition that a message still waits for a vendor, for a person, or to be acted on."""
    unfinished = exists().where(_submission.c.message_id == _message.c.id, _submission.c.state.in_(UNFINISHED))
    held = exists().where(_entry.c.message_id == _message.c.id, _entry.c.state == "held")
    # A report without observations is held as a message alone.
    bare = and_(_message.c.state == "held", _message.c.entry_count == 0)
    announced = exists().where(event.c.message_id == _message.c.id, event.c.state == WAITING)
    return or_(unfinished, held, bare, announced)


def _hash_rows(connection: Connection, vault: Vault, message_ids: Sequence[int]) -> None:
    """Replace what tells of a person by its keyed hash, as histories.py compares it."""
    entries = connection.execute(
        select(_entry.c.id, _entry.c.source_key, _entry.c.source_value).where(_entry.c.message_id.in_(message_ids))
    )
    changes: list[dict[str, Any]] = [
        {"row": row_id, "key_is": vault.hash_key(key), "value_is": vault.hash("source_value", value)}
        for row_id, key, value in entries
    ]
    if changes:
        connection.execute(_HASH_ENTRY, changes)
    hashes = connection.execute(select(_message.c.id, _message.c.sha256).where(_message.c.id.in_(message_ids)))
    connection.execute(
        _HASH_MESSAGE, [{"row": row_id, "sha256_is": vault.hash("sha256", sha256)} for row_id, sha256 in hashes]
    )


def _is_needed() -> ColumnElement[bool]:
    """Make the condition that a message with its bytes still speaks of a lane."""
    kept = _message.c.pruned_at.is_(None)
    told = exists().where(_entry.c.lane_id == _lane.c.id, _entry.c.message_id == _message.c.id, kept)
    sent = exists().where(_submission.c.lane_id == _lane.c.id, _submission.c.message_id == _message.c.id, kept)
    return or_(told, sent)


def _is_past(before: int) -> ColumnElement[bool]:
    day = datetime.fromtimestamp(before / 1_000_000, UTC).date().isoformat()
    has_end = _correlation.c.expires != ""
    return or_(and_(has_end, _correlation.c.expires < day), and_(~has_end, _correlation.c.imported_at < before))


def _parts(message_ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(message_ids), MESSAGES_AT_ONCE):
        yield message_ids[start : start + MESSAGES_AT_ONCE]


_HASH_ENTRY = (
    update(_entry)
    .where(_entry.c.id == bindparam("row"))
    .values(source_key=bindparam("key_is"), source_value=bindparam("value_is"), original_value="")
)
_HASH_MESSAGE = update(_message).where(_message.c.id == bindparam("row")).values(sha256=bindparam("sha256_is"))
