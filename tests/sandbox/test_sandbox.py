"""Every call is decided once and written down, whatever becomes of it."""

from __future__ import annotations

import pytest

from translator.sandbox.answer import Answer, Call
from translator.sandbox.orders import Orders
from translator.sandbox.rate import RateLimit
from translator.sandbox.routes import RouteTable, route
from translator.sandbox.sandbox import Sandbox


def _broken(_call: Call) -> Answer:
    raise ZeroDivisionError


def _sandbox() -> Sandbox:
    orders = Orders(lambda: "id", lambda: "now")
    return Sandbox(
        RouteTable([route("GET", "/broken", "broken", _broken), route("GET", "/good", "good", lambda _: Answer(204))]),
        orders,
        lambda: RateLimit(1, 60, enforced=True),
        lambda: 0.0,
    )


def test_call_that_breaks_the_handler_is_shown_as_500() -> None:
    """A defect of ours is written down as what the server answers then."""
    sandbox = _sandbox()
    with pytest.raises(ZeroDivisionError):
        sandbox.receive("GET", "/broken", "", {}, b"")

    assert [call["status"] for call in sandbox.journal.shown()] == [500]


def test_call_in_flight_has_no_status_yet() -> None:
    """A call counts as answered only once the answer goes out."""
    sandbox = _sandbox()
    reply = sandbox.receive("GET", "/good", "", {}, b"")
    before = sandbox.journal.shown()[0]["status"]
    sandbox.sent(reply.entry, 204)

    assert (before, sandbox.journal.shown()[0]["status"]) == (None, 204)


def test_reset_gives_a_full_budget() -> None:
    """A spent budget does not outlive a reset."""
    sandbox = _sandbox()
    spent = [sandbox.receive("GET", "/good", "", {}, b"").answer for _ in range(2)]
    sandbox.reset()
    fresh = sandbox.receive("GET", "/good", "", {}, b"").answer

    assert [answer and answer.status for answer in [*spent, fresh]] == [204, 429, 204]
