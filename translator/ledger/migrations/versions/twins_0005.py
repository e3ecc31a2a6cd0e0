"""Find the messages of which something was held, by their hash: the same bytes are recognised when they come again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("message", sa.Column("asked", sa.BigInteger(), server_default="0", nullable=False))
    op.execute(
        "UPDATE message SET asked = 1 WHERE state = 'held' OR reason = 'dropped' OR EXISTS (SELECT 1 FROM entry WHERE "
        "entry.message_id = message.id AND entry.submission_id IS NULL AND entry.state IN ('held', 'dropped'))"
    )
    op.create_index(
        "ix_message_asked",
        "message",
        ["sha256"],
        unique=False,
        sqlite_where=sa.text("asked = 1"),
        postgresql_where=sa.text("asked = 1"),
    )
