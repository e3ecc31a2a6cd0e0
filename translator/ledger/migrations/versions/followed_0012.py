"""Keep what publishers of a stream are to be told: who follows a message, and each change of its state."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_ADD = "INSERT INTO followed_change (message_id, way) SELECT message_id, way FROM followed WHERE message_id = NEW."
_AFTER = "AFTER UPDATE OF state ON"
_WATCHED = (("message", "id"), ("entry", "message_id"))
"""The tables whose `state` is watched, and their column with the number of the message."""


def upgrade() -> None:
    op.create_table(
        "followed",
        sa.Column("id", _KEY, autoincrement=True, nullable=False),
        sa.Column("message_id", _KEY, nullable=False),
        sa.Column("way", sa.Text(), server_default="", nullable=False),
        sa.Column("stream", sa.Text(), server_default="", nullable=False),
        sa.Column("sequence", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("sent_as", sa.Text(), server_default="", nullable=False),
        sa.Column("key_id", _KEY, nullable=True),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_followed_message_id_message")),
        sa.ForeignKeyConstraint(["key_id"], ["data_key.id"], name=op.f("fk_followed_key_id_data_key")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_followed")),
        sa.UniqueConstraint("message_id", name=op.f("uq_followed_message_id")),
    )
    op.create_table(
        "followed_change",
        sa.Column("id", _KEY, autoincrement=True, nullable=False),
        sa.Column("message_id", _KEY, nullable=False),
        sa.Column("way", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_followed_change")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_followed_change_way_id", "followed_change", ["way", "id"], unique=False)
    op.create_index("ix_followed_change_message_id", "followed_change", ["message_id"], unique=False)
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    for table, column in _WATCHED:
        for statement in _postgresql(table, column) if is_postgresql else _sqlite(table, column):
            op.execute(statement)


def _sqlite(table: str, column: str) -> list[str]:
    body = f"BEGIN {_ADD}{column}; END"
    return [f"CREATE TRIGGER followed_{table} {_AFTER} {table} FOR EACH ROW WHEN OLD.state <> NEW.state {body}"]


def _postgresql(table: str, column: str) -> list[str]:
    name, body = f"followed_{table}", f"$$ BEGIN {_ADD}{column}; RETURN NULL; END $$"
    when = "WHEN (OLD.state <> NEW.state)"
    return [
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS {body}",
        f"CREATE TRIGGER {name} {_AFTER} {table} FOR EACH ROW {when} EXECUTE FUNCTION {name}()",
    ]
