"""Recognise what an intake brings again, and know who may use the service."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _words(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default="", nullable=False)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _key(table: str) -> tuple[sa.Column[int], sa.PrimaryKeyConstraint]:
    column: sa.Column[int] = sa.Column("id", _KEY, autoincrement=True, nullable=False)
    return column, sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}"))


def upgrade() -> None:
    op.add_column("message", _words("intake"))
    op.add_column("message", _words("intake_key"))
    op.create_index(
        "uq_message_intake_key",
        "message",
        ["intake_key"],
        unique=True,
        sqlite_where=sa.text("intake_key <> ''"),
        postgresql_where=sa.text("intake_key <> ''"),
    )
    op.create_table(
        "token",
        *_key("token"),
        _words("name"),
        _words("hash"),
        _words("scopes"),
        _instant("created_at"),
        _instant("expires_at", nullable=True),
        _instant("revoked_at", nullable=True),
        _instant("used_at", nullable=True),
        sa.UniqueConstraint("name", name=op.f("uq_token_name")),
        sa.UniqueConstraint("hash", name=op.f("uq_token_hash")),
    )
    op.create_table(
        "account",
        *_key("account"),
        _words("name"),
        _words("password"),
        _words("role"),
        _instant("created_at"),
        _instant("disabled_at", nullable=True),
        sa.UniqueConstraint("name", name=op.f("uq_account_name")),
        sa.CheckConstraint("role IN ('viewer', 'operator')", name=op.f("ck_account_role")),
    )
    op.create_table(
        "session",
        *_key("session"),
        sa.Column("account_id", _KEY, nullable=False),
        _words("hash"),
        _instant("started_at"),
        _instant("seen_at"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_session_account_id_account")),
        sa.UniqueConstraint("hash", name=op.f("uq_session_hash")),
    )
    op.create_table(
        "trail",
        *_key("trail"),
        _instant("at"),
        _words("who"),
        _words("deed"),
        _words("subject"),
        _words("detail"),
    )
    op.create_index("ix_trail_at", "trail", ["at"])
