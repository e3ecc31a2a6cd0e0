"""
Draw the tables of the ledger; the same on SQLite and PostgreSQL.

    message 1-n entry          every observation and its fate
    message 1-n submission     what is sent, at one position of one lane
    lane    1-n submission     one service request at one destination; strictly in order
    submission 1-n attempt     one call each; at most one open per lane
    submission 1-1 receipt     what a vendor gave for an order (receipts.py)
    message 1-1 trace_context  the trace that goes on with it, where it is traced (trace_contexts.py)
    destination                whether a vendor may be called: paused, or asked to wait
    rate_use                   how many calls it got lately, by slots of each window

Where a key is configured, `message.raw`, `file` and `control_id`, `lane.patient` and `birth_date`, the words of a
correlation and of a receipt are sealed; `key_id` of the row says with which data key (none: they stand as they are).
The columns `..._hash` are keyed hashes, by which a sealed row is found and two are compared. A message with `pruned_at`
has lost its bytes and its values; what remains of a value is its keyed hash. `message.asked` is 1 where something of it
was held when it came: those are looked up when the same bytes come again (twins.py). `message.intake_key` is the keyed
hash of what its intake knows it by, where it knows it by anything (intakes.py).

Times are whole microseconds since 1970 in UTC. `lane.due_at` is the heart of delivery: not null exactly while
the lane's first unfinished submission is queued and no attempt is open, and then the earliest time to try it.
`lane.priority` is 1 while anything urgent is queued on it, else 0: an urgent submission pulls its lane forward, since
what is before it has to go first. `attempt.worker` is the worker of a cluster that made it (cluster.py), 0 without one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ColumnElement,
    Connection,
    Executable,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
    true,
)

from translator.ledger.columns import METADATA, count, instant, key, link, one_of, sealed_with, words
from translator.ledger.states import ENTRY_STATES, MESSAGE_STATES, SUBMISSION_STATES

HEAD = "0012"

data_key = Table(
    "data_key",
    METADATA,
    key(),
    words("purpose"),
    Column("secret", LargeBinary, nullable=False),
    words("wrapped_by"),
    instant("created_at"),
    instant("retired_at", nullable=True),
    CheckConstraint("purpose IN ('seal', 'hash')", name="purpose"),
)

journal = Table(
    "journal",
    METADATA,
    key(),
    instant("at"),
    words("deed"),
    words("detail"),
)

message = Table(
    "message",
    METADATA,
    key(),
    instant("received_at"),
    words("site"),
    words("file"),
    count("file_index"),
    words("format"),
    words("type"),
    words("control_id"),
    words("sha256"),
    words("tables_sha256"),
    words("state"),
    words("reason"),
    words("diagnostics"),
    count("entry_count"),
    Column("raw", LargeBinary, nullable=False),
    sealed_with(),
    instant("pruned_at", nullable=True),
    link("lane_id", "lane", nullable=True),
    count("asked"),
    words("intake"),
    words("intake_key"),
    one_of(MESSAGE_STATES),
)
Index("uq_message_intake_key", message.c.intake_key, unique=True, **{  # type: ignore[arg-type]
    f"{dialect}_where": text("intake_key <> ''") for dialect in ("sqlite", "postgresql")
})  # fmt: skip
Index("ix_message_asked", message.c.sha256, **{  # type: ignore[arg-type]
    f"{dialect}_where": text("asked = 1") for dialect in ("sqlite", "postgresql")
})  # fmt: skip

lane = Table(
    "lane",
    METADATA,
    key(),
    words("destination"),
    words("service_request_id"),
    words("patient"),
    words("birth_date"),
    Column("next_position", BigInteger, nullable=False, server_default="1"),
    count("fence"),
    instant("due_at", nullable=True),
    count("priority"),
    sealed_with(),
    words("patient_hash"),
    words("birth_date_hash"),
    UniqueConstraint("destination", "service_request_id"),
)
Index("ix_lane_turn", lane.c.destination, lane.c.priority, lane.c.due_at, **{  # type: ignore[arg-type]
    f"{dialect}_where": lane.c.due_at.is_not(None) for dialect in ("sqlite", "postgresql")
})  # fmt: skip

submission = Table(
    "submission",
    METADATA,
    key(),
    link("message_id", "message"),
    link("lane_id", "lane"),
    Column("position", BigInteger, nullable=False),
    words("kind"),
    Column("body", LargeBinary, nullable=False),
    words("report_status"),
    words("ordered_at"),
    count("observation_count"),
    words("idempotency_key"),
    words("state"),
    count("attempts"),
    words("detail"),
    words("target"),
    count("urgent"),
    words("tables_sha256"),
    UniqueConstraint("lane_id", "position"),
    one_of(SUBMISSION_STATES),
)
Index("ix_submission_message", submission.c.message_id)
Index("ix_submission_unfinished", submission.c.lane_id, submission.c.position, **{  # type: ignore[arg-type]
    f"{dialect}_where": text("state IN ('queued', 'rejected', 'unknown')") for dialect in ("sqlite", "postgresql")
})  # fmt: skip

entry = Table(
    "entry",
    METADATA,
    key(),
    link("message_id", "message"),
    count("number"),
    words("at"),
    words("state"),
    words("reason"),
    words("cause"),
    words("table_row"),
    link("lane_id", "lane", nullable=True),
    link("submission_id", "submission", nullable=True),
    Column("observation", Integer, nullable=True),
    words("source_key"),
    words("source_value"),
    words("source_unit"),
    words("source_status"),
    words("original_value"),
    words("original_unit"),
    words("code"),
    words("ordered_at"),
    UniqueConstraint("message_id", "number"),
    one_of(ENTRY_STATES),
)
Index("ix_entry_lane_key", entry.c.lane_id, entry.c.source_key)
Index("ix_entry_submission", entry.c.submission_id)

attempt = Table(
    "attempt",
    METADATA,
    key(),
    link("submission_id", "submission"),
    link("lane_id", "lane"),
    count("fence"),
    instant("started_at"),
    instant("ended_at", nullable=True),
    words("outcome"),
    words("answer"),
    count("worker"),
    UniqueConstraint("lane_id", "fence"),
)
Index("ix_attempt_submission", attempt.c.submission_id)
Index("uq_attempt_open", attempt.c.lane_id, unique=True, **{  # type: ignore[arg-type]
    f"{dialect}_where": attempt.c.ended_at.is_(None) for dialect in ("sqlite", "postgresql")
})  # fmt: skip

destination = Table(
    "destination",
    METADATA,
    Column("name", Text, primary_key=True),
    instant("paused_at", nullable=True),
    words("paused_why"),
    words("paused_by"),
    instant("opens_at", nullable=True),
)

rate_use = Table(
    "rate_use",
    METADATA,
    Column("destination", Text, primary_key=True),
    Column("window_s", BigInteger, primary_key=True, autoincrement=False),
    Column("slot", BigInteger, primary_key=True, autoincrement=False),
    count("used"),
)

correlation = Table(
    "correlation",
    METADATA,
    key(),
    words("source"),
    words("key_type"),
    words("key"),
    words("service_request_id"),
    words("requisition_id"),
    words("patient"),
    words("birth_date"),
    words("panel"),
    words("created"),
    words("expires"),
    instant("imported_at"),
    sealed_with(),
    words("key_hash"),
    words("patient_hash"),
    UniqueConstraint("source", "key_type", "key", "service_request_id"),
)
Index("ix_correlation_key_hash", correlation.c.key_hash)


def insert_or_ignore(connection: Connection, table: Table) -> Executable:
    """Make an INSERT that leaves a row alone that is there already; both databases know it, each by its own class."""
    return _insert_or_ignore(table, is_postgresql=connection.dialect.name == "postgresql")


@lru_cache(maxsize=16)
def _insert_or_ignore(table: Table, *, is_postgresql: bool) -> Executable:
    # Each is imported where it is used: PostgreSQL's is a tenth of the start of a command that has no need of it.
    if is_postgresql:
        from sqlalchemy.dialects.postgresql import insert as postgresql_insert  # noqa: PLC0415

        return postgresql_insert(table).on_conflict_do_nothing()
    from sqlalchemy.dialects.sqlite import insert as sqlite_insert  # noqa: PLC0415

    return sqlite_insert(table).on_conflict_do_nothing()


def of_messages(column: Column[Any], message_ids: Sequence[Any] | None) -> Iterator[ColumnElement[bool]]:
    """Make the conditions that together choose the rows of some messages, or of other keys, or one that chooses all."""
    if message_ids is None:
        yield true()
        return
    for start in range(0, len(message_ids), MOST_PARAMETERS):
        yield column.in_(message_ids[start : start + MOST_PARAMETERS])


MOST_PARAMETERS = 10_000
"""A statement takes only so many."""
