"""
Decide about every vendor call: journal, fault, rate limit, handler. (pure)

Theory of operation: a call is written into the journal as soon as its body is whole, then decided in one step without
waiting, so calls never mix. What is left to the connection is only when and how the answer goes out: a `Reply` says
it. Not known here: sockets, clocks, webhooks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from translator.sandbox.answer import Answer, Call, error_answer
from translator.sandbox.checks import BodyError
from translator.sandbox.faults import Fault, Faults
from translator.sandbox.journal import Entry, Journal
from translator.sandbox.orders import Orders
from translator.sandbox.rate import Headers, RateLimit
from translator.sandbox.routes import WHOOP, Route, RouteTable
from translator.sandbox.sleep_tests import SleepTests

# A made-up refusal asks for the shortest wait that the header can say: a tester wants to see the retry, not to wait.
FAULT_RESET_SECONDS = 1
TOO_MANY = 429
BROKEN = 500


class Reply(NamedTuple):
    """What the connection does: send `answer` by the fault's manner; without an answer, hang up."""

    answer: Answer | None
    fault: Fault | None
    entry: Entry


class Sandbox:
    """The whole state behind the routes of every vendor."""

    def __init__(
        self,
        routes: RouteTable,
        orders: Orders,
        new_rate: Callable[[], RateLimit],
        clock: Callable[[], float],
        tests: SleepTests | None = None,
    ) -> None:
        self.routes = routes
        self.orders = orders
        self.tests = tests or SleepTests()
        self.faults = Faults(routes.names)
        self.journal = Journal()
        self._new_rate = new_rate
        self._rate = new_rate()
        self._clock = clock

    def reset(self) -> None:
        """Forget all but the credentials and the tokens issued for them."""
        self.orders.clear()
        self.tests.clear()
        self.faults.clear()
        self.journal.clear()
        self._rate = self._new_rate()

    def receive(self, method: str, path: str, query: str, headers: Mapping[bytes, bytes], body: bytes) -> Reply:
        """Take one vendor call and decide what becomes of it."""
        now = self._clock()
        call = Call(method, path, headers, body)
        found = self.routes.find(call)
        entry = self.journal.record(now, method, path, query, body)
        _note_headers(entry, headers)
        entry.route, entry.problems = found.name, call.problems
        fault = self.faults.take(found.name)
        entry.fault = fault.kind if fault else None
        # What the server answers should the handler break; nobody can look at the journal before we know better.
        entry.status = BROKEN
        answer = self._decide(call, found, fault, now)
        entry.status = None
        return Reply(answer, fault, entry)

    def sent(self, entry: Entry, status: int) -> None:
        """Note that an answer went out."""
        entry.status, entry.answered_at = status, self._clock()

    def _decide(self, call: Call, found: Route, fault: Fault | None, now: float) -> Answer | None:
        if fault and fault.kind == "drop_before":
            return None
        # Only one vendor documents a rate; the other one's 429 is a fault's.
        over, rate_headers = self._rate.count(now) if found.vendor == WHOOP else (False, ())
        if fault and fault.kind == "status":
            return _made_up(fault, rate_headers)
        answer = error_answer(TOO_MANY, "too many requests") if over else _handled(found, call)
        return Answer(answer.status, answer.body, answer.headers + rate_headers)


def _handled(found: Route, call: Call) -> Answer:
    try:
        return found.handler(call)
    except BodyError as error:
        return error_answer(error.status, str(error))


def _made_up(fault: Fault, rate_headers: Headers) -> Answer:
    """Answer as a gateway would, without having looked at the call; headers of the fault replace ours."""
    status = int(fault.value or 0)
    if not rate_headers:
        headers = {b"retry-after": b"%d" % FAULT_RESET_SECONDS} if status == TOO_MANY else {}
    else:
        headers = {**dict(rate_headers), b"x-ratelimit-reset": b"%d" % FAULT_RESET_SECONDS}
    if status == TOO_MANY and rate_headers:
        headers[b"x-ratelimit-remaining"] = b"0"
    headers |= {name.lower().encode(): text.encode() for name, text in fault.headers.items()}
    return Answer(status, b"", tuple(headers.items()))


def _note_headers(entry: Entry, headers: Mapping[bytes, bytes]) -> None:
    entry.content_type = _text(headers, b"content-type")
    entry.authorization = _text(headers, b"authorization")
    entry.idempotency_key = _text(headers, b"idempotency-key")


def _text(headers: Mapping[bytes, bytes], name: bytes) -> str | None:
    found = headers.get(name)
    return None if found is None else found.decode("latin-1")
