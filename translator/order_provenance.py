"""Join what reading, the tables and translation know about the orders of one message (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from translator.read import locate
from translator.record.body_field import BodyField, body_fields
from translator.record.order import Order
from translator.record.outcome import Entry, Outcome
from translator.translate.tables import Tables
from translator.translate.trace import Step
from translator.translate.trace_order import trace_body_field, trace_order


class OrderTraces:
    """Trace the orders of one message, by the entries that its outcome has for them."""

    def __init__(self, outcome: Outcome, orders: Iterable[Order], tables: Tables) -> None:
        self._outcome = outcome
        self._tables = tables
        self._orders = {order.at: order for order in orders}
        self._entries = {entry.at: entry for entry in outcome.entries if entry.at in self._orders}
        self._sent: dict[int, str] = {}
        for entry in self._entries.values():
            if entry.submission is not None:
                self._sent[entry.submission] = entry.at

    def of_field(self, field: BodyField) -> tuple[Step, ...]:
        """List what a field of a body was made from."""
        order = self._orders[self._sent[field.submission]]
        return trace_body_field(order, field.at, self._outcome.source.format, self._tables)

    def fate(self, entry: Entry) -> tuple[Step, ...]:
        """Say what became of an order."""
        order, source = self._orders[entry.at], self._outcome.source
        return trace_order(order, entry, source.format, self._outcome.diagnostics, self._tables)

    def entry_at(self, position: str) -> Entry | None:
        """Find the order that a position lies in; None where there is none, or it has no fate of its own."""
        if self._outcome.source.format == "fhir":
            holders = [at for at in self._entries if position == at or position.startswith((f"{at}.", f"{at}["))]
            return self._entries[max(holders, key=len)] if holders else None
        found = locate.parse_position(position)
        return self._entries.get(f"{found.segment}[{found.index}]") if found is not None else None

    def fields(self, entry: Entry | None = None) -> Iterator[BodyField]:
        """Name every field of the bodies of all orders, or of one."""
        for number, at in self._sent.items():
            if entry is None or entry.at == at:
                yield from body_fields(number, self._outcome)
