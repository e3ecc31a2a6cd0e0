"""What an operator does with a ledger as a whole: backups, keys, retention. It may go on working meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from translator.ledger.backup import back_up
from translator.ledger.database import Database
from translator.ledger.erasure import Erasure, erase, plan_erasure
from translator.ledger.keys import parse_key
from translator.ledger.rekey import Rekeyed, rekey
from translator.ledger.retention import Pruning, plan_pruning, prune
from translator.ledger.vault import Vault
from translator.secrets import Secret

Progress = Callable[[int, int], None]
"""Told how many are done, of how many."""


class Storage:
    """The storage of one open ledger."""

    def __init__(self, database: Database, vault: Vault, clock: Callable[[], float]) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock

    def back_up(self, path: Path) -> None:
        """
        Write a backup of this moment to a new file.

        Raises: ConfigError where there is a file already, or none can be made.
        """
        back_up(self._database, path)

    def rekey(self, new: Secret | None, progress: Progress) -> Rekeyed:
        """
        Seal every row under a new data key, and wrap that by another site key if one is given.

        This ledger must then be opened anew, with that key.
        Raises: ConfigError where there is no key, or the new one cannot be read.
        """
        site_key = parse_key(new.reveal()) if new else None
        return rekey(self._database, self._vault.site_key, site_key, self._instant(), progress)

    def plan_pruning(self, older_than_s: float) -> Pruning:
        """Count the messages and correlations that a prune would strip."""
        with self._database.read() as connection:
            return plan_pruning(connection, self._before(older_than_s))

    def prune(self, older_than_s: float, progress: Progress) -> Pruning:
        """Take the bytes and the identity out of what is older, and keep the account."""
        return prune(self._database, self._vault, self._before(older_than_s), self._instant(), progress)

    def plan_erasure(self, patient: str) -> Erasure:
        """Count what an erasure of one person would take."""
        with self._database.read() as connection:
            return plan_erasure(connection, self._vault, patient)

    def erase(self, patient: str) -> Erasure:
        """
        Take one person out of the ledger, and keep the account.

        Raises: LedgerError where something of theirs is still queued or undecided.
        """
        return erase(self._database, self._vault, patient, self._instant())

    def _instant(self) -> int:
        return round(self._clock() * 1_000_000)

    def _before(self, older_than_s: float) -> int:
        return self._instant() - round(older_than_s * 1_000_000)
