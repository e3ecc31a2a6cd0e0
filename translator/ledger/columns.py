"""Make the columns that the tables of the ledger have in common."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Dialect,
    ForeignKey,
    Integer,
    MetaData,
    Text,
    TypeDecorator,
)

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class _NulSafeText(TypeDecorator[str]):
    """Text in PostgreSQL, which takes no NUL: a character of private use stands for it there."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's
        """Hide each NUL on the way in."""
        return value.replace("\0", _NUL) if value else value

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's
        """Show it again on the way out."""
        return value.replace(_NUL, "\0") if value else value


_NUL = "\uf8fe"
_TEXT = Text().with_variant(_NulSafeText(), "postgresql")

# SQLite numbers rows by itself only in a column declared INTEGER.
KEY = BigInteger().with_variant(Integer(), "sqlite")


def key() -> Column[int]:
    """The number of a row."""
    return Column("id", KEY, primary_key=True, autoincrement=True)


def link(name: str, target: str, *, nullable: bool = False) -> Column[int]:
    """A row of another table."""
    return Column(name, KEY, ForeignKey(f"{target}.id"), nullable=nullable)


def sealed_with() -> Column[int]:
    """The data key that sealed the row; none where nothing in it is sealed."""
    return link("key_id", "data_key", nullable=True)


def words(name: str) -> Column[str]:
    """Text, empty where there is none."""
    return Column(name, _TEXT, nullable=False, server_default="")


def instant(name: str, *, nullable: bool = False) -> Column[int]:
    """Microseconds since 1970 in UTC."""
    return Column(name, BigInteger, nullable=nullable)


def count(name: str) -> Column[int]:
    """A number that begins at 0."""
    return Column(name, BigInteger, nullable=False, server_default="0")


def one_of(states: tuple[str, ...]) -> CheckConstraint:
    """The states that a row may have."""
    return CheckConstraint("state IN ({})".format(", ".join(f"'{state}'" for state in states)), name="state")
