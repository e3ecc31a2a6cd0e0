"""
Keep what is brought to the lab's side: begun before its first byte goes out, ended when the lab has spoken.

    requisition 1-1 lab_delivery    its order
    event 1-1 lab_delivery          the report of a study

What the lab did not acknowledge it may have, and so it may what was begun and never ended: both are `unknown`. Unless
the way to the lab tells a second copy from a second message, a person decides about that. What the lab refused is
`rejected`, and waits for a person, too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from msgspec import Struct
from sqlalchemy import Connection, RowMapping, Table, UniqueConstraint, func, select, update

from translator.errors import LedgerError
from translator.ledger import schema
from translator.ledger.bell import announce
from translator.ledger.columns import METADATA, count, instant, key, link, one_of, words
from translator.ledger.database import Database
from translator.ledger.decisions import Decision, record
from translator.ledger.event_tables import DONE, FAILED, WAITING, event, requisition
from translator.ledger.moments import moment_text
from translator.ledger.undecided import BY_HAND, MAY, REASONS

ORDER, REPORT = "order", "report"
KILLED = "killed"
OPEN, SENDING, UNKNOWN, REJECTED, DELIVERED, DROPPED = "open", "sending", "unknown", "rejected", "delivered", "dropped"
_ENDS = {"accepted": DELIVERED, "refused": REJECTED, "unknown": UNKNOWN, "not-sent": OPEN}
_BECOMES = {"resend": OPEN, "accept": DELIVERED, "drop": DROPPED}

lab_delivery = Table(
    "lab_delivery",
    METADATA,
    key(),
    words("kind"),
    words("subject"),
    link("message_id", "message"),
    words("control_id"),
    words("state"),
    words("answer"),
    count("tries"),
    instant("started_at", nullable=True),
    instant("ended_at", nullable=True),
    UniqueConstraint("kind", "subject"),
    one_of((OPEN, SENDING, UNKNOWN, REJECTED, DELIVERED, DROPPED)),
)


class LabThing(Struct, frozen=True):
    """
    One thing for the lab: the order of a requisition (`subject` is its id) or the report of an event (its number).

    Shape: `message` is the number of the message that it comes from.
    """

    kind: str
    subject: str
    message: int
    control_id: str


class LabDelivery(Struct, frozen=True, omit_defaults=True):
    """
    One thing for the lab that a person is to decide about; `id` names it to the commands.

    Absent: `service_request_id`, of an order the id of its requisition, is empty for a report.
    """

    id: str
    service_request_id: str
    subject: str
    reason: str
    state: str
    message: int
    kind: str
    answer: str
    attempts: int
    control_id: str
    since: str
    destination: str


class LabDeliveries:
    """What one ledger knows of the lab's side; `Ledger.lab()` gives it."""

    def __init__(self, database: Database, instant: Callable[[], int]) -> None:
        self._database = database
        self._instant = instant

    def begin(self, thing: LabThing, *, repeats: bool) -> str:
        """
        Record that a thing is brought now; on return that is on disk.

        Shape: gives nothing, or the state in which it may not be brought. Where the lab tells copies apart
        (`repeats`), what is unknown may be. A report is asked for by its event, also after the lab has refused it.
        """
        free = [OPEN, *([SENDING, UNKNOWN] if repeats else []), *([REJECTED] if thing.kind == REPORT else [])]
        row = {"kind": thing.kind, "subject": thing.subject, "message_id": thing.message, "state": OPEN}
        begun = {
            "state": SENDING,
            "message_id": thing.message,
            "control_id": thing.control_id,
            "answer": "",
            "tries": lab_delivery.c.tries + 1,
            "started_at": self._instant(),
            "ended_at": None,
        }
        same = (lab_delivery.c.kind == thing.kind, lab_delivery.c.subject == thing.subject)
        with self._database.write() as connection:
            connection.execute(schema.insert_or_ignore(connection, lab_delivery), row)
            changed = connection.execute(
                update(lab_delivery).where(*same, lab_delivery.c.state.in_(free)).values(begun)
            )
            if changed.rowcount:
                return ""
            return str(connection.execute(select(lab_delivery.c.state).where(*same)).scalar_one())

    def end(self, thing: LabThing, outcome: str, answer: str, *, repeats: bool) -> None:
        """Record what the lab said: `accepted`, `refused`, `unknown` or `not-sent`."""
        state = OPEN if outcome == "unknown" and repeats else _ENDS[outcome]
        same = (lab_delivery.c.kind == thing.kind, lab_delivery.c.subject == thing.subject)
        with self._database.write() as connection:
            self._close(connection, state, answer, *same)

    def give_up(self, older_than_s: float) -> None:
        """Call unknown what was begun so long ago that whoever brought it must be dead."""
        before = self._instant() - round(older_than_s * 1_000_000)
        with self._database.write() as connection:
            self._close(
                connection, UNKNOWN, KILLED, lab_delivery.c.state == SENDING, lab_delivery.c.started_at < before
            )

    def blocked(self, kind: str, *, repeats: bool) -> set[str]:
        """Name the subjects that nothing is brought of any more before a person decides, or at all."""
        states = (REJECTED, DROPPED) if repeats else (UNKNOWN, REJECTED, DROPPED)
        query = select(lab_delivery.c.subject).where(lab_delivery.c.kind == kind, lab_delivery.c.state.in_(states))
        with self._database.read() as connection:
            return set(connection.execute(query).scalars())

    def undecided(self, states: Collection[str]) -> list[LabDelivery]:
        """List what a person is to decide about, the oldest first."""
        query = select(lab_delivery).where(lab_delivery.c.state.in_(sorted(states))).order_by(lab_delivery.c.id)
        with self._database.read() as connection:
            return [_item(row) for row in connection.execute(query).mappings()]

    def decide(self, ids: Collection[str], decision: Decision, *, rehearses: bool) -> None:
        """
        Carry a decision about some things out, all of them or none.

        Raises: LedgerError where one is not in a state in which this may be decided.
        """
        with self._database.write() as connection:
            announce(connection)
            rehearsal = connection.begin_nested()
            for each in ids:
                self._decide(connection, each, decision)
            if rehearses:
                rehearsal.rollback()

    def _decide(self, connection: Connection, name: str, decision: Decision) -> None:
        number = int(name.rpartition(":")[2])
        row = connection.execute(select(lab_delivery).where(lab_delivery.c.id == number)).mappings().first()
        if row is None or row["state"] not in MAY[decision.deed]:
            allowed = " or ".join(sorted(MAY[decision.deed]))
            raise LedgerError(
                f"{name} is {row['state'] if row else 'not there'}; only what is {allowed} can be decided so"
            )
        state, now = _BECOMES[decision.deed], self._instant()
        decided = {"state": state, "answer": BY_HAND, "ended_at": now}
        connection.execute(update(lab_delivery).where(lab_delivery.c.id == number).values(decided))
        _tell(connection, row["kind"], row["subject"], state, BY_HAND, now)
        record(connection, decision, row["message_id"], now)

    def _close(self, connection: Connection, state: str, answer: str, *which: object) -> None:
        """End what is under way, or was taken for unknown, and let its requisition or event say so."""
        now = self._instant()
        query = select(lab_delivery).where(lab_delivery.c.state.in_([SENDING, UNKNOWN]), *which)  # type: ignore[arg-type]
        for row in connection.execute(query).mappings().all():
            ended = {"state": state, "answer": answer, "ended_at": now}
            connection.execute(update(lab_delivery).where(lab_delivery.c.id == row["id"]).values(ended))
            if state in REASONS:
                _tell(connection, row["kind"], row["subject"], state, answer, now)


