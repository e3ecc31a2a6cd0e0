"""Add up how far deliveries are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from msgspec.structs import astuple

from translator.ledger import Ledger
from translator.transmit.route import Progress
from translator.vendors import DESTINATIONS


def count_all(ledger: Ledger, message_ids: Sequence[int] | None = None) -> Counter[str]:
    """Count submissions by state, whoever they are for."""
    counts: Counter[str] = Counter()
    for name in DESTINATIONS:
        counts.update(ledger.count(name, message_ids))
    return counts


class Counts:
    """Add up how far several deliveries are, for one who is told of all of them."""

    def __init__(self, told: Callable[[Progress], None]) -> None:
        self._told = told
        self._parts: dict[int, Progress] = {}

    def part(self, number: int) -> Callable[[Progress], None]:
        """Give what one delivery tells."""

        def tell(progress: Progress) -> None:
            self._parts[number] = progress
            self._told(total(self._parts.values()))

        return tell


def total(parts: Iterable[Progress]) -> Progress:
    """Add counts up. (pure)"""
    return Progress(*map(sum, zip(*map(astuple, (Progress(), *parts)), strict=True)))
