"""
Draw the tables of the ledger; the same on SQLite and PostgreSQL.

    message 1-n entry          every observation and its fate
    message 1-n submission     what is sent, at one position of one lane
    lane    1-n submission     one service request at one destination; strictly in order
    submission 1-n attempt     one call each; at most one open per lane
    destination                whether a vendor may be called: paused, or asked to wait
    rate_use                   how many calls it got lately, by slots of each window

Where a key is configured, `message.raw`, `file` and `control_id`, `lane.patient` and `birth_date`, and the words of a
correlation are sealed; `key_id` of the row says with which data key (none: they stand as they are). The columns
`..._hash` are keyed hashes, by which a sealed row is found and two are compared. A message with `pruned_at` has lost
its bytes and its values; what remains of a value is its keyed hash.

Times are whole microseconds since 1970 in UTC. `lane.due_at` is the heart of delivery: not null exactly while
the lane's first unfinished submission is queued and no attempt is open, and then the earliest time to try it.
`lane.priority` is 1 while anything urgent is queued on it, else 0: an urgent submission pulls its lane forward, since
what is before it has to go first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ColumnElement,
    Connection,
    Dialect,
    Executable,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from translator.ledger.states import ENTRY_STATES, MESSAGE_STATES, SUBMISSION_STATES

HEAD = "0004"

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class _NulSafeText(TypeDecorator[str]):
    """Text in PostgreSQL, which takes no NUL: a character of private use stands for it there."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's
        """Hide each NUL on the way in."""
        return value.replace("\0", _NUL) if value else value

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's
        """Show it again on the way out."""
        return value.replace(_NUL, "\0") if value else value


_NUL = "\uf8fe"
_TEXT = Text().with_variant(_NulSafeText(), "postgresql")

# SQLite numbers rows by itself only in a column declared INTEGER.
_KEY = BigInteger().with_variant(Integer(), "sqlite")


def _key() -> Column[int]:
    return Column("id", _KEY, primary_key=True, autoincrement=True)


def _link(name: str, target: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, _KEY, ForeignKey(f"{target}.id"), nullable=nullable)


def _sealed_with() -> Column[int]:
    return _link("key_id", "data_key", nullable=True)


def _text(name: str) -> Column[str]:
    return Column(name, _TEXT, nullable=False, server_default="")


def _time(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=nullable)


def _count(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default="0")


def _one_of(states: tuple[str, ...]) -> CheckConstraint:
    return CheckConstraint("state IN ({})".format(", ".join(f"'{state}'" for state in states)), name="state")


data_key = Table(
    "data_key",
    METADATA,
    _key(),
    _text("purpose"),
    Column("secret", LargeBinary, nullable=False),
    _text("wrapped_by"),
    _time("created_at"),
    _time("retired_at", nullable=True),
    CheckConstraint("purpose IN ('seal', 'hash')", name="purpose"),
)

journal = Table(
    "journal",
    METADATA,
    _key(),
    _time("at"),
    _text("deed"),
    _text("detail"),
)

message = Table(
    "message",
    METADATA,
    _key(),
    _time("received_at"),
    _text("site"),
    _text("file"),
    _count("file_index"),
    _text("format"),
    _text("type"),
    _text("control_id"),
    _text("sha256"),
    _text("tables_sha256"),
    _text("state"),
    _text("reason"),
    _text("diagnostics"),
    _count("entry_count"),
    Column("raw", LargeBinary, nullable=False),
    _sealed_with(),
    _time("pruned_at", nullable=True),
    _link("lane_id", "lane", nullable=True),
    _one_of(MESSAGE_STATES),
)

lane = Table(
    "lane",
    METADATA,
    _key(),
    _text("destination"),
    _text("service_request_id"),
    _text("patient"),
    _text("birth_date"),
    Column("next_position", BigInteger, nullable=False, server_default="1"),
    _count("fence"),
    _time("due_at", nullable=True),
    _count("priority"),
    _sealed_with(),
    _text("patient_hash"),
    _text("birth_date_hash"),
    UniqueConstraint("destination", "service_request_id"),
)
Index("ix_lane_turn", lane.c.destination, lane.c.priority, lane.c.due_at, **{  # type: ignore[arg-type]
    f"{dialect}_where": lane.c.due_at.is_not(None) for dialect in ("sqlite", "postgresql")
})  # fmt: skip

