"""Keep keys beside the rows that are sealed with them, and find those rows by keyed hash."""

from __future__ import annotations

import os
import time

import sqlalchemy as sa
from alembic import op

from translator.ledger.hashes import KeyedHash

revision = "0002"
down_revision = "0001"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_SECRET_BYTES = 32


def upgrade() -> None:
    op.create_table(
        "data_key",
        sa.Column("id", _KEY, autoincrement=True, nullable=False),
        sa.Column("purpose", sa.Text(), server_default="", nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("wrapped_by", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("retired_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("purpose IN ('seal', 'hash')", name=op.f("ck_data_key_purpose")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_key")),
    )
    op.create_table(
        "journal",
        sa.Column("id", _KEY, autoincrement=True, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("deed", sa.Text(), server_default="", nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal")),
    )
    kind = _KEY.compile(dialect=op.get_bind().dialect)
    for table in ("message", "lane", "correlation"):
        # Alembic would add the link by a second statement, which SQLite does not know.
        link = f"CONSTRAINT fk_{table}_key_id_data_key REFERENCES data_key (id)"
        op.execute(f"ALTER TABLE {table} ADD COLUMN key_id {kind} {link}")
    op.add_column("message", sa.Column("pruned_at", sa.BigInteger(), nullable=True))
    for table, column in _HASHES:
        op.add_column(table, sa.Column(f"{column}_hash", sa.Text(), server_default="", nullable=False))
    op.drop_index("ix_correlation_key", table_name="correlation")
    _fill_hashes(op.get_bind())
    op.create_index("ix_correlation_key_hash", "correlation", ["key_hash"], unique=False)


_HASHES = (("lane", "patient"), ("lane", "birth_date"), ("correlation", "key"), ("correlation", "patient"))


def _fill_hashes(connection: sa.Connection) -> None:
    secret = os.urandom(_SECRET_BYTES)
    keys = sa.table("data_key", *map(sa.column, ("purpose", "secret", "created_at")))
    connection.execute(sa.insert(keys).values(purpose="hash", secret=secret, created_at=time.time_ns() // 1000))
    keyed = KeyedHash(secret)
    for name, column in _HASHES:
        table = sa.table(name, *map(sa.column, ("id", column, f"{column}_hash")))
        rows = connection.execute(sa.select(table.c.id, table.c[column]).where(table.c[column] != "")).all()
        if rows:
            fill = (
                sa.update(table).where(table.c.id == sa.bindparam("row")).values({f"{column}_hash": sa.bindparam("is")})
            )
            connection.execute(fill, [{"row": row_id, "is": keyed(column, value)} for row_id, value in rows])
