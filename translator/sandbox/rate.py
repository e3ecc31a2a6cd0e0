"""
Count calls in the two windows that the vendor documents, and say so in headers. (pure)

Source: WHOOP, rate limiting: 100 a minute and 10,000 a day; `X-RateLimit-Limit` leads with the limit nearest to
being hit, `X-RateLimit-Reset` is in seconds.
"""

from __future__ import annotations

from math import ceil

DAY_SECONDS = 86_400
DAY_LIMIT = 10_000

Headers = tuple[tuple[bytes, bytes], ...]


class Window:
    """One fixed window, opened by its first call."""

    def __init__(self, limit: int, seconds: int) -> None:
        self.limit = limit
        self.seconds = seconds
        self.count = 0
        self.ends_at = 0.0

    def add(self, now: float) -> None:
        """Count one call."""
        if now >= self.ends_at:
            self.count, self.ends_at = 0, now + self.seconds
        self.count += 1

    @property
    def left(self) -> int:
        """Calls left; negative once too many came."""
        return self.limit - self.count


class RateLimit:
    """
    The budget of one client.

    Shape: `enforced` decides whether too many calls are refused. Where they are not, the headers never say that
    nothing is left, for an obedient client would then wait for no reason.
    """

    def __init__(self, per_minute: int, window_seconds: int, *, enforced: bool) -> None:
        self.enforced = enforced
        self.windows = (Window(per_minute, window_seconds), Window(DAY_LIMIT, DAY_SECONDS))
        self._policy = ", ".join(f"{w.limit};window={w.seconds}" for w in self.windows)
        self._least = 0 if enforced else 1

    def count(self, now: float) -> tuple[bool, Headers]:
        """Count one call; tell whether it is one too many, and the headers of its answer."""
        for window in self.windows:
            window.add(now)
        nearest = min(self.windows, key=lambda window: window.left)
        return self.enforced and nearest.left < 0, self._headers(nearest, now)

    def _headers(self, nearest: Window, now: float) -> Headers:
        return (
            (b"x-ratelimit-limit", f"{nearest.limit}, {self._policy}".encode()),
            (b"x-ratelimit-remaining", b"%d" % max(nearest.left, self._least)),
            (b"x-ratelimit-reset", b"%d" % ceil(nearest.ends_at - now)),
        )
