"""
Keep the people who may use the console: their passwords as slow hashes, their roles, and who is logged in.

A session is 256 random bits of which only the hash is kept. It ends when nobody has clicked for a while, when the
person logs out, and when the account is closed or its password changed.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable

from msgspec import Struct
from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from translator.errors import LedgerError
from translator.ledger.access_tables import OPERATOR, ROLES, VIEWER, account, session
from translator.ledger.database import Database
from translator.ledger.moments import moment_text

SHORTEST_PASSWORD = 12
_RANDOM_BYTES = 32
_SEEN_NOTED_EVERY_US = 60_000_000


class Account(Struct, frozen=True):
    """
    A person who may use the console.

    Shape: `role` is `viewer` or `operator`; `created` is ISO 8601 in UTC.
    """

    name: str
    role: str
    created: str
    is_open: bool

    @property
    def decides(self) -> bool:
        """Whether this person sees patient data and makes decisions."""
        return self.role == OPERATOR


class Accounts:
    """The accounts of one ledger; `Ledger.access().accounts` gives them."""

    def __init__(self, database: Database, instant: Callable[[], int]) -> None:
        self._database = database
        self._instant = instant

    def add(self, name: str, password: str, role: str = VIEWER) -> None:
        """
        Open an account.

        Raises: LedgerError where the name is taken, the password too short or the role unknown.
        """
        if role not in ROLES:
            raise LedgerError(f"a role is {' or '.join(ROLES)}")
        row = {"name": name, "password": _hashed(password), "role": role, "created_at": self._instant()}
        with self._database.write() as connection:
            if _find(connection, name) is not None:
                raise LedgerError(f"there is an account `{name}` already")
            connection.execute(insert(account), row)

    def set_password(self, name: str, password: str) -> None:
        """
        Change a password; whoever is logged in under the name is logged out.

        Raises: LedgerError where there is no such account, or the password is too short.
        """
        self._change(name, password=_hashed(password))

    def close(self, name: str) -> None:
        """
        Let nobody use an account any more.

        Raises: LedgerError where there is no such account.
        """
        self._change(name, disabled_at=self._instant())

    def list(self) -> list[Account]:
        """List every account that was ever opened."""
        with self._database.read() as connection:
            return [_account(row) for row in connection.execute(select(account).order_by(account.c.id)).mappings()]

    def log_in(self, name: str, password: str) -> str | None:
        """Check a password; gives the new session, or None where name or password is wrong."""
        with self._database.read() as connection:
            row = _find(connection, name)
        known = row if row is not None and row["disabled_at"] is None else None
        # A name that is not there costs as much time as one that is, so that nobody learns which are.
        if not _matches(known["password"] if known else _nobody(), password) or known is None:
            return None
        made = secrets.token_urlsafe(_RANDOM_BYTES)
        now = self._instant()
        row_of_session = {"account_id": known["id"], "hash": _hash(made), "started_at": now, "seen_at": now}
        with self._database.write() as connection:
            connection.execute(insert(session), row_of_session)
        return made

    def find(self, given: str, idle_s: float, *, is_click: bool = True) -> Account | None:
        """
        Give whose session this is, and note that the person is there; what a page asks by itself is no click.

        Units: `idle_s` in seconds without a click, after which a session is over.
        """
        now = self._instant()
        query = (
            select(account, session.c.id.label("session_id"), session.c.seen_at)
            .join(session, session.c.account_id == account.c.id)
            .where(session.c.hash == _hash(given), account.c.disabled_at.is_(None))
        )
        with self._database.read() as connection:
            row = connection.execute(query).mappings().first()
        if row is None or now - row["seen_at"] > idle_s * 1_000_000:
            return None
        if is_click and now - row["seen_at"] > _SEEN_NOTED_EVERY_US:
            with self._database.write() as connection:
                connection.execute(update(session).where(session.c.id == row["session_id"]).values(seen_at=now))
        return _account(row)

    def log_out(self, given: str) -> None:
        """End a session."""
        with self._database.write() as connection:
            connection.execute(delete(session).where(session.c.hash == _hash(given)))

    def forget(self, idle_s: float) -> None:
        """Delete the sessions that are over."""
        with self._database.write() as connection:
            over = session.c.seen_at < self._instant() - round(idle_s * 1_000_000)
            connection.execute(delete(session).where(over))

    def _change(self, name: str, **values: object) -> None:
        with self._database.write() as connection:
            row = _find(connection, name)
            if row is None:
                raise LedgerError(f"there is no account `{name}`")
            connection.execute(update(account).where(account.c.id == row["id"]).values(**values))
            connection.execute(delete(session).where(session.c.account_id == row["id"]))


def _find(connection: Connection, name: str) -> RowMapping | None:
    return connection.execute(select(account).where(account.c.name == name)).mappings().first()


def _account(row: RowMapping) -> Account:
    return Account(row["name"], row["role"], moment_text(row["created_at"]), row["disabled_at"] is None)


def _hash(given: str) -> str:
    return hashlib.sha256(given.encode("utf-8", "surrogatepass")).hexdigest()


def _hashed(password: str) -> str:
    from argon2 import PasswordHasher  # noqa: PLC0415 - only the console needs it

    if len(password) < SHORTEST_PASSWORD:
        raise LedgerError(f"a password has at least {SHORTEST_PASSWORD} characters")
    return PasswordHasher().hash(password)


def _matches(hashed: str, password: str) -> bool:
    from argon2 import PasswordHasher  # noqa: PLC0415 - only the console needs it
    from argon2.exceptions import VerificationError  # noqa: PLC0415

    try:
        return PasswordHasher().verify(hashed, password)
    except VerificationError:
        return False


def _nobody() -> str:
    """Give the hash of a password that nobody has."""
    return _hashed(secrets.token_urlsafe(_RANDOM_BYTES))
