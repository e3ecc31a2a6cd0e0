"""
Keep the tokens that programs call the HTTP API with: only their hashes, with what each may do.

A token is 256 random bits, so nobody guesses one, and a plain hash keeps it as safe as a slow one would.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Sequence

from msgspec import Struct
from sqlalchemy import RowMapping, insert, select, update

from translator.errors import LedgerError
from translator.ledger.access_tables import token as table
from translator.ledger.database import Database
from translator.ledger.moments import moment_text

SCOPES = ("translate", "submit", "read")
"""To translate without keeping anything; to hand messages in; to ask what became of them."""

PREFIX = "tr_"
"""What every token begins with, so that a scanner of repositories finds one that was left somewhere."""

_RANDOM_BYTES = 32
# Who uses a token all the time would otherwise write all the time.
_USE_NOTED_EVERY_US = 60_000_000


class Token(Struct, frozen=True):
    """
    A token as it is kept; the token itself is nowhere.

    Shape: `state` is `valid`, `expired` or `revoked`. Times are ISO 8601 in UTC.
    Absent: `expires` and `used` are empty where it never does, or never was.
    """

    name: str
    scopes: tuple[str, ...]
    state: str
    created: str
    expires: str
    used: str


class Tokens:
    """The tokens of one ledger; `Ledger.access().tokens` gives them."""

    def __init__(self, database: Database, instant: Callable[[], int]) -> None:
        self._database = database
        self._instant = instant

    def create(self, name: str, scopes: Sequence[str], *, lasts_s: float | None = None) -> str:
        """
        Make a token and give it, this once.

        Units: `lasts_s` in seconds; None: until it is revoked.
        Raises: LedgerError where the name is taken.
        """
        made = PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)
        now = self._instant()
        row = {
            "name": name,
            "hash": _hash(made),
            "scopes": " ".join(sorted(set(scopes))),
            "created_at": now,
            "expires_at": None if lasts_s is None else now + round(lasts_s * 1_000_000),
        }
        with self._database.write() as connection:
            if connection.execute(select(table.c.id).where(table.c.name == name)).first():
                raise LedgerError(f"there is a token `{name}` already; take another name")
            connection.execute(insert(table), row)
        return made

    def check(self, given: str) -> Token | None:
        """Give what a token may do; None for one that is unknown, expired or revoked."""
        now = self._instant()
        with self._database.read() as connection:
            row = connection.execute(select(table).where(table.c.hash == _hash(given))).mappings().first()
        if row is None or _state(row, now) != "valid":
            return None
        if row["used_at"] is None or now - row["used_at"] > _USE_NOTED_EVERY_US:
            with self._database.write() as connection:
                connection.execute(update(table).where(table.c.id == row["id"]).values(used_at=now))
        return _token(row, now)

    def list(self) -> list[Token]:
        """List every token that was ever made."""
        now = self._instant()
        with self._database.read() as connection:
            rows = connection.execute(select(table).order_by(table.c.id)).mappings()
            return [_token(row, now) for row in rows]

    def revoke(self, name: str) -> bool:
        """Let a token do nothing from now on; gives False where there is none that could."""
        with self._database.write() as connection:
            chosen = table.c.name == name, table.c.revoked_at.is_(None)
            return connection.execute(update(table).where(*chosen).values(revoked_at=self._instant())).rowcount > 0


def _hash(given: str) -> str:
    return hashlib.sha256(given.encode("utf-8", "surrogatepass")).hexdigest()


def _state(row: RowMapping, now: int) -> str:
    if row["revoked_at"] is not None:
        return "revoked"
    return "expired" if row["expires_at"] is not None and row["expires_at"] <= now else "valid"


def _token(row: RowMapping, now: int) -> Token:
    def text(name: str) -> str:
        return moment_text(row[name]) if row[name] is not None else ""

    return Token(
        row["name"],
        tuple(row["scopes"].split()),
        _state(row, now),
        moment_text(row["created_at"]),
        text("expires_at"),
        text("used_at"),
    )
