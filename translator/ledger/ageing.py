"""
Sum up what waits too long, by cause, and remember what somebody was told of.

Nothing here is about one person: a cause is a reason and, where that says more, a code; beside it stand only counts and
times.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from msgspec import Struct
from sqlalchemy import Connection, and_, case, delete, exists, func, insert, select

from translator.ledger import schema
from translator.ledger.database import Database
from translator.ledger.decision_tables import notice
from translator.ledger.destinations import VENDOR
from translator.ledger.held import BY_CODE
from translator.ledger.lab_deliveries import undecided_count
from translator.ledger.undecided import REASONS

_entry, _message, _submission = schema.entry, schema.message, schema.submission
_lane, _attempt = schema.lane, schema.attempt

HELD, UNKNOWN, QUEUED, PAUSED = "held", "unknown", "queued", "paused"


class Ageing(Struct, frozen=True):
    """
    What waits for one cause: `kind` is held, unknown (rejected ones included), queued or paused.

    Shape: what is paused is one destination, by a vendor that refuses access; what waits for it is queued.

    Units: `since` is when the oldest began to wait, in microseconds since 1970.
    """

    kind: str
    cause: str
    code: str
    count: int
    since: int

    @property
    def name(self) -> str:
        """The name by which a notice of it is remembered."""
        return f"{self.kind}|{self.cause}|{self.code}"


class Notices:
    """What waits in one ledger, and what was told of it; `Ledger.notices()` gives it."""

    def __init__(self, database: Database, instant: Callable[[], int]) -> None:
        self._database = database
        self._instant = instant

    def now(self) -> int:
        """Give the time by the ledger's clock, in microseconds since 1970."""
        return self._instant()

    def ageing(self) -> list[Ageing]:
        """Sum up everything that waits, by cause."""
        with self._database.read() as connection:
            parts = (_held, _held_whole, _undecided, _undecided_at_lab, _queued, _paused)
            return [each for part in parts for each in part(connection)]

    def told(self) -> Mapping[str, int]:
        """Give by name when somebody was last told of a cause."""
        with self._database.read() as connection:
            return {row.name: row.told_at for row in connection.execute(select(notice))}

    def remember(self, told: Collection[Ageing], standing: Collection[Ageing]) -> None:
        """Write down what was told now, and forget causes that stand no more."""
        names = [one.name for one in standing]
        with self._database.write() as connection:
            known = {row.name: row.told for row in connection.execute(select(notice))}
            gone = [name for name in known if name not in names]
            renewed = [one.name for one in told]
            connection.execute(delete(notice).where(notice.c.name.in_([*gone, *renewed])))
            rows = [{"name": one.name, "told_at": self._instant(), "told": known.get(one.name, 0) + 1} for one in told]
            if rows:
                connection.execute(insert(notice), rows)


def _held(connection: Connection) -> Iterator[Ageing]:
    for reason, cause, code, count, since in connection.execute(_HELD):
        yield Ageing(HELD, cause or reason, code, count, since)


def _held_whole(connection: Connection) -> Iterator[Ageing]:
    for reason, count, since in connection.execute(_HELD_WHOLE):
        yield Ageing(HELD, reason or "no-results", "", count, since)


def _undecided(connection: Connection) -> Iterator[Ageing]:
    for state, answer, count, since in connection.execute(_UNDECIDED):
        yield Ageing(UNKNOWN, REASONS[state], answer, count, since or 0)


def _undecided_at_lab(connection: Connection) -> Iterator[Ageing]:
    for state, answer, count, since in undecided_count(connection):
        yield Ageing(UNKNOWN, REASONS[state], f"lab {answer}", count, since)


def _queued(connection: Connection) -> Iterator[Ageing]:
    for destination, count, since in connection.execute(_QUEUED):
        yield Ageing(QUEUED, "still-queued", destination, count, since)


def _paused(connection: Connection) -> Iterator[Ageing]:
    for name, since in connection.execute(_PAUSED):
        yield Ageing(PAUSED, "destination-paused", name, 1, since)


# An entry that is held with its report counts for what holds the report.
_code = case((and_(_entry.c.cause == "", _entry.c.reason.in_(sorted(BY_CODE))), _entry.c.code), else_="")
_HELD = (
    select(_entry.c.reason, _entry.c.cause, _code.label("subject"), func.count(), func.min(_message.c.received_at))
    .join(_message, _message.c.id == _entry.c.message_id)
    .where(_entry.c.state == "held", _entry.c.reason != "report-held")
    .group_by(_entry.c.reason, _entry.c.cause, _code)
)
_has_own = exists().where(
    and_(_entry.c.message_id == _message.c.id, _entry.c.state == "held", _entry.c.reason != "report-held")
)
_HELD_WHOLE = (
    select(_message.c.reason, func.count(), func.min(_message.c.received_at))
    .where(_message.c.state == "held", ~_has_own)
    .group_by(_message.c.reason)
)
_UNDECIDED = (
    select(
        _submission.c.state,
        _submission.c.detail,
        func.count(func.distinct(_submission.c.id)),
        func.min(_attempt.c.ended_at),
    )
    .outerjoin(
        _attempt, and_(_attempt.c.submission_id == _submission.c.id, _attempt.c.outcome.in_(["unknown", "refused"]))
    )
    .where(_submission.c.state.in_(sorted(REASONS)))
    .group_by(_submission.c.state, _submission.c.detail)
)
_QUEUED = (
    select(_lane.c.destination, func.count(), func.min(_message.c.received_at))
    .select_from(_submission)
    .join(_lane, _lane.c.id == _submission.c.lane_id)
    .join(_message, _message.c.id == _submission.c.message_id)
    .where(_submission.c.state == "queued")
    .group_by(_lane.c.destination)
)
# A pause by a person is no news to anybody.
_PAUSED = (
    select(schema.destination.c.name, schema.destination.c.paused_at)
    .where(schema.destination.c.paused_by == VENDOR)
    .order_by(schema.destination.c.name)
)