submission = Table(
    "submission",
    METADATA,
    _key(),
    _link("message_id", "message"),
    _link("lane_id", "lane"),
    Column("position", BigInteger, nullable=False),
    _text("kind"),
    Column("body", LargeBinary, nullable=False),
    _text("report_status"),
    _text("ordered_at"),
    _count("observation_count"),
    _text("idempotency_key"),
    _text("state"),
    _count("attempts"),
    _text("detail"),
    _text("target"),
    _count("urgent"),
    _text("tables_sha256"),
    UniqueConstraint("lane_id", "position"),
    _one_of(SUBMISSION_STATES),
)
Index("ix_submission_message", submission.c.message_id)
Index("ix_submission_unfinished", submission.c.lane_id, submission.c.position, **{  # type: ignore[arg-type]
    f"{dialect}_where": text("state IN ('queued', 'rejected', 'unknown')") for dialect in ("sqlite", "postgresql")
})  # fmt: skip

entry = Table(
    "entry",
    METADATA,
    _key(),
    _link("message_id", "message"),
    _count("number"),
    _text("at"),
    _text("state"),
    _text("reason"),
    _text("cause"),
    _text("table_row"),
    _link("lane_id", "lane", nullable=True),
    _link("submission_id", "submission", nullable=True),
    Column("observation", Integer, nullable=True),
    _text("source_key"),
    _text("source_value"),
    _text("source_unit"),
    _text("source_status"),
    _text("original_value"),
    _text("original_unit"),
    _text("code"),
    _text("ordered_at"),
    UniqueConstraint("message_id", "number"),
    _one_of(ENTRY_STATES),
)
Index("ix_entry_lane_key", entry.c.lane_id, entry.c.source_key)
Index("ix_entry_submission", entry.c.submission_id)

attempt = Table(
    "attempt",
    METADATA,
    _key(),
    _link("submission_id", "submission"),
    _link("lane_id", "lane"),
    _count("fence"),
    _time("started_at"),
    _time("ended_at", nullable=True),
    _text("outcome"),
    _text("answer"),
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
    _time("paused_at", nullable=True),
    _text("paused_why"),
    _text("paused_by"),
    _time("opens_at", nullable=True),
)

rate_use = Table(
    "rate_use",
    METADATA,
    Column("destination", Text, primary_key=True),
    Column("window_s", BigInteger, primary_key=True, autoincrement=False),
    Column("slot", BigInteger, primary_key=True, autoincrement=False),
    _count("used"),
)

correlation = Table(
    "correlation",
    METADATA,
    _key(),
    _text("source"),
    _text("key_type"),
    _text("key"),
    _text("service_request_id"),
    _text("requisition_id"),
    _text("patient"),
    _text("birth_date"),
    _text("panel"),
    _text("created"),
    _text("expires"),
    _time("imported_at"),
    _sealed_with(),
    _text("key_hash"),
    _text("patient_hash"),
    UniqueConstraint("source", "key_type", "key", "service_request_id"),
)
Index("ix_correlation_key_hash", correlation.c.key_hash)


def insert_or_ignore(connection: Connection, table: Table) -> Executable:
    """Make an INSERT that leaves a row alone that is there already; both databases know it, each by its own class."""
    if connection.dialect.name == "postgresql":
        return postgresql_insert(table).on_conflict_do_nothing()
    return sqlite_insert(table).on_conflict_do_nothing()


def of_messages(column: Column[int], message_ids: Sequence[int] | None) -> Iterator[ColumnElement[bool]]:
    """Make the conditions that together choose the rows of some messages, or one that chooses all."""
    if message_ids is None:
        yield true()
        return
    # A statement takes only so many parameters.
    for start in range(0, len(message_ids), _MOST_PARAMETERS):
        yield column.in_(message_ids[start : start + _MOST_PARAMETERS])


_MOST_PARAMETERS = 10_000
