"""A vendor that is away: nothing is lost, nothing is unknown, and delivery goes on by itself when it is back."""

from __future__ import annotations

import threading
import time
from urllib.parse import urlsplit

import pytest

from tests.ledger.arrivals import LANES, POLICIES, arrival, report
from tests.postgres import Postgres
from tests.sandbox_process import SandboxProcess
from tests.transmit.delivering import settings, wait_until
from translator.delivery import serve
from translator.errors import LedgerUnavailableError
from translator.ledger import Ledger
from translator.mapping_files import packaged_tables


def outage(ledger: Ledger, seconds: float) -> dict[str, int]:
    """Serve while the vendor goes away and comes back; messages come meanwhile. Gives what was queued while away."""
    stop = threading.Event()
    with SandboxProcess("--accept-any") as first:
        flags = ["--client-id", first.client_id, "--client-secret", first.client_secret]
        flags += ["--port", str(urlsplit(first.whoop_url).port)]
        arguments = (ledger, settings(first), packaged_tables())
        serving = threading.Thread(target=serve, args=arguments, kwargs={"stop": stop})
        serving.start()
        ledger.accept([arrival(report({"HDL": "5"}, lane=lane)) for lane in LANES[:5]], POLICIES)
        wait_until(lambda: ledger.count("whoop") == {"delivered": 5})
    ledger.accept([arrival(report({"LDL": "5"}, lane=lane)) for lane in LANES[:50]], POLICIES)
    time.sleep(seconds)
    away = ledger.count("whoop")
    with SandboxProcess("--accept-any", *flags) as second:
        wait_until(lambda: ledger.count("whoop") == {"delivered": 55}, seconds=90)
        sent = second.results()
        stop.set()
        serving.join()
    assert all(len(bodies) == 1 for bodies in sent.values())
    return away


def test_database_that_restarts_ends_no_service(postgres: Postgres) -> None:
    """Delivery goes on by itself; nothing is lost, and nothing is sent twice."""
    stop, told = threading.Event(), list[str]()
    with Ledger.open(postgres.new()) as ledger, SandboxProcess("--accept-any") as sandbox:
        ledger.accept([arrival(report({"HDL": "5"}, lane=lane)) for lane in LANES], POLICIES)
        sandbox.fault("results", "delay", 0.05, times=len(LANES))
        arguments = (ledger, settings(sandbox), packaged_tables())
        serving = threading.Thread(target=serve, args=arguments, kwargs={"stop": stop, "trouble": told.append})
        serving.start()
        wait_until(lambda: len(sandbox.results()) >= 10)
        postgres.restart()
        wait_until(lambda: not has_queued(ledger), seconds=60)
        stop.set()
        serving.join()
        sent, left = sandbox.results(), ledger.count("whoop")
        assert ledger.verify() == []

    assert all(len(bodies) == 1 for bodies in sent.values())
    assert len(LANES) - left.get("unknown", 0) <= len(sent)
    assert sum(left.values()) == len(LANES)
    assert all("cannot be reached" in text for text in told)


def test_answers_that_come_while_the_database_is_away_are_recorded_when_it_is_back(postgres: Postgres) -> None:
    """What the vendor said is known, so nothing becomes unknown for want of a database."""
    stop = threading.Event()
    with Ledger.open(postgres.new()) as ledger, SandboxProcess("--accept-any") as sandbox:
        ledger.accept([arrival(report({"HDL": "5"}, lane=lane)) for lane in LANES[:4]], POLICIES)
        sandbox.fault("results", "delay", 2, times=4)
        arguments = (ledger, settings(sandbox), packaged_tables())
        serving = threading.Thread(target=serve, args=arguments, kwargs={"stop": stop})
        serving.start()
        wait_until(lambda: len(sandbox.results()) == 4)
        postgres.stop()
        # The vendor answers meanwhile: two seconds after it took the last one.
        time.sleep(2.5)
        postgres.start()
        wait_until(lambda: not has_queued(ledger), seconds=60)
        stop.set()
        serving.join()
        assert ledger.count("whoop") == {"delivered": 4}
        assert ledger.verify() == []


def has_queued(ledger: Ledger) -> bool:
    """Tell whether something waits to be sent; a database that is away says nothing, so it may."""
    try:
        return "queued" in ledger.count("whoop")
    except LedgerUnavailableError:
        return True


@pytest.mark.parametrize(
    "seconds", [pytest.param(2, id="moments"), pytest.param(90, id="long", marks=pytest.mark.slow)]
)
def test_vendor_that_is_away_costs_nothing_but_time(ledger: Ledger, seconds: float) -> None:
    """Everything stays queued with a few attempts, and is delivered once the vendor is back."""
    away = outage(ledger, seconds)

    assert away == {"delivered": 5, "queued": 50}
    assert ledger.verify() == []
    tried = sum(len(one.attempts) for row in ledger.messages() for one in ledger.show(row.message).submissions)
    assert tried < 55 + 30
