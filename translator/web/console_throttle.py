"""Slow down whoever guesses passwords: by account and by address, in memory, for the console's login. (pure)"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable

from msgspec import Struct

FREE = 5
"""So many wrong passwords in a row cost nothing: people mistype."""

FIRST_WAIT_S, LONGEST_WAIT_S = 15.0, 900.0
FORGOTTEN_AFTER_S = 3600.0
MOST_KEYS = 10_000


class Failures(Struct):
    """How often somebody was wrong, and when last."""

    count: int
    last: float


class Throttle:
    """
    Remember wrong passwords by key; each one after the free ones doubles the wait.

    Shape: `clock` gives seconds that only go forward. Threads take turns: the caller holds a lock.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._known: OrderedDict[str, Failures] = OrderedDict()

    def wait_s(self, keys: Iterable[str]) -> float:
        """Give the seconds until a password is looked at again; 0 where it is looked at now."""
        now = self._clock()
        return max((self._left(found, now) for key in keys if (found := self._known.get(key))), default=0.0)

    def fail(self, keys: Iterable[str]) -> None:
        """Count a wrong password."""
        now = self._clock()
        for key in keys:
            found = self._known.get(key)
            known = found.count if found is not None and now - found.last < FORGOTTEN_AFTER_S else 0
            self._known[key] = Failures(known + 1, now)
            self._known.move_to_end(key)
        while len(self._known) > MOST_KEYS:
            self._known.popitem(last=False)

    def forget(self, keys: Iterable[str]) -> None:
        """Let somebody who was right begin anew."""
        for key in keys:
            self._known.pop(key, None)

    def _left(self, found: Failures, now: float) -> float:
        excess = found.count - FREE
        if excess < 0:
            return 0.0
        # The exponent is bounded, since a patient guesser would make it any size.
        wait = min(FIRST_WAIT_S * 2.0 ** min(excess, 16), LONGEST_WAIT_S)
        return max(0.0, found.last + wait - now)
