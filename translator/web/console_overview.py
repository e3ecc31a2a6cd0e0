"""
Sum the ledger up for the first page: does it balance, what waits how long, what needs a person.

Nothing here is about one patient: states, reasons, counts and times.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from translator.ledger import EVERY, PERSON, Ageing, Balance, Ledger, RateBudget, Standing
from translator.web.console_words import HIDDEN, age, code_only, group_name, moment

STATES = (
    "delivered", "queued", "unknown", "rejected", "held", "ignored", "refused", "duplicate", "superseded", "dropped",
)  # fmt: skip
"""In the order in which a balance is read: sent, on its way, in need of a person, and what ends here."""

_MEANINGS = {
    "delivered": "the vendor has it",
    "queued": "on its way to the vendor",
    "unknown": "the vendor may have it: somebody must ask",
    "rejected": "the vendor refused it: somebody must decide",
    "held": "not sent until somebody decides, or mends a table",
    "ignored": "no result, by a rule",
    "refused": "cannot be read or may not be sent",
    "duplicate": "sent before, word for word",
    "superseded": "replaced by a newer one before it was sent",
    "dropped": "somebody decided not to send it",
}

_US = 1_000_000
_CHEAP_S, _KEPT_FOR = 0.05, 20


class StateCount(Struct, frozen=True):
    """One part of the balance; `x` and `width` place it on a bar that is 100 wide."""

    state: str
    count: int
    meaning: str
    x: float
    width: float


class Waiting(Struct, frozen=True):
    """
    One destination: what waits for it, and whether it may be called.

    Shape: `calls` are pairs of a span and `used of limit`, or `used` where there is no limit.
    """

    name: str
    queued: int
    oldest: str
    standing: str
    why: str
    is_paused: bool
    calls: tuple[tuple[str, str], ...]


class Cause(Struct, frozen=True):
    """What one cause holds, or leaves undecided; `name` leads to its page."""

    cause: str
    code: str
    count: int
    since: str
    name: str = ""
    meaning: str = ""


class Overview(Struct, frozen=True):
    """The first page; `counted_at` is when the balance was counted."""

    counted_at: str
    came_in: int
    counted: int
    messages: int
    states: tuple[StateCount, ...]
    destinations: tuple[Waiting, ...]
    held: tuple[Cause, ...]
    undecided: tuple[Cause, ...]
    troubles: tuple[tuple[str, str], ...]

    @property
    def is_balanced(self) -> bool:
        """Whether everything that came in is in exactly one state."""
        return self.came_in == self.counted

    @property
    def sum(self) -> str:
        """The balance as one line."""
        return " + ".join(f"{each.count:,} {each.state}" for each in self.states) or "0"


class Figures:
    """
    The balance of a ledger, counted no more often than is cheap; threads take turns.

    Shape: `clock` gives seconds that only go forward. What took long to count is kept for many times as long.
    """

    def __init__(self, ledger: Ledger, clock: Callable[[], float] = time.monotonic) -> None:
        self._ledger = ledger
        self._clock = clock
        self._turn = threading.Lock()
        self._until = 0.0
        self._known: tuple[float, int, Balance] | None = None

    def balance(self) -> tuple[float, int, Balance]:
        """Give when it was counted, by the ledger's clock, what came in, and what is there."""
        with self._turn:
            begun = self._clock()
            if self._known is None or begun >= self._until:
                self._known = (self._ledger.now(), *self._ledger.browsing().balance())
                took = self._clock() - begun
                self._until = begun + took * _KEPT_FOR if took > _CHEAP_S else 0.0
            return self._known


def look_over(
    ledger: Ledger,
    figures: Figures,
    rates: Mapping[str, RateBudget],
    troubles: Mapping[str, str],
    meanings: Mapping[str, str],
    *,
    sees: bool,
    secret: bytes,
) -> Overview:
    """Sum a ledger up; `meanings` explain reasons, `secret` names the pages of causes."""
    (counted_at, came_in, balance), ageing, now = figures.balance(), ledger.notices().ageing(), ledger.now()

    def cause(found: Ageing) -> Cause:
        name = group_name(secret, found.cause, found.code) if found.kind == "held" else ""
        code, meaning = code_only(found.code, sees=sees), meanings.get(found.cause, "")
        return Cause(found.cause, code, found.count, age(now - found.since / _US), name, meaning)

    return Overview(
        counted_at=moment(datetime.fromtimestamp(counted_at, UTC).isoformat()),
        came_in=came_in,
        counted=balance.entries,
        messages=balance.messages,
        states=_states(balance.by_state),
        destinations=tuple(waiting(ledger, rates, ageing, sees=sees)),
        held=tuple(cause(found) for found in _most_first(ageing, "held")),
        undecided=tuple(cause(found) for found in _most_first(ageing, "unknown")),
        troubles=tuple(troubles.items()),
    )


def waiting(ledger: Ledger, rates: Mapping[str, RateBudget], ageing: Sequence[Ageing], *, sees: bool) -> list[Waiting]:
    """Say of each destination what waits for it and whether it may be called; those that wait longest first."""
    queued = {found.code: found for found in ageing if found.kind == "queued"}
    standings = {
        found.name: found for found in ledger.destinations().standings() if found.name != EVERY or found.paused_by
    }
    now = ledger.now()
    longest = {name: found.since for name, found in queued.items()}
    names = sorted({*queued, *standings, *rates}, key=lambda name: (longest.get(name, now * _US), name))
    return [
        _destination(name, queued.get(name), standings.get(name), _calls(ledger, name, rates), now, sees=sees)
        for name in names
    ]


def _destination(
    name: str,
    queued: Ageing | None,
    standing: Standing | None,
    calls: tuple[tuple[str, str], ...],
    now: float,
    *,
    sees: bool,
) -> Waiting:
    paused = standing is not None and bool(standing.paused_by)
    opens = standing.opens_at / _US - now if standing is not None else 0
    words = f"paused by a {standing.paused_by}" if standing is not None and paused else "open"
    if not paused and opens > 0:
        words = f"asked us to wait {age(opens)}"
    return Waiting(
        name,
        queued.count if queued else 0,
        age(now - queued.since / _US) if queued else "",
        words,
        _why(standing, sees=sees) if standing is not None else "",
        paused,
        calls,
    )


def _why(standing: Standing, *, sees: bool) -> str:
    """Say why nothing is sent; what a person wrote may be about anybody."""
    return standing.paused if sees or standing.paused_by != PERSON else HIDDEN


def _calls(ledger: Ledger, name: str, rates: Mapping[str, RateBudget]) -> tuple[tuple[str, str], ...]:
    minute, day = (use.used for use in ledger.destinations().rate_use(name))
    limits = rates.get(name, RateBudget())
    pairs = (("minute", minute, limits.per_minute), ("day", day, limits.per_day))
    return tuple((span, f"{used:,} of {limit:,}" if limit else f"{used:,}") for span, used, limit in pairs)


def _states(counts: Mapping[str, int]) -> tuple[StateCount, ...]:
    total, x = sum(counts.values()), 0.0
    found = []
    for state in STATES:
        if count := counts.get(state, 0):
            width = 100 * count / total
            found.append(StateCount(state, count, _MEANINGS[state], round(x, 3), round(width, 3)))
            x += width
    return tuple(found)


def _most_first(ageing: Sequence[Ageing], kind: str) -> list[Ageing]:
    return sorted((found for found in ageing if found.kind == kind), key=lambda found: (-found.count, found.name))
