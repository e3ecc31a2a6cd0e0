"""Say who may use the service, and remember what they saw and did."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct
from sqlalchemy import insert, select

from translator.ledger.access_tables import trail
from translator.ledger.accounts import Accounts
from translator.ledger.database import Database
from translator.ledger.moments import moment_text
from translator.ledger.tokens import Tokens


class Deed(Struct, frozen=True):
    """
    What somebody saw or did.

    Shape: `who` is an account or a token by its name; `subject` names rows of the ledger (`message 12`), never a
    person. `at` is ISO 8601 in UTC.
    """

    at: str
    who: str
    deed: str
    subject: str
    detail: str


class Access:
    """The tokens, the accounts and the trail of one ledger; `Ledger.access()` gives it."""

    def __init__(self, database: Database, instant: Callable[[], int]) -> None:
        self._database = database
        self._instant = instant
        self.tokens = Tokens(database, instant)
        self.accounts = Accounts(database, instant)

    def note(self, who: str, deed: str, subject: str = "", detail: str = "") -> None:
        """Remember what somebody saw or did; on return it is on disk."""
        row = {"at": self._instant(), "who": who, "deed": deed, "subject": subject, "detail": detail}
        with self._database.write() as connection:
            connection.execute(insert(trail), row)

    def trail(self, limit: int = 200) -> list[Deed]:
        """List what was seen and done, the newest first."""
        query = select(trail).order_by(trail.c.id.desc()).limit(limit)
        with self._database.read() as connection:
            return [
                Deed(moment_text(row["at"]), row["who"], row["deed"], row["subject"], row["detail"])
                for row in connection.execute(query).mappings()
            ]
