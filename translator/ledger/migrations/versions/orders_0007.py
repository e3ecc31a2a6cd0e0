"""Keep what a vendor gives for an order, whom a study is about, and why a requisition has not been ordered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "receipt",
        sa.Column("id", _KEY, autoincrement=True, nullable=False),
        sa.Column("submission_id", _KEY, nullable=False),
        sa.Column("location", sa.Text(), server_default="", nullable=False),
        sa.Column("activation_codes", sa.Text(), server_default="", nullable=False),
        sa.Column("key_id", _KEY, nullable=True),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_receipt_submission_id_submission")),
        sa.ForeignKeyConstraint(["key_id"], ["data_key.id"], name=op.f("fk_receipt_key_id_data_key")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipt")),
        sa.UniqueConstraint("submission_id", name=op.f("uq_receipt_submission_id")),
    )
    # What is empty in an event of before is filled when somebody first asks for it: the bytes may be sealed.
    op.add_column("event", sa.Column("subject_hash", sa.Text(), server_default="", nullable=False))
    op.create_index("ix_event_subject_hash", "event", ["subject_hash"], unique=False)
    op.add_column("requisition", sa.Column("confirmed_at", sa.BigInteger(), nullable=True))
    op.add_column("requisition", sa.Column("held", sa.Text(), server_default="", nullable=False))
    op.add_column("requisition", sa.Column("held_about", sa.Text(), server_default="", nullable=False))
