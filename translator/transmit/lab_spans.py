"""Tell of what is brought to the lab's side as a span, which goes on with the trace of what asked for it."""

from __future__ import annotations

from translator.ledger import LabThing, Ledger
from translator.tracing import CLIENT, Told, Tracer
from translator.transmit.lab import Receipt

LAB = "lab"


def tell_brought(tracer: Tracer, ledger: Ledger, thing: LabThing, receipt: Receipt, began: int) -> None:
    """Tell what became of one message on its way to the lab; in the lab's own words nothing."""
    context = ledger.trace_contexts([thing.message]).get(thing.message, "")
    if context:
        told: Told = {
            "messaging.system": "translator",
            "messaging.destination.name": LAB,
            "messaging.operation.name": "deliver",
            "messaging.operation.type": "process",
            "translator.message": thing.message,
            "translator.kind": thing.kind,
            "translator.outcome": receipt.outcome,
        }
        error = "" if receipt.outcome == "accepted" else receipt.outcome
        tracer.begin(f"deliver {LAB}", CLIENT, began, parent=context).end(tracer.now(), told, error=error)
