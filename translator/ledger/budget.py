"""
Keep the rate that a destination grants: how many calls it got lately, shared by every worker through the ledger.

A window is a minute or a day, cut into sixty slots; a call counts in its slot and for a whole window after it. So
never more than the limit falls into any span of that length, however the vendor lays its own windows. A tenth of each
limit is kept back for what is urgent: a backlog that uses up the day does not stop a correction.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from translator.ledger.destinations import add_destination
from translator.ledger.schema import attempt as _attempt
from translator.ledger.schema import destination as _destination
from translator.ledger.schema import lane as _lane
from translator.ledger.schema import rate_use as _rate

SLOTS = 60
MINUTE_S = 60
DAY_S = 86_400
RESERVE = 10
"""One call in so many is kept for urgent submissions."""


class RateBudget(Struct, frozen=True):
    """
    How many calls a destination may get in any minute and in any day.

    Absent: 0 stands for no limit.
    """

    per_minute: int = 0
    per_day: int = 0

    def windows(self, *, urgent: bool) -> Iterator[tuple[int, int]]:
        """Give each window that is limited: its length in seconds, and the calls that may be in it."""
        for seconds, limit in ((MINUTE_S, self.per_minute), (DAY_S, self.per_day)):
            if limit:
                yield seconds, limit if urgent else max(1, limit - limit // RESERVE)


UNLIMITED = RateBudget()


class RateUse(Struct, frozen=True):
    """How many calls a destination got in the last `window_s` seconds."""

    window_s: int
    used: int


def take(connection: Connection, destination: str, budget: RateBudget, now: int, *, urgent: bool) -> int | None:
    """
    Count one call if there is room for it.

    Shape: gives None when it is counted; else the instant at which to ask again, and then nothing is counted.
    """
    windows = list(budget.windows(urgent=urgent))
    if windows:
        # Several workers of one database ask one after the other.
        connection.execute(_LOCK, {"name_is": destination}).all()
    opens = [_room_at(connection, destination, seconds, limit, now) for seconds, limit in windows]
    full = [at for at in opens if at is not None]
    if full:
        return max(full)
    for seconds, _ in windows:
        _count(connection, destination, seconds, now)
    return None


def count_call(connection: Connection, destination: str, budget: RateBudget, now: int) -> None:
    """Count a call that is made whether there is room or not, such as that for a token."""
    add_destination(connection, destination)
    connection.execute(_LOCK, {"name_is": destination}).all()
    for seconds, _ in budget.windows(urgent=True):
        _count(connection, destination, seconds, now)


def read_use(connection: Connection, destination: str, now: int) -> list[RateUse]:
    """Tell how many calls were made in the last minute and the last day; where nothing is limited, the attempts."""
    minute, day = (
        max(_counted(connection, destination, seconds, now), _tried(connection, destination, seconds, now))
        for seconds in (MINUTE_S, DAY_S)
    )
    return [RateUse(MINUTE_S, minute), RateUse(DAY_S, max(minute, day))]


def _counted(connection: Connection, destination: str, seconds: int, now: int) -> int:
    return sum(used for _, used in _slots(connection, destination, seconds, now))


def _tried(connection: Connection, destination: str, seconds: int, now: int) -> int:
    """Count the attempts of a window: where there is no limit, nothing else is counted."""
    since = {"name_is": destination, "since": now - seconds * 1_000_000}
    return int(connection.execute(_ATTEMPTS, since).scalar_one())


def _room_at(connection: Connection, destination: str, seconds: int, limit: int, now: int) -> int | None:
    """Give None where one more call fits into the window, else the instant at which one will."""
    _redate(connection, destination, seconds, now)
    slots = _slots(connection, destination, seconds, now)
    excess = sum(used for _, used in slots) - limit + 1
    for slot, used in slots:
        if excess <= 0:
            break
        excess -= used
        if excess <= 0:
            return (slot + SLOTS + 1) * _length(seconds)
    return None


def _slots(connection: Connection, destination: str, seconds: int, now: int) -> list[tuple[int, int]]:
    """List the slots that still count, oldest first."""
    window = {"name_is": destination, "window_is": seconds, "oldest": now // _length(seconds) - SLOTS}
    return [(slot, used) for slot, used in connection.execute(_USED, window)]


def _redate(connection: Connection, destination: str, seconds: int, now: int) -> None:
    """Count what lies ahead as of now: it was written before the clock went back."""
    window = {"name_is": destination, "window_is": seconds, "current": now // _length(seconds)}
    ahead = connection.execute(_AHEAD, window).scalar_one()
    if ahead:
        connection.execute(_FORGET_AHEAD, window)
        _count(connection, destination, seconds, now, ahead)


def _count(connection: Connection, destination: str, seconds: int, now: int, calls: int = 1) -> None:
    current = now // _length(seconds)
    window = {"name_is": destination, "window_is": seconds}
    connection.execute(_FORGET, window | {"oldest": current - SLOTS})
    if connection.execute(_ADD, window | {"slot_is": current, "more": calls}).rowcount == 0:
        row = {"destination": destination, "window_s": seconds, "slot": current, "used": calls}
        connection.execute(insert(_rate), row)


def _length(seconds: int) -> int:
    """Give the length of a slot in microseconds."""
    return seconds * 1_000_000 // SLOTS


_ours = (_rate.c.destination == bindparam("name_is"), _rate.c.window_s == bindparam("window_is"))
_LOCK = select(_destination.c.name).where(_destination.c.name == bindparam("name_is")).with_for_update()
_USED = select(_rate.c.slot, _rate.c.used).where(*_ours, _rate.c.slot >= bindparam("oldest")).order_by(_rate.c.slot)
_AHEAD = select(func.sum(_rate.c.used)).where(*_ours, _rate.c.slot > bindparam("current"))
_FORGET = delete(_rate).where(*_ours, _rate.c.slot < bindparam("oldest"))
_FORGET_AHEAD = delete(_rate).where(*_ours, _rate.c.slot > bindparam("current"))
_ATTEMPTS = (
    select(func.count())
    .select_from(_attempt)
    .join(_lane, _lane.c.id == _attempt.c.lane_id)
    .where(_lane.c.destination == bindparam("name_is"), _attempt.c.started_at > bindparam("since"))
)
_ADD = update(_rate).where(*_ours, _rate.c.slot == bindparam("slot_is")).values(used=_rate.c.used + bindparam("more"))
