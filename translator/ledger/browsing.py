"""
Let a person walk through the ledger: from what came in to its lanes and back, by numbers alone.

Nothing here changes anything. What is listed is bounded, since a ledger holds years.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, Select, and_, case, func, or_, select, union

from translator.errors import LedgerError
from translator.ledger import schema
from translator.ledger.balance import Balance, read_balance
from translator.ledger.database import Database
from translator.ledger.moments import moment_text
from translator.ledger.states import UNFINISHED
from translator.ledger.vault import Vault
from translator.ledger.view_shapes import MessageRow
from translator.ledger.views import list_messages

MOST_SEARCHED = 20_000
"""Control ids are sealed, so a search opens them one by one; it looks at so many of the newest messages."""

_message, _lane, _entry, _submission = schema.message, schema.lane, schema.entry, schema.submission
_correlation = schema.correlation


class LaneRow(Struct, frozen=True):
    """
    One lane with something unfinished on it.

    Shape: `state` is that of the submission that is next; `queued`, `unknown` and `rejected` count submissions. `since`
    is when the oldest message with something unfinished came in. `is_urgent` tells that it goes before others.
    """

    number: int
    destination: str
    state: str
    queued: int
    unknown: int
    rejected: int
    since: str
    is_urgent: bool


class LaneStep(Struct, frozen=True):
    """One submission at its position of a lane; `answer` is what the vendor said last, or what went wrong."""

    number: int
    position: int
    message: int
    kind: str
    state: str
    attempts: int
    answer: str
    received_at: str


class LaneView(Struct, frozen=True):
    """One lane and everything that was ever on it, in order; `messages` brought it, or are held for it."""

    number: int
    destination: str
    service_request_id: str
    steps: tuple[LaneStep, ...]
    messages: tuple[int, ...]


class Browsing:
    """What a person looks at in one ledger; `Ledger.browsing()` gives it."""

    def __init__(self, database: Database, vault: Vault, instant: Callable[[], int]) -> None:
        self._database = database
        self._vault = vault
        self._instant = instant

    def balance(self) -> tuple[int, Balance]:
        """Count the entries that every message had when it came, and what is there of them at the same moment."""
        with self._database.read() as connection:
            came_in = connection.execute(select(func.coalesce(func.sum(_message.c.entry_count), 0))).scalar_one()
            return int(came_in), read_balance(connection)

    def messages(self, *, state: str = "", before: int | None = None, limit: int = 50) -> list[MessageRow]:
        """List messages, the newest first; only those below the number `before`."""
        with self._database.read() as connection:
            return list_messages(connection, self._vault, state, limit, before=before)[::-1]

    def lanes(self, limit: int = 200) -> list[LaneRow]:
        """List the lanes that wait, those that wait for a person first, then the oldest."""
        with self._database.read() as connection:
            rows = connection.execute(_LANES.limit(limit)).mappings()
            return [
                LaneRow(
                    row["id"], row["destination"], _head(row), row["queued"], row["unknown"], row["rejected"],
                    moment_text(row["since"]), bool(row["priority"]),
                )
                for row in rows
            ]  # fmt: skip

    def lane(self, number: int) -> LaneView:
        """
        Show one lane.

        Raises: LedgerError where there is none of this number.
        """
        with self._database.read() as connection:
            found = connection.execute(select(_lane).where(_lane.c.id == number)).mappings().one_or_none()
            if found is None:
                raise LedgerError(f"the ledger has no lane {number}")
            steps = connection.execute(_STEPS.where(_submission.c.lane_id == number)).mappings()
            return LaneView(
                number,
                found["destination"],
                found["service_request_id"],
                tuple(
                    LaneStep(
                        row["id"], row["position"], row["message_id"], row["kind"], row["state"], row["attempts"],
                        row["detail"], moment_text(row["received_at"]),
                    )
                    for row in steps
                ),
                tuple(_messages_on(connection, _lane.c.id == number)),
            )  # fmt: skip

    def lanes_of(self, message_id: int) -> list[int]:
        """Number the lanes that a message speaks of."""
        entries = select(_entry.c.lane_id).where(_entry.c.message_id == message_id, _entry.c.lane_id.is_not(None))
        sent = select(_submission.c.lane_id).where(_submission.c.message_id == message_id)
        with self._database.read() as connection:
            return sorted(connection.execute(union(entries, sent)).scalars())

    def find(self, words: str) -> list[int]:
        """
        Number the messages with this control id, or about this service request or order; the newest first.

        Shape: a number of the laboratory's leads to what the correlation has for it.
        """
        known = select(_correlation.c.service_request_id).where(
            _correlation.c.key_hash == self._vault.hash("key", words)
        )
        is_named = or_(_lane.c.service_request_id.in_([words, words.lower()]), _lane.c.service_request_id.in_(known))
        with self._database.read() as connection:
            of_lane = _messages_on(connection, is_named)
            return sorted({*of_lane, *self._with_control_id(connection, words)}, reverse=True)

    def _with_control_id(self, connection: Connection, words: str) -> list[int]:
        columns = (_message.c.id, _message.c.key_id, _message.c.control_id)
        newest = select(*columns).where(_message.c.control_id != "").order_by(_message.c.id.desc()).limit(MOST_SEARCHED)
        return [
            number
            for number, key_id, sealed in connection.execute(newest)
            if self._vault.open_text(connection, key_id, sealed) == words
        ]


def _messages_on(connection: Connection, lane: Any) -> list[int]:
    entries = select(_entry.c.message_id).join(_lane, _lane.c.id == _entry.c.lane_id).where(lane)
    sent = select(_submission.c.message_id).join(_lane, _lane.c.id == _submission.c.lane_id).where(lane)
    return sorted(connection.execute(union(entries, sent)).scalars())


def _head(row: Any) -> str:
    """Name the state of what is next on a lane: what waits for a person stands before all that is queued."""
    return next((state for state in ("unknown", "rejected") if row[state]), "queued")


def _counted(state: str) -> Any:
    return func.sum(case((_submission.c.state == state, 1), else_=0)).label(state)


_blocked = func.max(case((_submission.c.state != "queued", 1), else_=0))
_since = func.min(_message.c.received_at).label("since")
_LANES: Select[Any] = (
    select(
        _lane.c.id, _lane.c.destination, _lane.c.priority, _since,
        *(_counted(state) for state in UNFINISHED),
    )
    .join(_submission, and_(_submission.c.lane_id == _lane.c.id, _submission.c.state.in_(UNFINISHED)))
    .join(_message, _message.c.id == _submission.c.message_id)
    .group_by(_lane.c.id, _lane.c.destination, _lane.c.priority)
    .order_by(_blocked.desc(), _since, _lane.c.id)
)  # fmt: skip
_STEPS = (
    select(_submission, _message.c.received_at)
    .join(_message, _message.c.id == _submission.c.message_id)
    .order_by(_submission.c.position)
)