def undecided_count(connection: Connection) -> list[tuple[str, str, int, int]]:
    """Sum up what a person is to decide about: state, answer, how many, and since when."""
    query = select(lab_delivery.c.state, lab_delivery.c.answer, func.count(), func.min(lab_delivery.c.ended_at)).where(
        lab_delivery.c.state.in_(sorted(REASONS))
    )
    rows = connection.execute(query.group_by(lab_delivery.c.state, lab_delivery.c.answer))
    return [(state, answer, number, since or 0) for state, answer, number, since in rows]


def _tell(connection: Connection, kind: str, subject: str, state: str, answer: str, now: int) -> None:
    """Let the requisition, or the event, say what became of what is brought of it."""
    if kind == ORDER:
        held = {"held": REASONS.get(state, ""), "held_about": answer if state in REASONS else ""}
        ordered = {"ordered_at": now} if state == DELIVERED else {}
        connection.execute(update(requisition).where(requisition.c.requisition_id == subject).values(held | ordered))
        return
    # What is unknown waits, so that its bytes are kept, but for no time of day.
    told: Mapping[str, Mapping[str, object]] = {
        UNKNOWN: {"due_at": None, "answer": answer, "tries": event.c.tries + 1},
        REJECTED: {"state": FAILED, "due_at": None, "answer": answer, "tries": event.c.tries + 1},
        OPEN: {"state": WAITING, "due_at": now},
        DELIVERED: {"state": DONE, "due_at": None, "answer": answer},
        DROPPED: {"state": FAILED, "due_at": None, "answer": answer},
    }
    connection.execute(update(event).where(event.c.id == int(subject)).values(told[state]))


def _item(row: RowMapping) -> LabDelivery:
    return LabDelivery(
        id=f"lab:{row['id']}",
        service_request_id=row["subject"] if row["kind"] == ORDER else "",
        subject=row["subject"],
        reason=REASONS[row["state"]],
        state=row["state"],
        message=row["message_id"],
        kind=row["kind"],
        answer=row["answer"],
        attempts=row["tries"],
        control_id=row["control_id"],
        since=moment_text(row["ended_at"]),
        destination="lab",
    )
