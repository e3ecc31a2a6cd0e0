"""Keep the trace that a message began, so that whoever delivers it, whenever and wherever, goes on with it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "trace_context",
        sa.Column("message_id", _KEY, nullable=False),
        sa.Column("traceparent", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_trace_context_message_id_message")),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_trace_context")),
    )
