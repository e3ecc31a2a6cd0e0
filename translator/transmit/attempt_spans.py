"""
Tell of deliveries as spans: how long a submission waited in its lane, the attempt, the call that it makes, its answer.

They go on with the trace that the message began where it came in, whoever took it in, and whenever that was. A call is
told by the template of its address: the address itself names an order.

Source: OpenTelemetry semantic conventions for messaging spans and for HTTP spans.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from urllib.parse import urlsplit

from msgspec import Struct

from translator.errors import LedgerError
from translator.ledger import KILLED, Claim, Lost, Settlement, TracedClaim
from translator.tracing import CLIENT, CONSUMER, INTERNAL, NO_SPAN, NO_TRACER, Span, Told, Tracer
from translator.transmit.responses import Answer

NOT_RECORDED = "not-recorded"
TOKEN = "token"  # noqa: S105 - the name of a span
_PORTS = {"https": 443, "http": 80}


class Vendor(Struct, frozen=True):
    """
    Whom calls go to, as spans tell of it.

    Shape: `calls` are the method and the template of each kind of call. `is_told` says that a call carries the context
    of its trace.
    """

    destination: str
    url: str = ""
    calls: Mapping[str, tuple[str, str]] = {}
    is_told: bool = False

    @property
    def server(self) -> Told:
        """Its address."""
        parts = urlsplit(self.url)
        return {"server.address": parts.hostname or "", "server.port": parts.port or _PORTS.get(parts.scheme, 0)}


class AttemptSpans:
    """The spans of one destination; `tracer` records them."""

    def __init__(self, vendor: Vendor, tracer: Tracer = NO_TRACER) -> None:
        self._vendor = vendor
        self._tracer = tracer
        self._server = vendor.server if tracer.is_on else {}
        self.is_on = tracer.is_on
        self.now = tracer.now

    def enter(self) -> Entry:
        """Tell that a lane is taken up."""
        return Entry(self, self._tracer.now())

    def begin(self, claim: Claim, entry: Entry) -> AttemptSpan:
        """Begin to tell of an attempt: it waited in its lane until that was taken up."""
        if not isinstance(claim, TracedClaim):
            return _UNTOLD
        name, told = self._vendor.destination, self._told(claim)
        since = min(claim.waits_since * 1000, entry.began)
        self._tracer.begin(f"wait {name}", INTERNAL, since, parent=claim.traceparent).end(entry.began, told)
        span = self._tracer.begin(f"deliver {name}", CONSUMER, entry.began, parent=claim.traceparent)
        if entry.fetched is not None:
            span.part(TOKEN, *entry.fetched, self._server, kind=CLIENT)
        call = self._vendor.calls.get(claim.kind, ("", ""))
        return AttemptSpan(self._tracer, span, told, call, self._server, is_told=self._vendor.is_told)

    def no_token(self, asked: int, why: str) -> None:
        """Tell that no token could be had: a trace of its own, since nothing was about to be sent yet."""
        told = {"messaging.destination.name": self._vendor.destination, **self._server}
        self._tracer.begin(f"{TOKEN} {self._vendor.destination}", CLIENT, asked).end(self.now(), told, error=why)

    def lost(self, attempts: Sequence[Lost], contexts: Mapping[int, str]) -> None:
        """Tell of attempts whose process died in the middle, until now: nobody else does."""
        for one in attempts:
            if context := contexts.get(one.message_id):
                told = {**self._told(one), "translator.outcome": _LOST, "translator.answer": KILLED}
                span = self._tracer.begin(
                    f"deliver {self._vendor.destination}", CONSUMER, one.started_at * 1000, parent=context
                )
                span.end(self.now(), told, error=_LOST)

    def _told(self, claim: Claim | Lost) -> Told:
        return {
            "messaging.system": "translator",
            "messaging.destination.name": self._vendor.destination,
            "messaging.operation.name": "deliver",
            "messaging.operation.type": "process",
            "messaging.message.id": str(claim.submission_id),
            "translator.message": claim.message_id,
            "translator.submission": claim.submission_id,
            "translator.lane": claim.lane_id,
            "translator.attempt": claim.attempts,
            "translator.kind": claim.kind,
        }


class Entry:
    """A lane that is taken up; `fetched` are the times between which a token was fetched for it, if one was."""

    def __init__(self, spans: AttemptSpans, began: int) -> None:
        self._spans = spans
        self.began = began
        self.fetched: tuple[int, int] | None = None

    def has_token(self, asked: int) -> None:
        """Tell that a token was fetched."""
        self.fetched = (asked, self._spans.now())

    def no_token(self, asked: int, why: str) -> None:
        """Tell that none could be had."""
        self._spans.no_token(asked, why)

    def begin(self, claim: Claim) -> AttemptSpan:
        """Begin to tell of the attempt that it comes to."""
        return self._spans.begin(claim, self)


class AttemptSpan:
    """The span of one attempt."""

    def __init__(
        self, tracer: Tracer, span: Span, told: Told, call: tuple[str, str], server: Told, *, is_told: bool = False
    ) -> None:
        self._tracer = tracer
        self._span = span
        self._told = told
        self._call = call
        self._server = server
        self._is_told = is_told
        self._request: Span = NO_SPAN

    def calls(self) -> str:
        """Tell that the vendor is called now; gives the `traceparent` that goes with the call, if one does."""
        method, template = self._call
        if self._span.context:
            name = f"{method} {template}"
            self._request = self._tracer.begin(name, CLIENT, self._tracer.now(), parent=self._span.context)
        return self._request.context if self._is_told else ""

    def answered(self, answer: Answer) -> None:
        """Tell what the vendor said, or what went wrong."""
        if self._span.context:
            told, error = told_of_answer(self._call, answer)
            self._request.end(self._tracer.now(), {**told, **self._server}, error=error)

    @contextmanager
    def settling(self, settled: Settlement) -> Iterator[None]:
        """Tell of the outcome once it is on disk, or that it is not; the block records it."""
        told = {**self._told, "translator.outcome": settled.outcome, "translator.answer": settled.answer}
        if settled.retry_in_s:
            told["translator.retry_in_s"] = settled.retry_in_s
        try:
            yield
        except LedgerError:
            self._span.end(self._tracer.now(), told, error=NOT_RECORDED)
            raise
        self._span.end(self._tracer.now(), told, error="" if settled.outcome == "accepted" else settled.outcome)


def told_of_answer(call: tuple[str, str], answer: Answer) -> tuple[Told, str]:
    """Say what the span of a call tells of its answer, and the code of its error, if it is one."""
    told: dict[str, str | int] = {"http.request.method": call[0], "url.template": call[1]}
    is_status = answer.code.isdecimal()
    if is_status:
        told["http.response.status_code"] = int(answer.code)
    is_good = is_status and int(answer.code) < _FIRST_ERROR
    return told, "" if is_good else answer.code


_FIRST_ERROR = 400
_LOST = "unknown"
UNTOLD = AttemptSpans(Vendor(""))
_UNTOLD = AttemptSpan(NO_TRACER, NO_SPAN, {}, ("", ""), {})
