"""Orders from a real ledger to a real server, with every documented answer and what goes wrong between them (P4)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from msgspec import structs

from tests.ledger.arrivals import LANES, arrival, report
from tests.ledger.orders import change_body, order, order_arrival
from tests.sandbox_process import SandboxProcess
from tests.transmit.delivering import settings
from translator.delivery import DeliveryReport, deliver, policies
from translator.ledger import Ledger
from translator.mapping_files import packaged_tables
from translator.transmit.route import Progress

TABLES = packaged_tables()
Deliver = Callable[..., DeliveryReport]


@pytest.fixture
def run(ledger: Ledger, sandbox: SandboxProcess) -> Deliver:
    """Deliver the ledger's queue to the sandbox."""

    def run(timeout_s: float = 10, secret: str = "", **more: Any) -> DeliveryReport:
        site = settings(sandbox, timeout_s, secret)
        site = structs.replace(site, acurable=structs.replace(site.acurable, **more))
        return deliver(ledger, site, TABLES, deadline_s=15)

    return run


def accept(ledger: Ledger, sandbox: SandboxProcess, *kinds: str) -> None:
    """Queue an order, or the calls of these kinds, under one reference."""
    agreed = policies(settings(sandbox))
    for kind in kinds or ("order",):
        body = change_body(patient={"email": "new@example.invalid"}) if kind == "order-update" else None
        ledger.accept([order_arrival(order(kind=kind, body=body, unconfirmed=()))], agreed)


def attempts(ledger: Ledger) -> list[tuple[str, str]]:
    """List what each attempt at the first message gave, in order."""
    (submission,) = ledger.show(1).submissions
    return [(one.answer, one.outcome) for one in submission.attempts]


def kept(sandbox: SandboxProcess) -> list[str]:
    """List the references of what Acurable has."""
    return [one["reference"] for one in sandbox.ask("GET", "/_sandbox/acurable/tests")]


def test_order_and_its_change_arrive_in_order(ledger: Ledger, sandbox: SandboxProcess, run: Deliver) -> None:
    """Discovery, a token, POST, PUT."""
    accept(ledger, sandbox, "order", "order-update")

    result = run()

    assert (result.delivered, result.is_drained) == (2, True)
    assert [(call["method"], call["path"]) for call in sandbox.requests()] == [
        ("GET", "/.well-known/openid-configuration"),
        ("POST", "/acurable-identity/token"),
        ("POST", "/v1/orders"),
        ("PUT", "/v1/orders/O-1"),
    ]
    assert ledger.verify() == []


def test_both_vendors_are_served_at_once(ledger: Ledger, sandbox: SandboxProcess, run: Deliver) -> None:
    """One delivery, one report, whoever a message is for."""
    accept(ledger, sandbox)
    ledger.accept([arrival(report({"HDL": "5"}))], policies(settings(sandbox)))

    result = run()

    assert (result.delivered, result.progress) == (2, Progress(delivered=2))
    assert (kept(sandbox), list(sandbox.results())) == (["O-1"], [LANES[0]])


def test_vendor_without_an_address_is_not_called(ledger: Ledger, sandbox: SandboxProcess, run: Deliver) -> None:
    """The order stays queued, and the report says so."""
    accept(ledger, sandbox)

    result = run(url="")

    assert (result.queued, result.is_drained, sandbox.requests()) == (1, False, [])


