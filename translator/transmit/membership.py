"""
Know whether this host may still send: it may while the other hosts of its cluster surely take it for alive. (pure)

Theory: a worker reports to the database every `every_s`. Another host may strike it off after `dead_after_s` of
silence, by the database's clock, and then settles what it had under way. So by its own clock a worker begins no request
once its last report that was answered is older than `lease_s`, and a request lasts `call_s` at most; their sum is less
than `dead_after_s`. The age of a report counts from before it was made, and clocks need to agree on nothing but how
long a second is. A host that stands still between this look and its first byte is what remains: then its attempt is
`unknown`.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from msgspec import Struct

from translator.errors import ConfigError

BEATS = 12
"""A worker reports so many times before it is taken for dead."""

_MISSED = 2
"""So many reports may be late before a worker stops sending."""


class Terms(Struct, frozen=True):
    """
    How long what may last in a cluster.

    Units: seconds.
    """

    dead_after_s: float
    call_s: float

    @property
    def every_s(self) -> float:
        """How often a worker reports."""
        return self.dead_after_s / BEATS

    @property
    def lease_s(self) -> float:
        """How old the last report may be when a request begins; one report's time is kept back for good measure."""
        return self.dead_after_s - self.call_s - self.every_s

    def check(self) -> None:
        """
        Make sure that a worker with these terms can send at all.

        Raises: ConfigError where a request may last too long.
        """
        if self.lease_s < (_MISSED + 1) * self.every_s:
            longest = self.dead_after_s - (_MISSED + 2) * self.every_s
            raise ConfigError(
                f"a call to a vendor may last {self.call_s:g} s, but in this cluster a silent worker counts as dead "
                f"after {self.dead_after_s:g} s, which allows {longest:g} s: set a smaller timeout_s, or stop all "
                "hosts and run `translator cluster init --dead-after` with more"
            )


class Member:
    """
    One worker's place among others.

    Shape: `worker` is its number, 0 without a cluster; `call_s` is how long a request may last.
    """

    def __init__(self, terms: Terms | None = None, clock: Callable[[], float] = lambda: 0.0) -> None:
        self.worker = 0
        self.call_s = terms.call_s if terms else None
        self._lease_s = terms.lease_s if terms else inf
        self._clock = clock
        self._reported_at = -inf if terms else 0.0

    @property
    def is_certain(self) -> bool:
        """Whether all others surely take it for alive, so that it may begin a request."""
        return self._clock() - self._reported_at < self._lease_s

    def enlisted(self, worker: int, asked_at: float) -> None:
        """Note its number, which it asked for at a time by `clock`."""
        self.worker, self._reported_at = worker, asked_at

    def reported(self, worker: int, asked_at: float) -> None:
        """Note that a report was answered."""
        if worker == self.worker:
            self._reported_at = asked_at


ALONE = Member()
"""Whoever delivers alone need not ask anybody."""
