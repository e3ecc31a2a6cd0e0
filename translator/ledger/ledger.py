"""
The durable account of every message: what came in, what was decided, what was sent, and what came of it.

Constraints: acknowledged means kept, so `accept` returns only after a full-sync commit. What is sent and in which
order is decided here alone; a dispatcher only asks for the next submission. An attempt is on disk before its first
byte is on the wire, so that a killed process leaves a trace and never a silent second sending.

On disk: the tables of schema.py in one SQLite file (mode 0600) with its WAL, and a lock file beside it that only
the delivering process holds. After a crash the committed transactions are there, whole; `recover` turns each attempt
that was under way into `unknown`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Self

from translator.errors import TranslatorError
from translator.ledger import lane_counts, lanes, lost_attempts
from translator.ledger.acceptance import accept_messages
from translator.ledger.advance import Advanced, Step, advance
from translator.ledger.audit import LedgerFinding, audit
from translator.ledger.balance import Balance, read_balance
from translator.ledger.bell import announce
from translator.ledger.correlations import Correlations, LedgerCorrelation, day_of, import_rows
from translator.ledger.intakes import Known, Prior, find_prior, read_kept
from translator.ledger.keys import parse_key
from translator.ledger.lock import delivery_lock
from translator.ledger.message_rows import Arrival
from translator.ledger.order_messages import order_messages
from translator.ledger.parts import LedgerParts
from translator.ledger.policy import DestinationPolicy
from translator.ledger.telling import tell_taken
from translator.ledger.upgrades import look_into, open_database
from translator.ledger.vault import only_open_vault, open_vault
from translator.ledger.view_shapes import MessageRow, MessageView
from translator.ledger.views import list_messages, read_message, read_raw
from translator.record.correlation import CorrelationRow
from translator.secrets import Secret


class Ledger(LedgerParts):
    """One ledger; threads may share it. Close it, or use it as a context manager."""

    @classmethod
    def open(
        cls,
        place: str | os.PathLike[str],
        *,
        key: Secret | None = None,
        clock: Callable[[], float] = time.time,
    ) -> Ledger:
        """
        Open the ledger at a path (or database URL); create it if it is not there. Takes no lock.

        Raises: ConfigError where that place cannot hold one, or the key is not the ledger's; LedgerError where a newer
        version wrote it.
        """
        site_key = parse_key(key.reveal()) if key else None
        database = open_database(place)
        try:
            return cls(database, open_vault(database, site_key), clock)
        except TranslatorError:
            database.close()
            raise

    @classmethod
    def look(
        cls,
        place: str | os.PathLike[str],
        *,
        key: Secret | None = None,
        clock: Callable[[], float] = time.time,
    ) -> Ledger:
        """
        Open the ledger at a path (or database URL) only to look at it; nothing can be changed through it.

        Raises: ConfigError where there is none, or the key is not the ledger's; LedgerError where another version wrote
        it.
        """
        site_key = parse_key(key.reveal()) if key else None
        database = look_into(place)
        try:
            return cls(database, only_open_vault(database, site_key), clock)
        except TranslatorError:
            database.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    def now(self) -> float:
        """Give the time by the ledger's clock, in seconds since 1970."""
        return self._clock()

    # Acceptance

    def accept(
        self, arrivals: Sequence[Arrival], policies: Mapping[str, DestinationPolicy], *, at: float | None = None
    ) -> list[int]:
        """
        Keep messages, all of them or none, and give their numbers; on return they are on disk.

        Shape: `policies` by destination; one that is not named is sent confirmed codes only.
        Units: `at` in seconds since 1970, when they came in; None: now.
        Raises: LedgerError where an outcome does not balance, or the database fails; then nothing is kept.
        """
        began = time.perf_counter()
        with self._database.write() as connection:
            announce(connection)
            now = self._instant() if at is None else round(at * 1_000_000)
            numbers = accept_messages(connection, self._vault, arrivals, policies, now)
        tell_taken(arrivals, numbers, time.perf_counter() - began, self._vault.hash)
        return numbers

    def kept(self, numbers: Sequence[int]) -> list[Prior]:
        """Give how messages were recorded that were just taken in, in the order of their numbers."""
        with self._database.read() as connection:
            return read_kept(connection, self._vault, numbers)

    def correlate(self, rows: Sequence[CorrelationRow]) -> int:
        """Keep correlation rows, all of them or none; gives the number of new ones."""
        with self._database.write() as connection:
            return import_rows(connection, self._vault, rows, self._instant())

    def correlation(self, source: str = "") -> LedgerCorrelation:
        """Give the look-up of one source's order numbers."""
        return LedgerCorrelation(self._database.read, self._vault, source, day_of(self._clock()))

    @contextmanager
    def known(self, keys: Sequence[str]) -> Iterator[Known]:
        """Give what is known before messages with these keys are taken in, in one state, while the block runs."""
        with self._database.read() as connection:
            prior = find_prior(connection, self._vault, keys)
            yield Known(prior, Correlations(connection, self._vault, day_of(self._clock())))

    # Delivery

    def delivery_lock(self) -> AbstractContextManager[bool]:
        """Hold the right to deliver while the block runs; gives False where another process has it."""
        return delivery_lock(self._database)

    def recover(self, destination: str, *, resends: bool = False) -> list[lost_attempts.Lost]:
        """
        Mark what a dead process had under way as unknown, and give it; only for who holds the delivery lock.

        Shape: `resends` queues it again instead.
        """
        with self._database.write() as connection:
            return lost_attempts.recover(connection, destination, self._instant(), resends=resends)

    def due_lanes(self, destination: str, limit: int, *, besides: Collection[int] = (), lowest: int = 0) -> list[int]:
        """Name the lanes that may go on now, urgent ones first; none of `besides`, none below `lowest` priority."""
        with self._database.read() as connection:
            return lanes.due_lanes(connection, destination, self._instant(), limit, besides=besides, lowest=lowest)

    def claim(self, destination: str) -> lanes.Claim | None:
        """Open an attempt for the submission that is due first; None where none is due."""
        with self._database.write() as connection:
            found = lanes.due_lanes(connection, destination, self._instant(), 1)
            (claim,) = lanes.claim_lanes(connection, [found], self._instant())
        return claim if isinstance(claim, lanes.Claim) else None

    def advance(self, steps: Sequence[Step]) -> list[Advanced]:
        """
        Settle attempts and open the next ones of their lanes; on return all of it is on disk.

        Shape: one result per step, in their order.
        """
        return advance(self._database, self._vault, steps, self._instant)

    def settle(self, claim: lanes.Claim, settlement: lanes.Settlement) -> None:
        """
        Record what became of an attempt; on return it is on disk.

        Raises: LedgerError where somebody else has settled it.
        """
        with self._database.write() as connection:
            lanes.settle(connection, self._vault, [(claim, settlement)], self._instant())

    def due_in(self, destination: str, *, lowest: int = 0) -> float | None:
        """
        Give the seconds until something may be sent (0: now); None where nothing waits to be sent.

        Shape: what is below the priority `lowest` does not count.
        """
        with self._database.read() as connection:
            due = lanes.next_due(connection, destination, lowest=lowest)
        return None if due is None else max(0.0, due / 1_000_000 - self._clock())

    def count(self, destination: str, message_ids: Sequence[int] | None = None) -> dict[str, int]:
        """Count submissions by state: all of a destination, or those of some messages."""
        with self._database.read() as connection:
            return lane_counts.count_submissions(connection, destination, message_ids)

    def unfinished(self, destination: str, message_ids: Sequence[int] | None = None) -> int:
        """
        Count what is queued, rejected or unknown: all of a destination, or on the lanes that some messages speak of.

        A message that only repeats another has no submission of its own, but what it repeats may still be undecided.
        """
        with self._database.read() as connection:
            return lane_counts.count_unfinished(connection, destination, message_ids)

    def wake_all(self, destination: str) -> None:
        """Let every waiting lane go on now, since the clock was set back."""
        with self._database.write() as connection:
            lanes.wake_all(connection, destination, self._instant())

    # Account

    def verify(self) -> list[LedgerFinding]:
        """Check the whole ledger; gives imbalance and damage, nothing for a sound one."""
        with self._database.read() as connection:
            return audit(connection, self._vault)

    def balance(self, message_ids: Sequence[int] | None = None) -> Balance:
        """Count entries by state, reason and cause: all, or those of some messages."""
        with self._database.read() as connection:
            return read_balance(connection, message_ids)

    def messages(self, *, state: str = "", limit: int | None = None) -> list[MessageRow]:
        """List the newest messages, oldest first; `state` is one of the message or of an entry in it."""
        with self._database.read() as connection:
            return list_messages(connection, self._vault, state, limit)

    def show(self, message_id: int) -> MessageView:
        """
        Show one message with its entries, submissions and attempts.

        Raises: LedgerError where there is none of this number.
        """
        with self._database.read() as connection:
            return read_message(connection, self._vault, message_id)

    def raw(self, message_id: int) -> bytes:
        """
        Give the bytes of a message as they came in.

        Raises: LedgerError where there is no such message, or its bytes are no longer kept.
        """
        with self._database.read() as connection:
            return read_raw(connection, self._vault, message_id)

    def order_messages(self, destination: str, reference: str) -> list[int]:
        """Give the numbers of the messages that asked a vendor for something under a reference, the newest first."""
        with self._database.read() as connection:
            return order_messages(connection, destination, reference)
