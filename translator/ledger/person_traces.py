"""
Find everything in a ledger that tells of one person: lanes, messages, requisitions, events and order numbers.

A person is told by one identifier, of the lab (PID-3) or of WHOOP (the member's id), and a requisition ties the two
together: its service requests are lanes of the lab's results. So from a lane the way leads to its requisition, to every
other of the same member and to all of their lanes, and from an order to what its vendor told of it.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from sqlalchemy import Connection, RowMapping, select

from translator.ledger import schema
from translator.ledger.event_tables import event
from translator.ledger.keys import BrokenSealError
from translator.ledger.persons import is_about_nobody_else, names_patient
from translator.ledger.vault import Vault
from translator.read.requisition import MalformedRequisitionError, read_requisition
from translator.read.vendor_event import MalformedEventError, read_study_event
from translator.record.event import ACURABLE, WHOOP

_REQUISITION = (WHOOP, "requisition")
_STUDY = f"{ACURABLE} "

_message, _entry, _submission, _lane = schema.message, schema.entry, schema.submission, schema.lane


class Traces(Struct, frozen=True):
    """
    What tells of one person.

    Shape: `lanes` and `events` by number; `orders` are the names of their lanes at vendors, `requisitions` the ids of
    what WHOOP asked for. `message_ids` are those whose bytes are kept, in order.
    """

    message_ids: tuple[int, ...]
    lanes: tuple[int, ...]
    orders: frozenset[str]
    requisitions: frozenset[str]
    events: tuple[int, ...]


class _Search(Struct):
    """What is found so far."""

    named: set[int] = set()
    lanes: set[int] = set()
    orders: set[str] = set()
    requisitions: set[str] = set()
    members: set[str] = set()
    studies: dict[int, str] = {}

    @property
    def size(self) -> int:
        """How much that is; it only grows."""
        return len(self.named) + len(self.lanes) + len(self.orders) + len(self.requisitions) + len(self.members)


def find_traces(connection: Connection, vault: Vault, patient: str) -> Traces:
    """Find everything of one person."""
    pinned = select(_lane.c.id).where(_lane.c.patient_hash == vault.hash("patient", patient))
    found = _Search(lanes=set(connection.execute(pinned).scalars()))
    found.orders |= _names(connection, found.lanes)
    size = -1
    while size != found.size:
        # Another pass finds what only the lanes that this one found lead to.
        size = found.size
        for row, raw in _kept(connection, vault):
            _look_at(connection, found, row, raw, patient)
        found.lanes |= _numbers(connection, found.orders)
    found.requisitions |= _known_by_number(connection, vault, found.orders)
    events = _events(connection, found)
    told = {event_message for _, event_message in events}
    studies = {number for number, reference in found.studies.items() if reference in found.orders}
    kept = set(connection.execute(select(_message.c.id).where(_message.c.pruned_at.is_(None))).scalars())
    return Traces(
        message_ids=tuple(sorted((found.named | told | studies | _on_lanes(connection, found.lanes)) & kept)),
        lanes=tuple(sorted(found.lanes)),
        orders=frozenset(found.orders),
        requisitions=frozenset(found.requisitions),
        events=tuple(sorted(number for number, _ in events)),
    )


def _look_at(connection: Connection, found: _Search, row: RowMapping, raw: bytes, patient: str) -> None:
    """Look into one message: one that was held or refused may be on no lane."""
    is_named = names_patient(raw, patient)
    if (row["format"], row["type"]) == _REQUISITION:
        _look_at_requisition(found, row["id"], raw, is_named=is_named)
    elif row["format"] == "webhook" and row["type"].startswith(_STUDY):
        found.studies[row["id"]] = _reference(raw)
    elif is_named:
        found.named.add(row["id"])
        if is_about_nobody_else(raw, patient):
            lanes = _lanes_of(connection, row["id"])
            found.lanes |= lanes
            found.orders |= _names(connection, lanes)


def _look_at_requisition(found: _Search, number: int, raw: bytes, *, is_named: bool) -> None:
    try:
        document = read_requisition(raw)
    except MalformedRequisitionError:
        found.named |= {number} if is_named else set()
        return
    tests = {test.id for test in document.tests}
    member = document.patient.references[0].value
    is_theirs = member in found.members or document.id in found.requisitions or not tests.isdisjoint(found.orders)
    if is_named or is_theirs:
        found.named.add(number)
        found.members.add(member)
        found.requisitions.add(document.id)
        found.orders |= tests


def _kept(connection: Connection, vault: Vault) -> Iterator[tuple[RowMapping, bytes]]:
    columns = (_message.c.id, _message.c.format, _message.c.type, _message.c.raw, _message.c.key_id)
    query = select(*columns).where(_message.c.pruned_at.is_(None)).execution_options(yield_per=200)
    for row in connection.execute(query).mappings():
        try:
            yield row, vault.open_message(connection, row)
        except BrokenSealError:
            continue


def _known_by_number(connection: Connection, vault: Vault, orders: set[str]) -> set[str]:
    """Name the requisitions of service requests by the correlation: their documents may be pruned."""
    table = schema.correlation
    columns = select(table.c.key_id, table.c.requisition_id)
    queries = [columns.where(chosen) for chosen in schema.of_messages(table.c.service_request_id, sorted(orders))]
    rows = [row for query in queries for row in connection.execute(query)]
    return {vault.open_text(connection, row.key_id, row.requisition_id) for row in rows} - {""}


def _reference(raw: bytes) -> str:
    try:
        return read_study_event(raw).reference
    except MalformedEventError:
        return ""


def _events(connection: Connection, found: _Search) -> set[tuple[int, int]]:
    """Name the events about the person, each with its message."""
    columns = select(event.c.id, event.c.message_id)
    studies = [number for number, reference in found.studies.items() if reference in found.orders]
    asked = [columns.where(chosen) for chosen in schema.of_messages(event.c.message_id, studies)]
    ids = sorted(found.requisitions)
    asked += [columns.where(event.c.vendor == WHOOP, chosen) for chosen in schema.of_messages(event.c.resource, ids)]
    rows = [row for query in asked for row in connection.execute(query)]
    return {(number, message_id) for number, message_id in rows}


def _on_lanes(connection: Connection, lanes: set[int]) -> set[int]:
    return {
        message_id
        for table in (_entry, _submission)
        for chosen in schema.of_messages(table.c.lane_id, sorted(lanes))
        for message_id in connection.execute(select(table.c.message_id).where(chosen)).scalars()
    }


def _lanes_of(connection: Connection, message_id: int) -> set[int]:
    told, sent = (
        select(table.c.lane_id).where(table.c.message_id == message_id, table.c.lane_id.is_not(None))
        for table in (_entry, _submission)
    )
    return set(connection.execute(told.union(sent)).scalars())


def _names(connection: Connection, lanes: set[int]) -> set[str]:
    return {
        name
        for chosen in schema.of_messages(_lane.c.id, sorted(lanes))
        for name in connection.execute(select(_lane.c.service_request_id).where(chosen)).scalars()
    }


def _numbers(connection: Connection, names: set[str]) -> set[int]:
    return {
        number
        for chosen in schema.of_messages(_lane.c.service_request_id, sorted(names))
        for number in connection.execute(select(_lane.c.id).where(chosen)).scalars()
    }
