"""Add what delivery keeps: priorities, targets, pauses of destinations, and the rate that they got."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("lane", sa.Column("priority", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("submission", sa.Column("target", sa.Text(), server_default="", nullable=False))
    op.add_column("submission", sa.Column("urgent", sa.BigInteger(), server_default="0", nullable=False))
    # An attempt is counted when it ends, no longer when it begins.
    op.execute(
        "UPDATE submission SET attempts = attempts - 1 "
        "WHERE id IN (SELECT submission_id FROM attempt WHERE ended_at IS NULL)"
    )
    op.drop_index("ix_lane_due", table_name="lane")
    op.create_index(
        "ix_lane_turn",
        "lane",
        ["destination", "priority", "due_at"],
        unique=False,
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_table(
        "destination",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("paused_at", sa.BigInteger(), nullable=True),
        sa.Column("paused_why", sa.Text(), server_default="", nullable=False),
        sa.Column("paused_by", sa.Text(), server_default="", nullable=False),
        sa.Column("opens_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_destination")),
    )
    op.create_table(
        "rate_use",
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("window_s", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("slot", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("used", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("destination", "window_s", "slot", name=op.f("pk_rate_use")),
    )
