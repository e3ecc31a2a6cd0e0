"""
Give people their desk: what waits for them in the ledger, and what they decide about it.

Everything that is decided may be rehearsed first: the same statements run, and are undone. So a preview shows exactly
what would happen, also where one decision depends on the one before.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, exists, or_, select

from translator.ledger import orders, schema
from translator.ledger.bell import announce
from translator.ledger.database import Database
from translator.ledger.decisions import Decision, read_decisions
from translator.ledger.dropping import conclude, conclude_order, drop_held, newest_message
from translator.ledger.events import WEBHOOK
from translator.ledger.held import HeldItem, Version, list_held, versions
from translator.ledger.orders import OrderView
from translator.ledger.placing import Acceptance
from translator.ledger.policy import DestinationPolicy
from translator.ledger.positions import LaneName, lane_names
from translator.ledger.refile import Choice, Refiled, refile
from translator.ledger.requisitions import FORMAT
from translator.ledger.undecided import UndecidedItem, decide, list_undecided
from translator.ledger.vault import Vault
from translator.ledger.view_shapes import DecisionView
from translator.ledger.views import read_raw
from translator.record.outcome import Diagnostic, OrderPayload, Outcome


class Kept(Struct, frozen=True):
    """A message as it came in: its bytes, the site whose tables translated it, and the codes of its diagnostics."""

    raw: bytes
    site: str
    codes: tuple[str, ...]


class Desk:
    """What waits for a person in one ledger; `Ledger.desk()` gives it."""

    def __init__(self, database: Database, vault: Vault, instant: Callable[[], int]) -> None:
        self._database = database
        self._vault = vault
        self._instant = instant

    # What waits

    def held(
        self, *, message_ids: Sequence[int] | None = None, service_request_id: str = "", cause: str = ""
    ) -> list[HeldItem]:
        """List what is held, in the order in which it came: all, or of some messages, a service request, a cause."""
        with self._database.read() as connection:
            return list_held(connection, message_ids=message_ids, service_request_id=service_request_id, cause=cause)

    def versions(self, service_request_id: str, code: str) -> list[Version]:
        """Give every version of one result that its lane has seen."""
        with self._database.read() as connection:
            return versions(connection, service_request_id, code)

    def undecided(self, states: Collection[str], ids: Sequence[str] | None = None) -> list[UndecidedItem]:
        """List what blocks its lane; `ids` are numbers of submissions or service requests."""
        with self._database.read() as connection:
            return list_undecided(connection, states, ids=ids)

    def orders(self, reference: str = "") -> list[OrderView]:
        """List what was ordered under each reference, or under one."""
        with self._database.read() as connection:
            return orders.with_receipts(connection, self._vault, orders.list_orders(connection, reference))

    def decisions(self, message_id: int) -> list[DecisionView]:
        """Give what was decided about a message."""
        with self._database.read() as connection:
            return read_decisions(connection, message_id)

    def kept(self, message_id: int) -> Kept:
        """
        Give a message as it came in.

        Raises: LedgerError where there is no such message, or its bytes are no longer kept.
        """
        table = schema.message
        with self._database.read() as connection:
            raw = read_raw(connection, self._vault, message_id)
            site, diagnostics = connection.execute(
                select(table.c.site, table.c.diagnostics).where(table.c.id == message_id)
            ).one()
        codes = tuple(remark.code for remark in msgspec.json.decode(diagnostics, type=list[Diagnostic]))
        return Kept(raw, site, codes)

    def held_sites(self) -> dict[int, str]:
        """Name the site by whose tables each message was translated of which something is held."""
        message, entry = schema.message, schema.entry
        held = exists().where(entry.c.message_id == message.c.id, entry.c.state == "held")
        query = select(message.c.id, message.c.site).where(or_(message.c.state == "held", held))
        with self._database.read() as connection:
            return {row.id: row.site for row in connection.execute(query)}

    def messages(self, *, since: int | None = None, until: int | None = None) -> list[int]:
        """Number the labs' messages between two times, in microseconds since 1970, in the order in which they came."""
        received = schema.message.c.received_at
        # What a vendor told is kept as a message, too, but nothing in it can be translated.
        of_labs = schema.message.c.format.not_in((WEBHOOK, FORMAT))
        query = select(schema.message.c.id).where(of_labs).order_by(schema.message.c.id)
        query = query if since is None else query.where(received >= since)
        query = query if until is None else query.where(received < until)
        with self._database.read() as connection:
            return list(connection.execute(query).scalars())

    def lanes_of(self, message_id: int, outcome: Outcome) -> set[LaneName]:
        """Name the lanes that a message spoke of when it came, and those that it speaks of under a new outcome."""
        lane, entry = schema.lane, schema.entry
        query = (
            select(lane.c.destination, lane.c.service_request_id)
            .join(entry, entry.c.lane_id == lane.c.id)
            .where(entry.c.message_id == message_id)
            .distinct()
        )
        with self._database.read() as connection:
            return {(*row,) for row in connection.execute(query)} | lane_names(outcome)

    # What is decided

    @contextmanager
    def session(self, *, rehearses: bool) -> Iterator[DeskSession]:
        """
        Decide several things in one transaction.

        Shape: where it `rehearses`, everything is undone at the end.
        """
        with self._database.write() as connection:
            announce(connection)
            if not rehearses:
                yield DeskSession(connection, self._vault, self._instant())
                return
            rehearsal = connection.begin_nested()
            try:
                yield DeskSession(connection, self._vault, self._instant())
            finally:
                rehearsal.rollback()


