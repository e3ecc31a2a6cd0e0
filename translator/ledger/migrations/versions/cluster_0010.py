"""Say of each attempt which worker of a cluster made it, so that only a dead worker's is taken for lost."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("attempt", sa.Column("worker", sa.BigInteger(), server_default="0", nullable=False))
