"""
Keep what a stream is to be told: which messages its publishers follow, and which of them became something else.

    message 1-1 followed           by which way the message came, and by what its publisher knows it
    followed 1-n followed_change   something became of it that nobody was told yet

The first change is written with the message itself, every later one by a trigger of the database on the states of
message and entry: whatever moves them, and whichever host does, none is missed. Changes are only added and taken away,
so that nobody waits for a row of another. What was read is named by the changes that it was read with, under the
ledger's own hash: read twice it has the same name twice, so that a broker drops the second; after another change it has
another, and so has another message that got the numbers of a lost one, in a ledger that was restored. `sent_as`, what
the publisher calls the message, is sealed where the ledger has a key.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import msgspec
from msgspec import Struct
from sqlalchemy import (
    BindParameter,
    Column,
    Connection,
    Index,
    Integer,
    RowMapping,
    Table,
    UniqueConstraint,
    bindparam,
    delete,
    func,
    select,
)

from translator.ledger import schema
from translator.ledger.bulk import insert_tuples
from translator.ledger.columns import METADATA, count, key, link, sealed_with, words
from translator.ledger.database import Database
from translator.ledger.moments import moment_text
from translator.ledger.vault import Vault
from translator.record.outcome import Diagnostic

followed = Table(
    "followed",
    METADATA,
    key(),
    link("message_id", "message"),
    words("way"),
    words("stream"),
    count("sequence"),
    words("sent_as"),
    sealed_with(),
    UniqueConstraint("message_id"),
)

# No foreign key: a row is written for each entry that moves, and needs no look at its message. No number is given
# twice, also where the rows are gone that had it: what is told goes by it.
followed_change = Table(
    "followed_change",
    METADATA,
    key(),
    Column("message_id", schema.message.c.id.type, nullable=False),
    words("way"),
    sqlite_autoincrement=True,
)
Index("ix_followed_change_way_id", followed_change.c.way, followed_change.c.id)
Index("ix_followed_change_message_id", followed_change.c.message_id)

_MOVING = frozenset({"queued", "held", "unknown", "rejected"})
"""An entry in one of these comes to another by itself, or by a person."""


class Follow(Struct, frozen=True):
    """
    By what a publisher follows a message.

    Shape: `way` is the intake that tells of it; `sequence` its number in the stream; `sent_as` what the publisher calls
    it (`Nats-Msg-Id`), if anything.
    """

    way: str
    stream: str
    sequence: int
    sent_as: str = ""


class StreamEntries(Struct, frozen=True):
    """How many entries of a message are in a state, and why."""

    state: str
    count: int
    reasons: tuple[str, ...] = ()


class FollowedState(Struct, frozen=True):
    """
    What became of a message until now, without anything that stands in it.

    Shape: `id` names this very state; `changes` are what it was read with. `diagnostics` are codes. `is_settled` says
    that nothing more is to be expected of it.
    """

    id: str
    changes: tuple[int, ...]
    message: int
    follow: Follow
    received_at: str
    state: str
    reason: str
    entries: tuple[StreamEntries, ...]
    diagnostics: tuple[str, ...]

    @property
    def is_settled(self) -> bool:
        """Whether nothing more is to be expected of it, unless a person takes it up again."""
        is_bare = self.state == "held" and not self.entries
        return not is_bare and all(one.state not in _MOVING for one in self.entries)


class Following:
    """What the publishers of streams are to be told by one ledger; `Ledger.following()` gives it."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    def waiting(self, ways: Iterable[str]) -> dict[str, int]:
        """Count what nobody was told yet, by way; ways without any are left out."""
        query = select(_change.c.way, func.count()).where(_change.c.way.in_(list(ways))).group_by(_change.c.way)
        with self._database.read() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def ways(self) -> list[str]:
        """List the ways by which there is anything to tell."""
        found: list[str] = []
        with self._database.read() as connection:
            while (
                way := connection.execute(_NEXT_WAY, {"after": found[-1] if found else ""}).scalar_one()
            ) is not None:
                found.append(way)
        return found

    def due(self, way: str, most: int) -> list[FollowedState]:
        """Read what became of messages of which nobody was told yet, those first that changed first."""
        with self._database.read() as connection:
            oldest = connection.execute(_OLDEST, {"way": way, "most": most}).scalars()
            numbers = list(dict.fromkeys(oldest))
            if not numbers:
                return []
            changes: dict[int, list[int]] = defaultdict(list)
            for number, message in connection.execute(_CHANGES, {"messages": numbers, "way": way}):
                changes[message].append(number)
            entries = _read_entries(connection, numbers)
            rows = {row["message_id"]: row for row in connection.execute(_MESSAGES, {"messages": numbers}).mappings()}
            return [self._state(connection, rows[one], changes[one], entries[one]) for one in numbers]

    def told(self, states: Sequence[FollowedState]) -> None:
        """Forget the changes that somebody was told of."""
        with self._database.write() as connection:
            numbers = [number for one in states for number in one.changes]
            for chosen in schema.of_messages(_change.c.id, numbers):
                connection.execute(delete(_change).where(chosen))

    def _state(
        self, connection: Connection, row: RowMapping, changes: Sequence[int], entries: Sequence[StreamEntries]
    ) -> FollowedState:
        place = row["stream"], str(row["sequence"]), str(row["received_at"])
        told = (*place, str(row["message_id"]), *map(str, sorted(changes)))
        remarks = msgspec.json.decode(row["diagnostics"], type=tuple[Diagnostic, ...])
        sent_as = self._vault.open_text(connection, row["key_id"], row["sent_as"])
        return FollowedState(
            id=self._vault.hash("followed", ",".join(told)),
            changes=tuple(changes),
            message=row["message_id"],
            follow=Follow(row["way"], row["stream"], row["sequence"], sent_as),
            received_at=moment_text(row["received_at"]),
            state=row["state"],
            reason=row["reason"],
            entries=tuple(entries),
            diagnostics=tuple(sorted({one.code for one in remarks})),
        )


