"""Wait, in the main thread, for the next word: what a signal asks for, or what another thread tells."""

from __future__ import annotations

import queue
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Self

STOP, RELOAD, ENDED = "stop", "reload", "ended"

LOOK_S = 0.5
"""
How often the main thread wakes by itself.

The kernel may hand a signal to any thread, or just before the main thread falls asleep. Python acts on it in the main
thread alone, and only once that is awake: a wait without an end would sleep through a stop.
"""


class Words:
    """Words in the order in which they came; any thread may add one."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[str] = queue.SimpleQueue()

    def tell(self, word: str) -> None:
        """Add a word."""
        self._queue.put(word)

    def next(self) -> str:
        """Wait for a word; the main thread acts on signals meanwhile."""
        while True:
            try:
                return self._queue.get(timeout=LOOK_S)
            except queue.Empty:
                continue

    @contextmanager
    def of_signals(self) -> Iterator[Self]:
        """Make words of SIGINT, SIGTERM and SIGHUP while the block runs; the second Ctrl-C interrupts as usual."""
        meanings = {signal.SIGINT: STOP, signal.SIGTERM: STOP}
        if hasattr(signal, "SIGHUP"):
            meanings[signal.SIGHUP] = RELOAD
        before = {number: signal.getsignal(number) or signal.SIG_DFL for number in meanings}

        def on_signal(number: int, _frame: FrameType | None) -> None:
            known = signal.Signals(number)
            if meanings[known] == STOP:
                signal.signal(known, before[known])
            self.tell(meanings[known])

        for number in meanings:
            signal.signal(number, on_signal)
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