@pytest.mark.parametrize(
    ("status", "state"),
    [
        pytest.param(400, "rejected", id="invalid"),
        pytest.param(404, "rejected", id="unknown-organisation"),
        pytest.param(409, "rejected", id="conflict"),
        pytest.param(415, "rejected", id="content-type"),
        pytest.param(403, "queued", id="forbidden"),
    ],
)
def test_refusal_is_not_sent_again(
    ledger: Ledger, sandbox: SandboxProcess, run: Deliver, status: int, state: str
) -> None:
    """One call; a conflict without an unknown attempt before is a real one."""
    accept(ledger, sandbox)
    sandbox.fault("orders", "status", status)

    result = run()

    assert ledger.count("acurable") == {state: 1}
    assert len(sandbox.requests("orders")) == 1
    assert bool(result.paused) == (status == 403)


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(lambda: "1", id="seconds"),
        pytest.param(lambda: format_datetime(datetime.now(UTC) + timedelta(seconds=1), usegmt=True), id="date"),
    ],
)
def test_vendor_that_asks_to_wait_is_obeyed(
    ledger: Ledger, sandbox: SandboxProcess, run: Deliver, asked: Callable[[], str]
) -> None:
    """429 with either form of `Retry-After`: the order goes again, not before."""
    accept(ledger, sandbox)
    header = asked()
    sandbox.fault("orders", "status", 429, headers={"Retry-After": header})

    result = run()

    first, second = sandbox.requests("orders")
    assert (result.delivered, first["status"], second["status"]) == (1, 429, 201)
    # A date has whole seconds only, so up to one of them is gone when it comes.
    assert second["at"] - first["at"] >= (0.9 if header == "1" else 0.0)


@pytest.mark.parametrize("kind", ["drop_after", "truncate"])
def test_unknown_order_is_settled_by_its_conflict(
    ledger: Ledger, sandbox: SandboxProcess, run: Deliver, kind: str
) -> None:
    """The vendor took it and nobody heard: sent again, its 409 says that it is there, once."""
    accept(ledger, sandbox)
    sandbox.fault("orders", kind)

    result = run()

    assert (result.delivered, kept(sandbox)) == (1, ["O-1"])
    assert [answer for answer, _ in attempts(ledger)][-1] == "409"
    assert [outcome for _, outcome in attempts(ledger)] == ["unknown", "accepted"]
    assert ledger.verify() == []


def test_conflict_counts_after_other_answers_too(ledger: Ledger, sandbox: SandboxProcess, run: Deliver) -> None:
    """Unknown, then too fast, then the conflict: still our own order."""
    accept(ledger, sandbox)
    sandbox.fault("orders", "drop_after")
    sandbox.fault("orders", "status", 429, headers={"Retry-After": "0"})

    run()

    assert [outcome for _, outcome in attempts(ledger)] == ["unknown", "retry", "accepted"]


def test_server_error_is_sent_again(ledger: Ledger, sandbox: SandboxProcess, run: Deliver) -> None:
    """500 may have been processed; a second POST finds out, since the reference is the vendor's own key."""
    accept(ledger, sandbox)
    sandbox.fault("orders", "status", 500)

    run()

    assert attempts(ledger) == [("500", "unknown"), ("201", "accepted")]


def test_unknown_order_is_held_where_the_site_says_so(ledger: Ledger, sandbox: SandboxProcess, run: Deliver) -> None:
    """`acurable.on_unknown = "hold"`."""
    accept(ledger, sandbox)
    sandbox.fault("orders", "drop_after")

    result = run(on_unknown="hold")

    assert (result.unknown, len(sandbox.requests("orders"))) == (1, 1)


def test_expired_token_is_renewed_once(ledger: Ledger, sandbox: SandboxProcess, run: Deliver) -> None:
    """401, a fresh token without another discovery, and the same order again."""
    accept(ledger, sandbox)
    sandbox.fault("orders", "status", 401)

    result = run()

    assert result.delivered == 1
    assert [len(sandbox.requests(route)) for route in ("acurable-discovery", "acurable-token", "orders")] == [1, 2, 2]


def test_wrong_secret_pauses_acurable_alone(ledger: Ledger, sandbox: SandboxProcess, run: Deliver) -> None:
    """Nothing is sent to it, everything stays queued; nobody else waits."""
    accept(ledger, sandbox)

    result = run(secret="wrong")

    assert "refuses" in result.paused
    assert (ledger.count("acurable"), sandbox.requests("orders")) == ({"queued": 1}, [])
    assert (
        ledger.destinations().standing("acurable").paused != "",
        ledger.destinations().standing("whoop").paused,
    ) == (True, "")
