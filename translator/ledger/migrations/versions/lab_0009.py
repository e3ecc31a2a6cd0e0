"""Keep what is brought to the lab's side, so that what it may have is never brought again by itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_STATES = "'open', 'sending', 'unknown', 'rejected', 'delivered', 'dropped'"


def upgrade() -> None:
    op.create_table(
        "lab_delivery",
        sa.Column("id", _KEY, autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.Column("message_id", _KEY, nullable=False),
        sa.Column("control_id", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), server_default="", nullable=False),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.Column("tries", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(f"state IN ({_STATES})", name=op.f("ck_lab_delivery_state")),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_lab_delivery_message_id_message")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lab_delivery")),
        sa.UniqueConstraint("kind", "subject", name=op.f("uq_lab_delivery_kind_subject")),
    )
