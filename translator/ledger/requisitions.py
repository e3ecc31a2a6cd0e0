"""
Take WHOOP requisitions into the ledger: the document, what its order numbers stand for, and what is confirmed.

All of it is one transaction with the event that led to it, so that a requisition is known whole or not at all. Each
service request has its lane from now on. Where the requisition was not confirmed as a whole before it was taken,
ORDER_CONFIRMED is the first thing on each: whatever the lab sends later comes behind. One call for the whole is
cheaper, but it has no place in any lane: sent late, it would set back what has results by then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct, structs
from sqlalchemy import Connection, select, update

from translator.errors import LedgerError
from translator.ledger import schema
from translator.ledger.acceptance import accept_messages
from translator.ledger.bell import announce
from translator.ledger.bulk import insert_rows
from translator.ledger.correlations import import_rows
from translator.ledger.database import Database
from translator.ledger.event_tables import DONE, FAILED, requisition
from translator.ledger.events import settle_event
from translator.ledger.keys import BrokenSealError
from translator.ledger.message_rows import Arrival
from translator.ledger.moments import moment_text
from translator.ledger.positions import find_lanes, status_row, store_lanes
from translator.ledger.statuses import read_status
from translator.ledger.vault import Vault
from translator.read.requisition import read_requisition
from translator.record.correlation import CorrelationRow
from translator.record.event import WHOOP
from translator.record.outcome import Diagnostic, Outcome, Source
from translator.record.requisition import RequestedTest, Requisition
from translator.translate.order_key import order_key
from translator.translate.workflow import CONFIRMED, StatusCall, confirmations, is_known

FORMAT, TYPE = "whoop", "requisition"


class RequestedRow(Struct, frozen=True, omit_defaults=True):
    """
    One service request of a requisition as it is shown.

    Shape: `key` is its short order number; `status` is the vendor's, `task_status` the last one that we set or queued,
    else the one that the vendor had.
    """

    service_request_id: str
    code: str
    status: str
    key: str
    task_status: str = ""


class RequisitionRow(Struct, frozen=True, omit_defaults=True):
    """
    One requisition as it is shown; nothing in it tells of the member.

    Shape: `held` is the reason why the lab has no order for it, `held_about` the panels that it is about.
    Absent: `ordered_at` is empty while the lab has no order for it, `confirmed_at` where it was not confirmed as a
    whole. `tests` is empty once its document is pruned.
    """

    requisition_id: str
    message: int
    fetched_at: str
    ordered_at: str = ""
    confirmed_at: str = ""
    held: str = ""
    held_about: tuple[str, ...] = ()
    tests: tuple[RequestedRow, ...] = ()


class Requisitions:
    """The requisitions of one ledger; `Ledger.requisitions()` gives them."""

    def __init__(self, database: Database, vault: Vault, instant: Callable[[], int]) -> None:
        self._database = database
        self._vault = vault
        self._instant = instant

    def may_confirm_whole(self, fetched: Requisition) -> bool:
        """Tell whether one call may confirm every service request: all wait for it, and their lanes are empty."""
        tests = fetched.tests
        with self._database.read() as connection:
            known = {test.id: _task_status(connection, test) for test in tests}
            if not all(test.is_active and is_known(known[test.id]) for test in tests):
                return False
            calls = confirmations(fetched.id, known, frozenset(known))
            lane = schema.lane
            used = select(lane.c.id).where(lane.c.destination == WHOOP, lane.c.next_position > 1)
            is_empty = connection.execute(used.where(lane.c.service_request_id.in_(known))).first() is None
        return is_empty and [call.is_requisition for call in calls] == [True]

    def take(
        self,
        fetched: Requisition,
        raw: bytes,
        *,
        event_id: int,
        confirms: bool,
        is_confirmed: bool = False,
        traceparent: str = "",
    ) -> int:
        """
        Keep a requisition as it was fetched, and give the number of service requests that will be confirmed.

        Shape: `is_confirmed` says that WHOOP was told so of the whole since; `traceparent` names the event's trace.
        Raises: LedgerError where the database fails; then nothing is kept.
        """
        with self._database.write() as connection:
            announce(connection)
            now = self._instant()
            outcome = Outcome(Source(index=0, format=FORMAT, type=TYPE), "translated")
            arrival = Arrival(outcome, raw, traceparent=traceparent)
            (message_id,) = accept_messages(connection, self._vault, [arrival], {}, now)
            _store(connection, fetched.id, message_id, now, confirmed_at=now if is_confirmed else None)
            import_rows(connection, self._vault, list(_correlation(fetched, message_id)), now)
            confirmed = _confirm(connection, self._vault, fetched.tests, message_id, now) if confirms else 0
            settle_event(connection, event_id, DONE, "200")
            return confirmed

    def refuse(self, raw: bytes, *, event_id: int, answer: str) -> None:
        """Keep an answer that is no requisition, so that a person can look at it."""
        with self._database.write() as connection:
            remark = Diagnostic("malformed", "error", text="the vendor's answer is no requisition")
            outcome = Outcome(Source(index=0, format=FORMAT, type=TYPE), "refused", diagnostics=(remark,))
            accept_messages(connection, self._vault, [Arrival(outcome, raw)], {}, self._instant())
            settle_event(connection, event_id, FAILED, answer)

    def confirm(self, requisition_id: str) -> int:
        """
        Queue ORDER_CONFIRMED for each active service request that is not so far yet; gives their number.

        Raises: LedgerError where there is no such requisition, or its document is no longer kept.
        """
        with self._database.write() as connection:
            announce(connection)
            message_id = _message_of(connection, requisition_id)
            document = self._document(connection, message_id)
            if document is None:
                raise LedgerError("the document of this requisition is no longer kept; fetch it again")
            if _is_confirmed(connection, requisition_id):
                return 0
            return _confirm(connection, self._vault, document.tests, message_id, self._instant())

    def document(self, requisition_id: str) -> Requisition | None:
        """
        Give a requisition as it was fetched; None once its document is pruned.

        Raises: LedgerError where there is no such requisition.
        """
        with self._database.read() as connection:
            return self._document(connection, _message_of(connection, requisition_id))

    def message(self, requisition_id: str) -> int:
        """
        Give the number of the message that holds its document.

        Raises: LedgerError where there is no such requisition.
        """
        with self._database.read() as connection:
            return _message_of(connection, requisition_id)

    def unordered(self) -> list[str]:
        """Name the requisitions that the lab has no order for yet, in the order in which they came."""
        query = select(requisition.c.requisition_id).where(requisition.c.ordered_at.is_(None))
        with self._database.read() as connection:
            return list(connection.execute(query.order_by(requisition.c.id)).scalars())

    def mark_ordered(self, requisition_id: str) -> None:
        """Record that the lab has its order."""
        with self._database.write() as connection:
            known = requisition.c.requisition_id == requisition_id
            done = {"ordered_at": self._instant(), "held": "", "held_about": ""}
            connection.execute(update(requisition).where(known).values(done))

    def hold(self, requisition_id: str, reason: str, about: Sequence[str]) -> None:
        """Record why the lab has no order for it; a second time changes nothing."""
        wanted = {"held": reason, "held_about": "|".join(about)}
        known = requisition.c.requisition_id == requisition_id
        with self._database.write() as connection:
            connection.execute(update(requisition).where(known).values(wanted))

    def rows(self) -> list[RequisitionRow]:
        """List every requisition in the order in which they came."""
        with self._database.read() as connection:
            rows = connection.execute(select(requisition).order_by(requisition.c.id)).mappings().all()
            return [
                RequisitionRow(
                    requisition_id=row["requisition_id"],
                    message=row["message_id"],
                    fetched_at=moment_text(row["fetched_at"]),
                    ordered_at=moment_text(row["ordered_at"]),
                    confirmed_at=moment_text(row["confirmed_at"]),
                    held=row["held"],
                    held_about=tuple(filter(None, row["held_about"].split("|"))),
                    tests=tuple(self._tests(connection, row["message_id"], row["confirmed_at"])),
                )
                for row in rows
            ]

    def _document(self, connection: Connection, message_id: int) -> Requisition | None:
        table = schema.message
        query = select(table.c.raw, table.c.key_id).where(table.c.id == message_id)
        try:
            return read_requisition(self._vault.open_message(connection, connection.execute(query).mappings().one()))
        except BrokenSealError:
            return None

    def _tests(self, connection: Connection, message_id: int, confirmed_at: int | None) -> Iterator[RequestedRow]:
        document = self._document(connection, message_id)
        for test in document.tests if document else ():
            known = _task_status(connection, test) or (CONFIRMED if confirmed_at else "")
            yield RequestedRow(test.id, test.code, test.status, order_key(test.id), known)


def _store(connection: Connection, requisition_id: str, message_id: int, now: int, *, confirmed_at: int | None) -> None:
    row = {"requisition_id": requisition_id, "message_id": message_id, "fetched_at": now}
    connection.execute(schema.insert_or_ignore(connection, requisition), row)
    known = requisition.c.requisition_id == requisition_id
    # A newer document says itself what was confirmed before.
    newest = {"message_id": message_id, "fetched_at": now, "confirmed_at": confirmed_at}
    connection.execute(update(requisition).where(known).values(newest))


def _correlation(fetched: Requisition, message_id: int) -> Iterator[CorrelationRow]:
    """Say what the numbers stand for that a lab may send back: its short key, and the requisition with the panel."""
    for number, test in enumerate(fetched.tests):
        row = CorrelationRow(
            at=f"message {message_id}:service_requests[{number}]",
            key=order_key(test.id),
            key_type="placer",
            service_request_id=test.id,
            requisition_id=fetched.id,
            birth_date=fetched.patient.birth_date,
            panel=test.code,
            created=fetched.created_at,
        )
        yield row
        yield structs.replace(row, key=fetched.id, key_type="group")


def _confirm(connection: Connection, vault: Vault, tests: Sequence[RequestedTest], message_id: int, now: int) -> int:
    lanes = find_lanes(connection, [(WHOOP, test.id) for test in tests], vault)
    known = {test.id: _task_status(connection, test) for test in tests}
    wanted = frozenset(test.id for test in tests if test.is_active and is_known(known[test.id]))
    statuses = {request: status for request, status in known.items() if is_known(status)}
    calls = confirmations("", statuses, wanted)
    rows = [status_row(lanes[WHOOP, call.id], StatusCall(CONFIRMED), message_id=message_id, now=now) for call in calls]
    insert_rows(connection, schema.submission, rows)
    store_lanes(connection, lanes.values())
    return len(rows)


def _task_status(connection: Connection, test: RequestedTest) -> str:
    lane = schema.lane
    query = select(lane.c.id).where(lane.c.destination == WHOOP, lane.c.service_request_id == test.id)
    lane_id = connection.execute(query).scalar_one_or_none()
    return (read_status(connection, lane_id) if lane_id is not None else "") or test.task_status


def _is_confirmed(connection: Connection, requisition_id: str) -> bool:
    query = select(requisition.c.confirmed_at).where(requisition.c.requisition_id == requisition_id)
    return connection.execute(query).scalar_one_or_none() is not None


def _message_of(connection: Connection, requisition_id: str) -> int:
    query = select(requisition.c.message_id).where(requisition.c.requisition_id == requisition_id)
    message_id: int | None = connection.execute(query).scalar_one_or_none()
    if message_id is None:
        raise LedgerError("the ledger has no such requisition; `translator requisitions fetch ID` asks WHOOP for it")
    return message_id
