"""
Keep what vendors tell by webhook: each event once, with its bytes, and what became of it.

Whoever takes a webhook answers after `keep` has returned, and not before; whoever acts on it asks for what is due and
settles it. The bytes lie in a message, so that they are sealed, pruned and verified like all that comes in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, RowMapping, func, select, update

from translator.errors import LedgerError
from translator.ledger import schema
from translator.ledger.acceptance import accept_messages
from translator.ledger.bell import announce
from translator.ledger.database import Database
from translator.ledger.event_tables import DONE, FAILED, NOTED, WAITING, event
from translator.ledger.keys import BrokenSealError
from translator.ledger.message_rows import Arrival
from translator.ledger.moments import moment_text
from translator.ledger.vault import Vault
from translator.read.vendor_event import MalformedEventError, read_study_event
from translator.record.event import ACURABLE
from translator.record.outcome import Outcome, Source

WEBHOOK = "webhook"
NO_SUBJECT = "-"
_FIRST = 1


class EventArrival(Struct, frozen=True):
    """
    One webhook as it came in.

    Shape: `resource` is what the event is about, or the hash of bytes that are a whole state of their own. What nobody
    `needs` to act on is only kept.
    Absent: `traceparent` is empty where nobody traces it.
    """

    vendor: str
    kind: str
    resource: str
    raw: bytes
    needs_action: bool = True
    traceparent: str = ""


class EventRow(Struct, frozen=True):
    """
    One event as it is kept.

    Shape: `told` counts how often the vendor sent it, `tries` how often somebody tried to act on it; `answer` is what
    came of the last try. `message` is the number of its message.
    Absent: `due_at` is empty where nothing is to be done about it.
    """

    id: int
    vendor: str
    kind: str
    resource: str
    message: int
    received_at: str
    told: int
    state: str
    tries: int
    answer: str
    due_at: str = ""


class Events:
    """The events of one ledger; `Ledger.events()` gives them."""

    def __init__(self, database: Database, vault: Vault, instant: Callable[[], int]) -> None:
        self._database = database
        self._vault = vault
        self._instant = instant

    def keep(self, arrival: EventArrival) -> bool:
        """
        Keep an event; on return it is on disk. Gives False where it was there already.

        Raises: LedgerError where the database fails; then nothing is kept.
        """
        with self._database.write() as connection:
            announce(connection)
            return keep_event(connection, self._vault, arrival, self._instant())

    def ask_again(self, arrival: EventArrival) -> None:
        """Act on an event once more, or for the first time, because a person wants it."""
        with self._database.write() as connection:
            announce(connection)
            now = self._instant()
            keep_event(connection, self._vault, arrival, now)
            # A person who asks for what was erased brings it back.
            erased = event.c.resource == forgotten_resource(self._vault, arrival.resource)
            connection.execute(update(event).where(erased).values(resource=arrival.resource))
            again = {"state": WAITING, "due_at": now, "tries": 0, "answer": ""}
            connection.execute(update(event).where(*_same(arrival)).values(again))

    def again(self, vendor: str, event_ids: Sequence[int]) -> None:
        """
        Act once more on events that failed, all of them or none, because a person wants it.

        Raises: LedgerError where one of them is not a failed event of the vendor.
        """
        with self._database.write() as connection:
            announce(connection)
            anew = {"state": WAITING, "due_at": self._instant(), "tries": 0, "answer": ""}
            failed = (event.c.vendor == vendor, event.c.state == FAILED)
            for event_id in event_ids:
                if not connection.execute(update(event).where(event.c.id == event_id, *failed).values(anew)).rowcount:
                    raise LedgerError(f"event {event_id} has not failed, or there is none; nothing was changed")

    def hurry(self, event_ids: Sequence[int]) -> None:
        """Act on some events now, as if for the first time, whether they wait for a later try or were given up."""
        with self._database.write() as connection:
            announce(connection)
            now = {"state": WAITING, "due_at": self._instant(), "tries": 0}
            for event_id in event_ids:
                connection.execute(update(event).where(event.c.id == event_id).values(now))

    def due(self, vendor: str, limit: int) -> list[EventRow]:
        """Name the events of a vendor that something is to be done about now, those first that wait longest."""
        query = select(event).where(event.c.vendor == vendor, event.c.due_at <= self._instant())
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(event.c.due_at, event.c.id).limit(limit)).mappings()
            return [_row(row) for row in rows]

    def due_in(self, vendor: str) -> float | None:
        """Give the seconds until something is to be done (0: now); None where nothing waits."""
        query = select(func.min(event.c.due_at)).where(event.c.vendor == vendor, event.c.due_at.is_not(None))
        with self._database.read() as connection:
            due = connection.execute(query).scalar_one()
        return None if due is None else max(0.0, (due - self._instant()) / 1_000_000)

    def about(self, vendor: str, reference: str) -> list[EventRow]:
        """List the events about one order of a vendor's, in the order in which they came."""
        with self._database.write() as connection:
            self._fill_subjects(connection)
        query = select(event).where(
            event.c.vendor == vendor, event.c.subject_hash == self._vault.hash(*_key(reference))
        )
        with self._database.read() as connection:
            return [_row(row) for row in connection.execute(query.order_by(event.c.id)).mappings()]

    def _fill_subjects(self, connection: Connection) -> None:
        """Find out what events of an older version are about."""
        message = schema.message
        query = select(event.c.id, event.c.vendor, message.c.raw, message.c.key_id).join(message)
        for row in connection.execute(query.where(event.c.subject_hash == "")).mappings().all():
            try:
                raw = self._vault.open_message(connection, row)
            except BrokenSealError:
                raw = b""
            found = {"subject_hash": _subject_hash(self._vault, row["vendor"], raw)}
            connection.execute(update(event).where(event.c.id == row["id"]).values(found))

    def settle(self, event_id: int, state: str, answer: str) -> None:
        """Record what became of an event: `done`, `failed` or `noted`."""
        with self._database.write() as connection:
            settle_event(connection, event_id, state, answer)

    def put_off(self, event_id: int, answer: str, wait_s: float) -> None:
        """Record a try that came to nothing, and when the next one is due."""
        due_at = self._instant() + round(wait_s * 1_000_000)
        tried = {"answer": answer, "tries": event.c.tries + 1, "due_at": due_at}
        with self._database.write() as connection:
            connection.execute(update(event).where(event.c.id == event_id, event.c.state == WAITING).values(tried))

    def rows(self, vendor: str = "", resources: Sequence[str] | None = None) -> list[EventRow]:
        """List events in the order in which they came: all, those of a vendor, or those about some resources."""
        query = select(event).order_by(event.c.id)
        query = query.where(event.c.vendor == vendor) if vendor else query
        query = query if resources is None else query.where(event.c.resource.in_(resources))
        with self._database.read() as connection:
            return [_row(row) for row in connection.execute(query).mappings()]


