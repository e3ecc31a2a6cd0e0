"""
List what was ordered, show one order with every call about it, and queue the cancellation that a person asks for.

A cancellation by a person belongs to the message that made the order; the decision says whose it was.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Struct, structs
from sqlalchemy import Connection, exists, insert, select

from translator.errors import LedgerError
from translator.ledger import schema
from translator.ledger.decisions import Decision, record
from translator.ledger.lanes import make_due
from translator.ledger.moments import moment_text
from translator.ledger.moves import move_with_entries
from translator.ledger.positions import LaneName, find_lanes, queue_row, store_lanes
from translator.ledger.receipts import OrderReceipt, read_receipts
from translator.ledger.vault import Vault
from translator.record.outcome import OrderPayload
from translator.translate.order_revision import CHANGES

DESTINATION = "acurable"
CANCELLATIONS = {"order": "order-update", "study": "study-cancel"}
"""The call that cancels what a call made; a referral cannot be cancelled."""

BY_HAND = "by-hand"

_lane, _submission, _attempt, _message = schema.lane, schema.submission, schema.attempt, schema.message


class OrderCall(Struct, frozen=True, omit_defaults=True):
    """
    One call about an order, made or still to be made.

    Shape: `answer` is what the vendor said last, or what went wrong. `message` brought it, at `since`. `location` is
    where the vendor keeps what was made; `activation_codes` let the patient begin.
    """

    id: int
    kind: str
    state: str
    message: int
    since: str
    attempts: int
    answer: str = ""
    body: msgspec.Raw | None = None
    location: str = ""
    activation_codes: tuple[str, ...] = ()


class OrderView(Struct, frozen=True):
    """One reference and every call about it, in order."""

    reference: str
    destination: str
    state: str
    calls: tuple[OrderCall, ...]


def list_orders(connection: Connection, reference: str = "") -> list[OrderView]:
    """List every order, or the one of a reference, oldest first; its state is that of its latest call."""
    query = (
        select(
            _lane.c.service_request_id, _submission.c.id, _submission.c.kind, _submission.c.state,
            _submission.c.message_id, _message.c.received_at, _submission.c.attempts, _submission.c.detail,
            _submission.c.body,
        )
        .join(_lane, _lane.c.id == _submission.c.lane_id)
        .join(_message, _message.c.id == _submission.c.message_id)
        .where(_lane.c.destination == DESTINATION)
        .order_by(_lane.c.id, _submission.c.position)
    )  # fmt: skip
    if reference:
        query = query.where(_lane.c.service_request_id == reference)
    calls: dict[str, list[OrderCall]] = {}
    for name, number, kind, state, message_id, received, attempts, answer, body in connection.execute(query):
        # A message that was pruned has lost its bodies.
        call = OrderCall(
            number, kind, state, message_id, moment_text(received), attempts, answer, msgspec.Raw(body or b"{}")
        )
        calls.setdefault(name, []).append(call)
    return [OrderView(name, DESTINATION, found[-1].state, tuple(found)) for name, found in calls.items()]


def with_receipts(connection: Connection, vault: Vault, found: Sequence[OrderView]) -> list[OrderView]:
    """Add what the vendor gave for each call."""
    given = read_receipts(connection, vault, [call.id for order in found for call in order.calls])

    def told(call: OrderCall) -> OrderCall:
        receipt = given.get(call.id, OrderReceipt())
        return structs.replace(call, location=receipt.location, activation_codes=receipt.activation_codes)

    return [structs.replace(order, calls=tuple(map(told, order.calls))) for order in found]


def withdraw(connection: Connection, reference: str, decision: Decision, now: int) -> bool:
    """
    Drop an order that was never sent; gives False where the vendor has it, so that it must be cancelled there.

    Raises: LedgerError where there is no such order, or it must be decided first.
    """
    made = _made(connection, reference)
    if made.state == "delivered":
        return False
    tried = connection.execute(select(exists().where(_attempt.c.submission_id == made.id))).scalar_one()
    if made.state != "queued" or tried:
        raise LedgerError(f"the order is {made.state} after an attempt; decide about that first (`translator unknown`)")
    (lane,) = find_lanes(connection, [(DESTINATION, reference)]).values()
    behind = select(_submission.c.id).where(_submission.c.lane_id == lane.id, _submission.c.state == "queued")
    move_with_entries(connection, list(connection.execute(behind).scalars()), "dropped", detail=BY_HAND)
    make_due(connection, lane.id, now)
    record(connection, decision, made.message, now, submission_id=made.id)
    return True


def cancel(connection: Connection, reference: str, body: OrderPayload, decision: Decision, now: int) -> int:
    """
    Queue the cancellation of an order that the vendor has; gives the number of the call.

    Raises: LedgerError where there is no such order, or it cannot be cancelled.
    """
    made = _made(connection, reference)
    name: LaneName = (DESTINATION, reference)
    lane = find_lanes(connection, [name])[name]
    row = queue_row(
        lane, body, message_id=made.message, ordered_at="", critical=False, now=now, kind=cancellation(made)
    )
    number = connection.execute(insert(schema.submission).returning(schema.submission.c.id), row).scalar_one()
    store_lanes(connection, [lane])
    record(connection, decision, made.message, now, submission_id=number)
    return int(number)


def cancellation(made: OrderCall) -> str:
    """
    Name the call that cancels what was made.

    Raises: LedgerError where the vendor has none.
    """
    if made.kind not in CANCELLATIONS:
        raise LedgerError(f"a {made.kind} cannot be cancelled once it is made; speak with the vendor")
    return CANCELLATIONS[made.kind]


def _made(connection: Connection, reference: str) -> OrderCall:
    found = list_orders(connection, reference)
    calls = [call for order in found for call in order.calls if call.kind not in CHANGES and call.state != "dropped"]
    if not calls:
        raise LedgerError("the ledger has no such order that can be cancelled; see `translator orders list`")
    return calls[-1]
