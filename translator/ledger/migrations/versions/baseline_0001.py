"""Create the ledger as version 0.1 knows it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "correlation",
        sa.Column("id", _KEY, autoincrement=True, nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("key_type", sa.Text(), server_default="", nullable=False),
        sa.Column("key", sa.Text(), server_default="", nullable=False),
        sa.Column("service_request_id", sa.Text(), server_default="", nullable=False),
        sa.Column("requisition_id", sa.Text(), server_default="", nullable=False),
        sa.Column("patient", sa.Text(), server_default="", nullable=False),
        sa.Column("birth_date", sa.Text(), server_default="", nullable=False),
        sa.Column("panel", sa.Text(), server_default="", nullable=False),
        sa.Column("created", sa.Text(), server_default="", nullable=False),
        sa.Column("expires", sa.Text(), server_default="", nullable=False),
        sa.Column("imported_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correlation")),
        sa.UniqueConstraint(
            "source",
            "key_type",
            "key",
            "service_request_id",
            name=op.f("uq_correlation_source_key_type_key_service_request_id"),
        ),
    )
    op.create_index("ix_correlation_key", "correlation", ["key"], unique=False)
    op.create_table(
        "lane",
        sa.Column("id", _KEY, autoincrement=True, nullable=False),
        sa.Column("destination", sa.Text(), server_default="", nullable=False),
        sa.Column("service_request_id", sa.Text(), server_default="", nullable=False),
        sa.Column("patient", sa.Text(), server_default="", nullable=False),
        sa.Column("birth_date", sa.Text(), server_default="", nullable=False),
        sa.Column("next_position", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("fence", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lane")),
        sa.UniqueConstraint("destination", "service_request_id", name=op.f("uq_lane_destination_service_request_id")),
    )
    op.create_index(
        "ix_lane_due",
        "lane",
        ["destination", "due_at"],
        unique=False,
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_table(
        "message",
        sa.Column("id", _KEY, autoincrement=True, nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("site", sa.Text(), server_default="", nullable=False),
        sa.Column("file", sa.Text(), server_default="", nullable=False),
        sa.Column("file_index", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("format", sa.Text(), server_default="", nullable=False),
        sa.Column("type", sa.Text(), server_default="", nullable=False),
        sa.Column("control_id", sa.Text(), server_default="", nullable=False),
        sa.Column("sha256", sa.Text(), server_default="", nullable=False),
        sa.Column("tables_sha256", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("diagnostics", sa.Text(), server_default="", nullable=False),
        sa.Column("entry_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "state IN ('translated', 'held', 'ignored', 'refused', 'duplicate')", name=op.f("ck_message_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
    )
    op.create_table(
        "submission",
        sa.Column("id", _KEY, autoincrement=True, nullable=False),
        sa.Column("message_id", _KEY, nullable=False),
        sa.Column("lane_id", _KEY, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("report_status", sa.Text(), server_default="", nullable=False),
        sa.Column("ordered_at", sa.Text(), server_default="", nullable=False),
        sa.Column("observation_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("idempotency_key", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), server_default="", nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(
            "state IN ('queued', 'delivered', 'rejected', 'unknown', 'superseded', 'dropped')",
            name=op.f("ck_submission_state"),
        ),
        sa.ForeignKeyConstraint(["lane_id"], ["lane.id"], name=op.f("fk_submission_lane_id_lane")),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_submission_message_id_message")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission")),
        sa.UniqueConstraint("lane_id", "position", name=op.f("uq_submission_lane_id_position")),
    )
    op.create_index("ix_submission_message", "submission", ["message_id"], unique=False)
    op.create_index(
        "ix_submission_unfinished",
        "submission",
        ["lane_id", "position"],
        unique=False,
        sqlite_where=sa.text("state IN ('queued', 'rejected', 'unknown')"),
        postgresql_where=sa.text("state IN ('queued', 'rejected', 'unknown')"),
    )
    op.create_table(
        "attempt",
        sa.Column("id", _KEY, autoincrement=True, nullable=False),
        sa.Column("submission_id", _KEY, nullable=False),
        sa.Column("lane_id", _KEY, nullable=False),
        sa.Column("fence", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.Text(), server_default="", nullable=False),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["lane_id"], ["lane.id"], name=op.f("fk_attempt_lane_id_lane")),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_attempt_submission_id_submission")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
        sa.UniqueConstraint("lane_id", "fence", name=op.f("uq_attempt_lane_id_fence")),
    )
    op.create_index("ix_attempt_submission", "attempt", ["submission_id"], unique=False)
    op.create_index(
        "uq_attempt_open",
        "attempt",
        ["lane_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "entry",
        sa.Column("id", _KEY, autoincrement=True, nullable=False),
        sa.Column("message_id", _KEY, nullable=False),
        sa.Column("number", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("at", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("cause", sa.Text(), server_default="", nullable=False),
        sa.Column("table_row", sa.Text(), server_default="", nullable=False),
        sa.Column("lane_id", _KEY, nullable=True),
        sa.Column("submission_id", _KEY, nullable=True),
        sa.Column("observation", sa.Integer(), nullable=True),
        sa.Column("source_key", sa.Text(), server_default="", nullable=False),
        sa.Column("source_value", sa.Text(), server_default="", nullable=False),
        sa.Column("source_unit", sa.Text(), server_default="", nullable=False),
        sa.Column("source_status", sa.Text(), server_default="", nullable=False),
        sa.Column("original_value", sa.Text(), server_default="", nullable=False),
        sa.Column("original_unit", sa.Text(), server_default="", nullable=False),
        sa.Column("code", sa.Text(), server_default="", nullable=False),
        sa.Column("ordered_at", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(
            "state IN ('held', 'ignored', 'refused', 'duplicate', "
            "'queued', 'delivered', 'rejected', 'unknown', 'superseded', 'dropped')",
            name=op.f("ck_entry_state"),
        ),
        sa.ForeignKeyConstraint(["lane_id"], ["lane.id"], name=op.f("fk_entry_lane_id_lane")),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_entry_message_id_message")),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_entry_submission_id_submission")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entry")),
        sa.UniqueConstraint("message_id", "number", name=op.f("uq_entry_message_id_number")),
    )
    op.create_index("ix_entry_lane_key", "entry", ["lane_id", "source_key"], unique=False)
    op.create_index("ix_entry_submission", "entry", ["submission_id"], unique=False)