def keep_event(connection: Connection, vault: Vault, arrival: EventArrival, now: int) -> bool:
    """Keep an event in a transaction of the caller's; gives False where it was there already."""
    forgotten = event.c.resource == forgotten_resource(vault, arrival.resource)
    known = (event.c.vendor == arrival.vendor, event.c.kind == arrival.kind, forgotten)
    again = {"told": event.c.told + 1, "told_at": now}
    if connection.execute(update(event).where(*known).values(again)).rowcount:
        return False
    state = WAITING if arrival.needs_action else NOTED
    row = {
        "vendor": arrival.vendor,
        "kind": arrival.kind,
        "resource": arrival.resource,
        "received_at": now,
        "told_at": now,
        "told": _FIRST,
        "state": state,
        "due_at": now if arrival.needs_action else None,
        "subject_hash": _subject_hash(vault, arrival.vendor, arrival.raw),
    }
    # Two webhooks of one event may come at the same moment: the database lets one of them in, and until its transaction
    # ends, it alone has no message.
    connection.execute(schema.insert_or_ignore(connection, event), row)
    is_new = (
        connection.execute(select(event.c.id).where(*_same(arrival), event.c.message_id.is_(None))).first() is not None
    )
    if is_new:
        (message_id,) = accept_messages(connection, vault, [_message(arrival)], {}, now)
        connection.execute(update(event).where(*_same(arrival)).values(message_id=message_id))
    else:
        connection.execute(update(event).where(*_same(arrival)).values(again))
    return is_new


def forgotten_resource(vault: Vault, resource: str) -> str:
    """Give what is left of what an event is about once its person is erased: enough to know it when it comes again."""
    return vault.hash("resource", resource)


def forget_resources(connection: Connection, vault: Vault, chosen: ColumnElement[bool]) -> None:
    """Leave of what some events are about only that."""
    for row in connection.execute(select(event.c.id, event.c.resource).where(chosen)).all():
        gone = {"resource": forgotten_resource(vault, row.resource)}
        connection.execute(update(event).where(event.c.id == row.id).values(gone))


def settle_event(connection: Connection, event_id: int, state: str, answer: str) -> None:
    """Record what became of an event, in a transaction of the caller's."""
    if state not in (DONE, FAILED, NOTED):
        raise ValueError("an event is settled as done, failed or noted")
    ended = {"state": state, "answer": answer, "tries": event.c.tries + 1, "due_at": None}
    connection.execute(update(event).where(event.c.id == event_id).values(ended))


def _message(arrival: EventArrival) -> Arrival:
    source = Source(index=0, format=WEBHOOK, type=f"{arrival.vendor} {arrival.kind}")
    outcome = Outcome(source, "translated" if arrival.needs_action else "ignored")
    return Arrival(outcome, arrival.raw, traceparent=arrival.traceparent)


def _subject_hash(vault: Vault, vendor: str, raw: bytes) -> str:
    """Hash the order that a state of a study is about; what is about none has a mark, so that it is asked once."""
    try:
        reference = read_study_event(raw).reference if vendor == ACURABLE else ""
    except MalformedEventError:
        reference = ""
    return vault.hash(*_key(reference)) or NO_SUBJECT


def _key(reference: str) -> tuple[str, str]:
    return "subject", reference


def _same(arrival: EventArrival) -> tuple[ColumnElement[bool], ...]:
    return (
        event.c.vendor == arrival.vendor,
        event.c.kind == arrival.kind,
        event.c.resource == arrival.resource,
    )


def _row(row: RowMapping) -> EventRow:
    return EventRow(
        id=row["id"],
        vendor=row["vendor"],
        kind=row["kind"],
        resource=row["resource"],
        message=row["message_id"],
        received_at=moment_text(row["received_at"]),
        told=row["told"],
        state=row["state"],
        tries=row["tries"],
        answer=row["answer"],
        due_at=moment_text(row["due_at"]),
    )
