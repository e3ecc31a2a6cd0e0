"""Give the parts of a ledger that have a class of their own: what people, programs, vendors and monitors need of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from translator.ledger.access import Access
from translator.ledger.ageing import Notices
from translator.ledger.bell import Bell, open_bell
from translator.ledger.browsing import Browsing
from translator.ledger.cluster import Cluster
from translator.ledger.database import Database
from translator.ledger.deliveries import Deliveries
from translator.ledger.desk import Desk
from translator.ledger.events import Events
from translator.ledger.fates import Fates
from translator.ledger.following import Following
from translator.ledger.gate import Destinations
from translator.ledger.lab_deliveries import LabDeliveries
from translator.ledger.meters import Meters
from translator.ledger.progress import Progress
from translator.ledger.requisitions import Requisitions
from translator.ledger.storage import Storage
from translator.ledger.trace_contexts import read_contexts
from translator.ledger.vault import Vault


class LedgerParts:
    """What a ledger is made of, and each of its parts over the same database."""

    def __init__(self, database: Database, vault: Vault, clock: Callable[[], float]) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock

    def bell(self) -> Bell:
        """Give what rings when anybody commits something to this ledger."""
        return open_bell(self._database)

    def cluster(self) -> Cluster:
        """Give what several hosts that share the ledger agree on."""
        return Cluster(self._database, self._instant)

    def destinations(self) -> Destinations:
        """Give whether and how fast each vendor may be called."""
        return Destinations(self._database, self._instant)

    def desk(self) -> Desk:
        """Give what waits for people, and what they decide."""
        return Desk(self._database, self._vault, self._instant)

    def notices(self) -> Notices:
        """Give what waits too long, and what was told of it."""
        return Notices(self._database, self._instant)

    def browsing(self) -> Browsing:
        """Give what a person looks at: messages by page, and lanes."""
        return Browsing(self._database, self._vault, self._instant)

    def fates(self) -> Fates:
        """Give what became of single entries, call by call and version by version."""
        return Fates(self._database.read, self._vault)

    def access(self) -> Access:
        """Give who may use the service, and what they did."""
        return Access(self._database, self._instant)

    def events(self) -> Events:
        """Give what vendors told by webhook."""
        return Events(self._database, self._vault, self._instant)

    def requisitions(self) -> Requisitions:
        """Give the requisitions that WHOOP told of."""
        return Requisitions(self._database, self._vault, self._instant)

    def deliveries(self) -> Deliveries:
        """Give what the vendor has of results that other tables make otherwise."""
        return Deliveries(self._database, self._vault)

    def lab(self) -> LabDeliveries:
        """Give what is brought to the lab's side."""
        return LabDeliveries(self._database, self._instant)

    def following(self) -> Following:
        """Give what the publishers of streams are to be told."""
        return Following(self._database, self._vault)

    def meters(self) -> Meters:
        """Give what a monitor counts."""
        return Meters(self._database, self._instant)

    def progress(self) -> Progress:
        """Give how far messages, submissions and lanes are, without a value."""
        return Progress(self._database.read)

    def trace_contexts(self, message_ids: Sequence[int]) -> dict[int, str]:
        """Give the `traceparent` of messages that are traced, by their numbers."""
        with self._database.read() as connection:
            return read_contexts(connection, message_ids)

    def hashed(self, kind: str, text: str) -> str:
        """Hash a text under the ledger's own key, as its log does."""
        return self._vault.hash(kind, text)

    def storage(self) -> Storage:
        """Give what is done with the ledger as a whole: backups, keys, retention."""
        return Storage(self._database, self._vault, self._clock)

    def _instant(self) -> int:
        return round(self._clock() * 1_000_000)
