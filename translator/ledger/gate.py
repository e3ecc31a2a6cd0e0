"""Let a vendor be called or not, and count its calls: what every worker on a ledger shares, each in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection

from translator.ledger import budget, destinations
from translator.ledger.bell import announce
from translator.ledger.database import Database


class Destinations:
    """Whether and how fast each vendor may be called; `Ledger.destinations()` gives it."""

    def __init__(self, database: Database, instant: Callable[[], int]) -> None:
        self._database = database
        self._instant = instant

    def standing(self, destination: str) -> destinations.Standing:
        """Tell whether a destination may be called."""
        with self._database.read() as connection:
            return destinations.read_standing(connection, destination, self._instant())

    def standings(self) -> list[destinations.Standing]:
        """List how every destination stands that was ever called or paused."""
        with self._database.read() as connection:
            return destinations.list_standings(connection, self._instant())

    def pause(self, destination: str, why: str, *, by: str = destinations.PERSON) -> None:
        """Let nobody call a destination (`all` for every one) until it is resumed."""
        with self._database.write() as connection:
            announce(connection)
            destinations.pause(connection, destination, why, self._instant(), by=by)

    def resume(self, destination: str, *, only: Collection[str] = (destinations.VENDOR, destinations.PERSON)) -> bool:
        """Let a destination be called again where one of `only` paused it; gives False where nothing changed."""
        with self._database.write() as connection:
            announce(connection)
            return destinations.resume(connection, destination, only=only)

    def ask_to_wait(self, destination: str, wait_s: float) -> None:
        """Note that the vendor wants no call for so many seconds."""
        now = self._instant()
        with self._database.write() as connection:
            announce(connection)
            destinations.ask_to_wait(connection, destination, now + round(wait_s * 1_000_000), now)

    def count_call(self, destination: str, limits: budget.RateBudget) -> None:
        """Count a call that no attempt speaks of, such as that for a token."""
        with self._database.write() as connection:
            budget.count_call(connection, destination, limits, self._instant())

    def rate_use(self, destination: str) -> list[budget.RateUse]:
        """Tell how many calls a destination got lately."""
        with self._database.read() as connection:
            return budget.read_use(connection, destination, self._instant())
