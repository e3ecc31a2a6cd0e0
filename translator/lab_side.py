"""
Bring to the lab what came for it: orders of the requisitions that were fetched, reports of the studies that finished.

Theory of operation: the ledger says what the lab has not got yet. Each thing is written, begun in the ledger, brought
once, and marked when the lab has taken it over. What surely was not sent is brought again; what may have been waits for
a person, as does what the lab refused, unless the way to the lab tells copies apart. The control id follows from what
is brought, so that such a lab knows a second copy from a second order.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
import threading
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from msgspec import Struct

from translator.config_lab import LabSettings
from translator.errors import WriteError
from translator.lab_way import open_lab
from translator.ledger import DELIVERED, DONE, FAILED, NOTED, ORDER, REPORT, EventRow, LabThing, Ledger
from translator.ledger.bell import Bell
from translator.pipeline import Pipeline
from translator.record.event import ACURABLE
from translator.record.order import Order, OrderPatient
from translator.record.report import Report
from translator.study_history import NO_ORDER, tell
from translator.tracing import NO_TRACER, Tracer
from translator.translate.lab_codes import UNMAPPED_PANEL, unmapped_panels
from translator.translate.requisition_orders import requisition_orders
from translator.translate.study_report import study_report
from translator.translate.tables import Tables
from translator.transmit.engine import GLANCE_S
from translator.transmit.lab import LabSide, Receipt
from translator.transmit.lab_spans import tell_brought
from translator.write.fhir_order import write_order_bundle
from translator.write.fhir_report import write_report_bundle
from translator.write.hl7v2 import Letterhead
from translator.write.oml import write_oml
from translator.write.oru import write_oru

SENDER = ("TRANSLATOR", "")
AGAIN_S = 60.0
"""How long a report waits that the lab could not be given, in seconds."""

GRACE_S = 60.0
"""How much longer than its time-outs something may be under way before whoever brought it must be dead, in seconds."""

NOT_WRITABLE = "not-writable"

LONGEST_S = 3600.0
ORDER_TRIES = 30

_AT_ONCE = 64
# MSH-10 of HL7 v2.5.1 has room for twenty characters.
_CONTROL_ID_LENGTH = 20


class Form(NamedTuple):
    """One format of the lab: how orders and reports are written, and how the names of files end."""

    orders: Callable[[Letterhead, Sequence[Order]], bytes]
    reports: Callable[[Letterhead, OrderPatient, Sequence[Report]], bytes]
    suffix: str


FORMS = {
    "hl7v2": Form(write_oml, write_oru, ".hl7"),
    "fhir": Form(write_order_bundle, write_report_bundle, ".json"),
}


class Brought(Struct, frozen=True):
    """What the lab has got now; `troubles` say by code what could not be brought."""

    orders: int = 0
    reports: int = 0
    troubles: tuple[str, ...] = ()


def serve_bringing(
    ledger: Ledger,
    settings: LabSettings,
    tables: Tables,
    *,
    stop: threading.Event,
    confirms: bool = False,
    tracer: Tracer = NO_TRACER,
) -> None:
    """
    Bring whatever comes for the lab, until the stop.

    Shape: `confirms` and `tracer` as for `LabDesk`.
    Raises: ConfigError where the way to the lab is a folder that is not there.
    """

    def desk(lab: LabSide) -> LabDesk:
        return LabDesk(ledger, lab, settings, Pipeline(tables), confirms=confirms, tracer=tracer)

    asyncio.run(_serve(ledger, settings, desk, stop))


async def _serve(
    ledger: Ledger, settings: LabSettings, desk_at: Callable[[LabSide], LabDesk], stop: threading.Event
) -> None:
    bell = ledger.bell()
    ringing = asyncio.create_task(bell.rings())
    try:
        async with open_lab(settings, FORMS[settings.format].suffix) as lab:
            desk = desk_at(lab)
            while not stop.is_set():
                await desk.bring_due()
                ringing = await _wait(bell, ringing, stop)
    finally:
        ringing.cancel()
        await asyncio.gather(ringing, return_exceptions=True)
        await bell.close()


async def _wait(bell: Bell, ringing: asyncio.Task[None], stop: threading.Event) -> asyncio.Task[None]:
    """Wait for the bell, the stop, or until what the lab did not take is due again."""
    glances = math.ceil(AGAIN_S / GLANCE_S)
    while glances and not (stop.is_set() or ringing.done()):
        await asyncio.wait({ringing}, timeout=GLANCE_S)
        glances -= 1
    if not ringing.done():
        return ringing
    ringing.result()
    return asyncio.create_task(bell.rings())


class LabDesk:
    """
    Bring what is due, by one way to the lab.

    Shape: `confirms` says that WHOOP is told of an order that the lab has got; `tracer` records what is brought.
    """

    def __init__(
        self,
        ledger: Ledger,
        lab: LabSide,
        settings: LabSettings,
        pipeline: Pipeline,
        clock: Callable[[], float] = time.monotonic,
        *,
        confirms: bool = False,
        tracer: Tracer = NO_TRACER,
    ) -> None:
        self._ledger = ledger
        self._tracer = tracer
        self._confirms = confirms
        self._lab = lab
        self._settings = settings
        self._form = FORMS[settings.format]
        self._pipeline = pipeline
        self._clock = clock
        # An order that the lab did not take is not brought to it at every ring of the bell.
        self._not_before: dict[str, float] = {}

    async def bring_due(self) -> Brought:
        """Bring every order and every report that the lab has not got."""
        now = self._clock()
        known = self._ledger.lab()
        if not self._lab.tells_copies_apart:
            known.give_up(2 * self._settings.timeout_s + GRACE_S)
        blocked = known.blocked(ORDER, repeats=self._lab.tells_copies_apart)
        unordered = [each for each in self._ledger.requisitions().unordered() if each not in blocked]
        orders = [await self._order(each) for each in unordered if self._not_before.get(each, now) <= now]
        reports = [await self._report(event) for event in self._ledger.events().due(ACURABLE, _AT_ONCE)]
        receipts = [receipt for receipt in (*orders, *reports) if receipt is not None]
        return Brought(
            _count(orders),
            _count(reports),
            tuple(receipt.code for receipt in receipts if receipt.outcome != "accepted"),
        )

    async def _order(self, requisition_id: str) -> Receipt | None:
        """Bring the orders of one requisition; None where there is nothing to order."""
        requisitions = self._ledger.requisitions()
        document = requisitions.document(requisition_id)
        if document is None:
            return Receipt("refused", "document-pruned")
        tables = self._pipeline.tables
        if unmapped := unmapped_panels(document, tables):
            requisitions.hold(requisition_id, UNMAPPED_PANEL, unmapped)
            self._not_before[requisition_id] = self._clock() + AGAIN_S
            return Receipt("refused", UNMAPPED_PANEL)
        orders = requisition_orders(document, tables.order_codes, short_keys=self._settings.short_keys)
        head = self._head(f"{document.id} {document.updated_at}", document.updated_at or document.created_at)
        thing = LabThing(ORDER, requisition_id, requisitions.message(requisition_id), head.control_id)
        receipt = await self._bring(lambda: self._form.orders(head, orders), thing) if orders else None
        if receipt is None or receipt.outcome == "accepted":
            requisitions.mark_ordered(requisition_id)
            if self._confirms:
                # What could not be ordered when it was fetched was not confirmed then; all else is.
                requisitions.confirm(requisition_id)
            self._not_before.pop(requisition_id, None)
        else:
            self._not_before[requisition_id] = self._clock() + AGAIN_S
        return receipt

    async def _report(self, event: EventRow) -> Receipt | None:
        """Bring the report of one study; None where the event is of none that has finished."""
        events = self._ledger.events()
        telling = tell(self._ledger, event)
        if telling.state:
            events.settle(event.id, telling.state, telling.answer)
            return None if telling.state == NOTED else Receipt("refused", telling.answer)
        order = self._find(telling.study.reference)
        if order is None:
            return self._put_off_without_order(event)
        study, told = telling.study, telling.told
        report = study_report(study, order, event.received_at, told=told, corrects=telling.corrects)
        head = self._head(f"{event.vendor} {event.resource}", event.received_at)
        thing = LabThing(REPORT, str(event.id), event.message, head.control_id)
        receipt = await self._bring(lambda: self._form.reports(head, order.patient, [report]), thing)
        if receipt.outcome == "accepted":
            events.settle(event.id, DONE, receipt.code)
        elif receipt.code == NOT_WRITABLE:
            events.settle(event.id, FAILED, receipt.code)
        elif receipt.outcome == "not-sent" or self._lab.tells_copies_apart:
            events.put_off(event.id, receipt.code, AGAIN_S)
        return receipt

    def _put_off_without_order(self, event: EventRow) -> Receipt:
        """Wait for the order of a study, which may be late; about a day, since it may be nobody's."""
        events = self._ledger.events()
        if event.tries + 1 < ORDER_TRIES:
            events.put_off(event.id, NO_ORDER, min(LONGEST_S, AGAIN_S * 2.0**event.tries))
        else:
            events.settle(event.id, FAILED, NO_ORDER)
        return Receipt("refused", NO_ORDER)

    async def _bring(self, write: Callable[[], bytes], thing: LabThing) -> Receipt:
        """Bring one thing, once: what the ledger does not let begin is under way elsewhere, or with the lab already."""
        try:
            message = write()
        except WriteError:
            return Receipt("refused", NOT_WRITABLE)
        repeats, known = self._lab.tells_copies_apart, self._ledger.lab()
        if state := known.begin(thing, repeats=repeats):
            return Receipt("accepted" if state == DELIVERED else "not-sent", state)
        began = self._tracer.now()
        receipt = await self._lab.bring(message, thing.control_id)
        if self._tracer.is_on:
            tell_brought(self._tracer, self._ledger, thing, receipt, began)
        known.end(thing, receipt.outcome, receipt.code, repeats=repeats)
        return receipt

    def _find(self, reference: str) -> Order | None:
        """Find the order that a study answers in the newest message that asked for it."""
        for message_id in self._ledger.order_messages(ACURABLE, reference):
            orders = self._pipeline.read(self._ledger.raw(message_id)).orders
            if found := [order for order in orders if order.placer.value == reference]:
                return found[0]
        return None

    def _head(self, what: str, at: str) -> Letterhead:
        digest = hashlib.sha256(what.encode()).hexdigest()[:_CONTROL_ID_LENGTH]
        return Letterhead(SENDER, (self._settings.receiver, self._settings.facility), at, digest)


def _count(receipts: Sequence[Receipt | None]) -> int:
    return sum(receipt is not None and receipt.outcome == "accepted" for receipt in receipts)