def note_follows(
    connection: Connection,
    vault: Vault,
    key_id: int | None,
    message_ids: Sequence[int],
    follows: Sequence[Follow | None],
) -> None:
    """Note, with messages that are being written, that publishers follow them; most messages nobody follows."""
    ours = [(number, one) for number, one in zip(message_ids, follows, strict=True) if one is not None]
    rows = [
        (number, one.way, one.stream, one.sequence, vault.close_text(key_id, one.sent_as), key_id)
        for number, one in ours
    ]
    insert_tuples(connection, followed, rows)
    insert_tuples(connection, followed_change, [(number, one.way) for number, one in ours])


def forget_names(connection: Connection, message_ids: Sequence[int]) -> None:
    """Take out what publishers called some messages."""
    chosen = followed.c.message_id.in_(message_ids)
    connection.execute(followed.update().where(chosen).values(sent_as="", key_id=None))


def _read_entries(connection: Connection, numbers: Sequence[int]) -> Mapping[int, Sequence[StreamEntries]]:
    counts: dict[int, Counter[str]] = defaultdict(Counter)
    reasons: dict[tuple[int, str], set[str]] = defaultdict(set)
    for message, state, reason, number in connection.execute(_ENTRIES, {"messages": numbers}):
        counts[message][state] += number
        if reason:
            reasons[message, state].add(reason)
    return defaultdict(
        tuple,
        {
            message: tuple(
                StreamEntries(state, number, tuple(sorted(reasons[message, state])))
                for state, number in sorted(states.items())
            )
            for message, states in counts.items()
        },
    )


_change, _entry, _message = followed_change, schema.entry, schema.message
_OLDEST = (
    select(_change.c.message_id)
    .where(_change.c.way == bindparam("way"))
    .order_by(_change.c.id)
    .limit(bindparam("most", type_=Integer))
)
# One look at the index for each of the few ways, however much waits.
_NEXT_WAY = select(func.min(_change.c.way)).where(_change.c.way > bindparam("after"))
_OF: BindParameter[int] = bindparam("messages", expanding=True)
_CHANGES = (
    select(_change.c.id, _change.c.message_id)
    .where(_change.c.message_id.in_(_OF), _change.c.way == bindparam("way"))
    .order_by(_change.c.id)
)
_ENTRIES = (
    select(_entry.c.message_id, _entry.c.state, _entry.c.reason, func.count())
    .where(_entry.c.message_id.in_(_OF))
    .group_by(_entry.c.message_id, _entry.c.state, _entry.c.reason)
)
_MESSAGES = (
    select(followed, _message.c.received_at, _message.c.state, _message.c.reason, _message.c.diagnostics)
    .join(_message, _message.c.id == followed.c.message_id)
    .where(followed.c.message_id.in_(_OF))
)
