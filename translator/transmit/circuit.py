"""
Stop calling a vendor that does not work, and try with one call at a time whether it does again. (pure)

    closed --- five failures in a row ---> open --- its time is over ---> half-open
      ^                                     ^                                |
      |                                     +---- the one call fails --------+
      +------------------------- the one call succeeds ----------------------+

What it saves is not the vendor alone: a POST to a vendor that hangs is `unknown`, and a person must decide about it.
"""

from __future__ import annotations

from collections.abc import Callable

FAILURES = 5
FIRST_S = 1.0
LONGEST_S = 60.0

_NO_WORK = frozenset({
    "connect-error", "connect-timeout", "pool-timeout", "write-error", "write-timeout", "read-error", "read-timeout",
    "disconnected", "unreadable-answer",
})  # fmt: skip


def is_failure(answer: str) -> bool:
    """Tell an answer of a vendor that does not work from one about a single request."""
    return answer in _NO_WORK or (len(answer) == len("503") and answer.startswith("5"))


class Circuit:
    """
    The state for one destination.

    Shape: `clock` never goes backwards; `draw` gives a random number in [0, 1). `is_trying` is true while the one
    call of the half-open state is under way.
    """

    def __init__(self, clock: Callable[[], float], draw: Callable[[], float]) -> None:
        self._clock = clock
        self._draw = draw
        self._failures = 0
        self._opened = 0
        self._open_until = 0.0
        self.is_trying = False

    @property
    def state(self) -> str:
        """Name the state: `closed`, `open` or `half-open`."""
        if not self._opened:
            return "closed"
        return "open" if self._clock() < self._open_until else "half-open"

    @property
    def wait_s(self) -> float:
        """The seconds until a call may be made; 0 for now, or while one call tries."""
        return max(0.0, self._open_until - self._clock()) if self._opened else 0.0

    def admit(self) -> bool:
        """Ask to make a call; who is admitted answers with `succeeded`, `failed` or `gave_up`."""
        if not self._opened:
            return True
        if self.is_trying or self.state == "open":
            return False
        self.is_trying = True
        return True

    def succeeded(self) -> None:
        """Note that the vendor works."""
        self._failures = self._opened = 0
        self.is_trying = False

    def failed(self) -> None:
        """Note that the vendor did not work."""
        self._failures += 1
        was_trying, self.is_trying = self.is_trying, False
        # Calls that were under way when it opened say nothing new.
        if was_trying or (not self._opened and self._failures >= FAILURES):
            bound = min(LONGEST_S, FIRST_S * (1 << min(self._opened, 16)))
            self._opened += 1
            self._open_until = self._clock() + bound * (1 + self._draw()) / 2

    def doubt(self) -> None:
        """Begin half-open: one call tries first."""
        self._opened = max(self._opened, 1)

    def gave_up(self) -> None:
        """Note that who was admitted made no call."""
        self.is_trying = False
