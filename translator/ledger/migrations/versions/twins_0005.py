"""Find a message by its hash: the same bytes are recognised when they come again."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_index("ix_message_sha256", "message", ["sha256"], unique=False)
