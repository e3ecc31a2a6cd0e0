"""
Count what a monitor asks for, cheaply: what is new since it last asked, what waits, and now and then everything.

Theory of operation: rows are numbered in the order of their commits, so what came since is what lies above a mark. In
PostgreSQL two commits may overtake each other, so the newest seconds are left for the next time there. Only `tally`
reads the whole ledger; how often is for the caller to say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, Table, exists, func, literal_column, or_, select

from translator.ledger import schema
from translator.ledger.database import Database
from translator.ledger.states import UNFINISHED

OVERTAKING_US = 5_000_000
"""How much later than a newer one a row of PostgreSQL may be committed."""

_message, _entry, _submission = schema.message, schema.entry, schema.submission
_lane, _attempt = schema.lane, schema.attempt


class Marks(Struct, frozen=True):
    """How far was counted: the newest message and attempt, and the attempts below it that were still open."""

    message: int = 0
    attempt: int = 0
    open: tuple[int, ...] = ()


class Passed(Struct, frozen=True):
    """
    What came about between two marks.

    Shape: `messages` by intake and state, `attempts` by destination and outcome. `delays` are pairs of a destination
    and the seconds from a message's coming in to the accepted call.
    """

    marks: Marks
    messages: Mapping[tuple[str, str], int]
    attempts: Mapping[tuple[str, str], int]
    delays: Sequence[tuple[str, float]]


class Waiting(Struct, frozen=True):
    """
    The submissions of one destination in one unfinished state.

    Units: `since` is when the oldest of their messages came in, in microseconds since 1970.
    """

    destination: str
    state: str
    count: int
    since: int


class Tally(Struct, frozen=True):
    """
    Everything that the ledger holds.

    Shape: `entries` by state and reason. `imbalance` is how many entries are missing or too many, over all messages: 0
    in a sound ledger.
    """

    entries: Mapping[tuple[str, str], int]
    imbalance: int


class Meters:
    """What a monitor reads of one ledger; `Ledger.meters()` gives it."""

    def __init__(self, database: Database, instant: Callable[[], int]) -> None:
        self._database = database
        self._instant = instant

    def now(self) -> int:
        """Give the time by the ledger's clock, in microseconds since 1970."""
        return self._instant()

    def marks(self) -> Marks:
        """Give the marks of now."""
        with self._database.read() as connection:
            return Marks(_newest(connection, _message), _newest(connection, _attempt))

    def since(self, marks: Marks) -> Passed:
        """Count what came about since, and give the new marks."""
        with self._database.read() as connection:
            before = self._instant() - (0 if connection.dialect.name == "sqlite" else OVERTAKING_US)
            newest = Marks(
                max(marks.message, _newest(connection, _message, _message.c.received_at <= before)),
                max(marks.attempt, _newest(connection, _attempt, _attempt.c.started_at <= before)),
            )
            chosen = _message.c.id.between(marks.message + 1, newest.message)
            messages = {(row[0], row[1]): row[2] for row in connection.execute(_MESSAGES.where(chosen))}
            attempts: Counter[tuple[str, str]] = Counter()
            delays, still_open = [], []
            between = _attempt.c.id.between(marks.attempt + 1, newest.attempt)
            for number, destination, outcome, ended_at, received_at in connection.execute(
                _ATTEMPTS.where(or_(between, _attempt.c.id.in_(marks.open)))
            ):
                if ended_at is None:
                    still_open.append(number)
                    continue
                attempts[destination, outcome] += 1
                if outcome == "accepted":
                    delays.append((destination, (ended_at - received_at) / 1_000_000))
        return Passed(Marks(newest.message, newest.attempt, tuple(still_open)), messages, attempts, delays)

    def waiting(self) -> list[Waiting]:
        """Count what is not delivered, by destination and state; what has nothing is left out."""
        with self._database.read() as connection:
            rows = connection.execute(_WAITING).all()
            oldest = select(_message.c.id, _message.c.received_at).where(_message.c.id.in_([row[3] for row in rows]))
            since = {row[0]: row[1] for row in connection.execute(oldest)}
        return [Waiting(row[0], row[1], row[2], since[row[3]]) for row in rows]

    def held(self) -> Mapping[str, int]:
        """Count what is held, by cause: entries, and messages that are held without any."""
        counts: Counter[str] = Counter()
        with self._database.read() as connection:
            for reason, cause, count in connection.execute(_HELD_ENTRIES):
                counts[cause or reason] += count
            for reason, count in connection.execute(_HELD_MESSAGES):
                counts[reason] += count
        return counts

    def tally(self) -> Tally:
        """Count everything; this reads every entry, so it takes seconds where there are millions."""
        with self._database.read() as connection:
            entries = {(row[0], row[1]): row[2] for row in connection.execute(_ENTRIES)}
            imbalance = connection.execute(_IMBALANCE).scalar_one()
        return Tally(entries, int(imbalance))


def _newest(connection: Connection, table: Table, *chosen: ColumnElement[bool]) -> int:
    query = select(table.c.id).where(*chosen).order_by(table.c.id.desc()).limit(1)
    return connection.execute(query).scalar_one_or_none() or 0


_MESSAGES = select(_message.c.intake, _message.c.state, func.count()).group_by(_message.c.intake, _message.c.state)
_ATTEMPTS = (
    select(_attempt.c.id, _lane.c.destination, _attempt.c.outcome, _attempt.c.ended_at, _message.c.received_at)
    .join(_lane, _lane.c.id == _attempt.c.lane_id)
    .join(_submission, _submission.c.id == _attempt.c.submission_id)
    .join(_message, _message.c.id == _submission.c.message_id)
)
# States are written out, not bound: only so does SQLite see that its indexes of what waits fit.
_HELD: ColumnElement[str] = literal_column("'held'")
_UNFINISHED: list[ColumnElement[str]] = [literal_column(f"'{state}'") for state in UNFINISHED]
# Numbers grow with time, so the lowest message is the oldest, without a look at each of them.
_WAITING = (
    select(_lane.c.destination, _submission.c.state, func.count(), func.min(_submission.c.message_id))
    .join(_lane, _lane.c.id == _submission.c.lane_id)
    .where(_submission.c.state.in_(_UNFINISHED))
    .group_by(_lane.c.destination, _submission.c.state)
)
_HELD_ENTRIES = (
    select(_entry.c.reason, _entry.c.cause, func.count())
    .where(_entry.c.state == _HELD)
    .group_by(_entry.c.reason, _entry.c.cause)
)
_has_held = exists().where(_entry.c.message_id == _message.c.id, _entry.c.state == _HELD)
_HELD_MESSAGES = (
    select(_message.c.reason, func.count()).where(_message.c.state == _HELD, ~_has_held).group_by(_message.c.reason)
)
_ENTRIES = select(_entry.c.state, _entry.c.reason, func.count()).group_by(_entry.c.state, _entry.c.reason)
_counted = select(func.count()).where(_entry.c.message_id == _message.c.id).scalar_subquery()
_IMBALANCE = select(func.coalesce(func.sum(func.abs(_message.c.entry_count - _counted)), 0))
