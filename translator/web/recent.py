"""
Keep something that is costly to find out, and find it out anew in the background, the more seldom the more it costs.

Who asks waits a moment for a new value, then gets the last one: a monitor that has no answer in time takes the service
for dead.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import Generic, Self, TypeVar

from msgspec import Struct

from translator.errors import LedgerError

_Found = TypeVar("_Found")


class Pace(Struct, frozen=True):
    """
    How often a value is found out anew.

    Shape: `share` is the part of all time that may go into it.
    Units: `least_s` is the shortest life of a value, `patience_s` how long who asks waits, in seconds.
    """

    least_s: float = 1.0
    patience_s: float = 1.0
    share: float = 0.02


class Recent(Generic[_Found]):
    """
    One value, found out by one thread; as a context manager it works while the block runs.

    Shape: `is_away` tells that it could not be found out the last time, since the ledger did not answer.
    """

    def __init__(self, find: Callable[[], _Found], pace: Pace, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._find = find
        self._pace = pace
        self._clock = clock
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="metrics")
        self._under_way: Future[None] | None = None
        self._due_at = 0.0
        self._found_at = 0.0
        self._found: _Found | None = None
        self.is_away = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._due_at = float("inf")
        self._thread.shutdown(cancel_futures=True)

    def get(self) -> _Found | None:
        """Give the value, a new one where it is time and that takes no longer than the patience; None before any."""
        with self._lock:
            if self._under_way is None and self._clock() >= self._due_at:
                self._under_way = self._thread.submit(self._renew)
            under_way = self._under_way
        if under_way is not None:
            wait([under_way], self._pace.patience_s)
            if under_way.done() and not under_way.cancelled():
                under_way.result()
        return self._found

    @property
    def age_s(self) -> float:
        """The seconds since the value was found out."""
        return self._clock() - self._found_at

    def _renew(self) -> None:
        began = self._clock()
        try:
            self._found = self._find()
            self._found_at, self.is_away = began, False
        except LedgerError:
            self.is_away = True
        finally:
            with self._lock:
                self._under_way = None
                rest_s = max(self._pace.least_s, (self._clock() - began) / self._pace.share)
                self._due_at = max(self._due_at, began + rest_s)
