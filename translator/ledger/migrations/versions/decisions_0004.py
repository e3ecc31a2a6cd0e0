"""Keep what people decide, and find quickly what waits for them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "decision",
        sa.Column("id", _KEY, autoincrement=True, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("deed", sa.Text(), server_default="", nullable=False),
        sa.Column("by", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("message_id", _KEY, nullable=False),
        sa.Column("submission_id", _KEY, nullable=True),
        sa.Column("entries", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_decision_message_id_message")),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submission.id"], name=op.f("fk_decision_submission_id_submission")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
    )
    op.create_index("ix_decision_message", "decision", ["message_id"], unique=False)
    op.create_table(
        "notice",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=False),
        sa.Column("told", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_notice")),
    )
    # The tables of a submission that was released later are not those of its message.
    op.add_column("submission", sa.Column("tables_sha256", sa.Text(), server_default="", nullable=False))
    # The lane of a message that is held though it has no entry. Alembic would add the link by a second statement, which
    # SQLite does not know.
    whole = _KEY.compile(op.get_bind().dialect)
    link = "CONSTRAINT fk_message_lane_id_lane REFERENCES lane (id)"
    op.execute(f"ALTER TABLE message ADD COLUMN lane_id {whole} {link}")
    for table, column in (("entry", "message_id"), ("message", "id")):
        op.create_index(
            f"ix_{table}_held",
            table,
            [column],
            unique=False,
            sqlite_where=sa.text("state = 'held'"),
            postgresql_where=sa.text("state = 'held'"),
        )
