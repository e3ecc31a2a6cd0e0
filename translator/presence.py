"""Let the other hosts of a cluster know that this one is there, and by what it goes; and go by their common clock."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from translator.errors import LedgerError
from translator.ledger import Card, CommonClock, Ledger, differences

EVERY_S = 5.0
"""How often a host says that it is there, at least; where silence is death sooner, more often."""

_TIMES = 4
"""A host says so many times that it is there before it may count as silent."""

JITTER_S = 0.02
"""What the clock and the database differ by less, is the network's doing."""

NOTEWORTHY_S = 5.0
"""A clock that is wrong by more should be set: certificates and tokens go by it, and so do people who read logs."""


class Presence:
    """
    Say for one host that it is there.

    Shape: `card` says what it goes by now.
    """

    def __init__(
        self,
        ledger: Ledger,
        clock: CommonClock,
        card: Callable[[], Card],
        warn: Callable[[str], None],
        *,
        every_s: float = EVERY_S,
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._card = card
        self._warn = warn
        self._number = 0
        self._told: set[str] = set()
        self._every_s = every_s

    @contextmanager
    def kept(self) -> Iterator[None]:
        """
        Be there while the block runs.

        Raises: LedgerError where the database is not there at the start.
        """
        self._every_s = min(self._every_s, self._ledger.cluster().dead_after_s / _TIMES)
        self._say()
        over = threading.Event()
        thread = threading.Thread(target=self._keep, args=(over,), name="presence", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _keep(self, over: threading.Event) -> None:
        while not over.wait(self._every_s):
            try:
                self._say()
            except LedgerError:
                # Who delivers or takes in says so.
                continue
        try:
            self._ledger.cluster().hosts().leave(self._number)
        except LedgerError:
            return

    def _say(self) -> None:
        hosts, card = self._ledger.cluster().hosts(), self._card()
        ahead_s = hosts.ahead_s(self._clock.own)
        if ahead_s is not None and abs(ahead_s - self._clock.ahead_s) > JITTER_S:
            self._clock.ahead_s = ahead_s
        if not self._number or not hosts.seen(self._number, card, self._clock.ahead_s):
            self._number = hosts.enter(card, self._clock.ahead_s)
        self._tell(differences(hosts.listed()))
        if abs(self._clock.ahead_s) > NOTEWORTHY_S:
            self._tell([CLOCK_IS_WRONG])

    def _tell(self, findings: list[str]) -> None:
        for finding in findings:
            if finding not in self._told:
                self._told.add(finding)
                self._warn(finding)


CLOCK_IS_WRONG = (
    "the clock of this host is not that of the database: deliveries go by the database's, but look at both (NTP)"
)


def card_of(role: str, version: str, tables: str, terms: str, rules: str) -> Card:
    """Make the card of this process."""
    return Card(socket.gethostname(), os.getpid(), role, version, tables, terms, rules)
