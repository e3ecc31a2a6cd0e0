"""Tell of what is done about an event as spans, which go on with the trace that its webhook began."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from translator.ledger import EventRow
from translator.tracing import CLIENT, NO_TRACER, Tracer
from translator.transmit.attempt_spans import Vendor, told_of_answer
from translator.transmit.responses import Answer

Contexts = Callable[[Sequence[int]], dict[int, str]]


class EventSpans:
    """The spans of a vendor's events; `tracer` records them."""

    def __init__(self, vendor: Vendor, tracer: Tracer = NO_TRACER) -> None:
        self._vendor = vendor
        self._tracer = tracer
        self.is_on = tracer.is_on
        self.now = tracer.now

    def context(self, event: EventRow, contexts: Contexts) -> str:
        """Look up the trace of an event; empty where nobody traces it."""
        return contexts([event.message]).get(event.message, "")

    def called(self, context: str, kind: str, began: int, answer: Answer) -> None:
        """Tell of a call to the vendor."""
        if context:
            method, template = call = self._vendor.calls[kind]
            told, error = told_of_answer(call, answer)
            span = self._tracer.begin(f"{method} {template}", CLIENT, began, parent=context)
            span.end(self.now(), {**told, **self._vendor.server}, error=error)