class DeskSession:
    """One transaction in which a person decides."""

    def __init__(self, connection: Connection, vault: Vault, now: int) -> None:
        self._connection = connection
        self._vault = vault
        self._now = now

    def refile(
        self,
        message_id: int,
        outcome: Outcome,
        policies: Mapping[str, DestinationPolicy],
        choice: Choice,
        decision: Decision,
    ) -> Refiled:
        """
        Take a message up again under a new outcome; see refile.py.

        Raises: LedgerError where it cannot be.
        """
        key_id = self._vault.current(self._connection)
        acceptance = Acceptance(self._connection, self._vault, key_id, policies, self._now)
        return refile(acceptance, message_id, outcome, choice, decision)

    def drop_held(self, chosen: Mapping[int, Collection[str] | None], decision: Decision) -> set[int]:
        """Drop what is held of some messages, all or some entries of each; gives the lanes concerned."""
        lanes: set[int] = set()
        for message_id, ats in sorted(chosen.items()):
            lanes |= drop_held(self._connection, message_id, ats, decision, self._now)
        return lanes

    def decide(self, submission_id: int, decision: Decision) -> int:
        """
        Resend, accept or drop a submission that blocks its lane; gives the lane.

        Raises: LedgerError where this cannot be decided about it.
        """
        return decide(self._connection, submission_id, decision, self._now)

    def withdraw_order(self, reference: str, decision: Decision) -> bool:
        """
        Drop an order that was never sent; gives False where the vendor has it.

        Raises: LedgerError where there is no such order, or it must be decided first.
        """
        return orders.withdraw(self._connection, reference, decision, self._now)

    def cancel_order(self, reference: str, body: OrderPayload, decision: Decision) -> int:
        """
        Queue the cancellation of an order that the vendor has; gives the number of the call.

        Raises: LedgerError where there is no such order, or it cannot be cancelled.
        """
        return orders.cancel(self._connection, reference, body, decision, self._now)

    def conclude(self, lane_ids: Collection[int], policies: Mapping[str, DestinationPolicy], then: str) -> None:
        """
        Tell the vendor what the orders are after something was dropped; see dropping.py.

        Raises: ConfigError where a choice is needed and there is none.
        """
        for lane_id in sorted(lane_ids):
            message_id = newest_message(self._connection, lane_id)
            conclude(self._connection, [lane_id], policies, then, message_id=message_id, now=self._now)

    def conclude_order(
        self, service_request_id: str, policies: Mapping[str, DestinationPolicy], then: str, decision: Decision
    ) -> None:
        """
        Tell the vendor what an order is, by a person's word alone; see dropping.py.

        Raises: LedgerError where that is not true, or not to be said any more.
        """
        conclude_order(self._connection, service_request_id, policies, then, decision, self._now)
