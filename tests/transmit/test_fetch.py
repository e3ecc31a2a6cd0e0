"""Requisitions are fetched from a real sandbox until they are there, however it answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox_process import SandboxProcess
from tests.transmit.delivering import settings
from translator.config import Settings
from translator.errors import ConfigError
from translator.ledger import EventArrival, EventRow, Ledger
from translator.mapping_files import packaged_tables
from translator.requisitions import fetch

UNKNOWN = "00000000-0000-4000-8000-000000000007"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxProcess]:
    """Serve one WHOOP for all tests of this file."""
    with SandboxProcess() as running:
        yield running


@pytest.fixture(autouse=True)
def clean(sandbox: SandboxProcess) -> None:
    """Forget what the test before left."""
    sandbox.reset()
    sandbox.clear_faults()


def announce(ledger: Ledger, requisition_id: str) -> None:
    """Keep the webhook of a requisition."""
    ledger.events().keep(EventArrival("whoop", "lab_requisition.created", requisition_id, requisition_id.encode()))


def drained(ledger: Ledger, site: Settings, *requisition_ids: str, wait_s: float = 20) -> list[EventRow]:
    """Fetch until nothing is left, and give the events."""
    fetch(ledger, site, packaged_tables(), requisition_ids, wait_s=wait_s)
    return ledger.events().rows()


def test_announced_requisition_is_fetched_once(sandbox: SandboxProcess, ledger: Ledger) -> None:
    """It is asked for with a token, taken, and not asked for again."""
    requisition = sandbox.add_requisition()
    announce(ledger, requisition["id"])

    (event,) = drained(ledger, settings(sandbox))
    drained(ledger, settings(sandbox))

    (row,) = ledger.requisitions().rows()
    assert (event.state, event.answer, row.requisition_id) == ("done", "200", requisition["id"])
    assert len(sandbox.requests("requisition")) == 1
    assert ledger.count("whoop") == {"queued": 2}


def test_named_requisition_is_fetched_without_a_webhook(sandbox: SandboxProcess, ledger: Ledger) -> None:
    """A webhook that was lost is made up for, in any case of the id."""
    requisition = sandbox.add_requisition()

    (event,) = drained(ledger, settings(sandbox), requisition["id"].upper())

    assert (event.state, event.resource) == ("done", requisition["id"])


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        pytest.param("status", 503, id="not-now"),
        pytest.param("status", 500, id="broken"),
        pytest.param("status", 429, id="too-many"),
        pytest.param("status", 401, id="token-not-taken-once"),
        pytest.param("status", 404, id="not-there-yet"),
        pytest.param("drop_before", None, id="hung-up"),
        pytest.param("truncate", None, id="cut-off"),
    ],
)
def test_trouble_is_tried_again(sandbox: SandboxProcess, ledger: Ledger, kind: str, value: float | None) -> None:
    """To ask changes nothing, so it is asked until it is there."""
    announce(ledger, sandbox.add_requisition()["id"])
    sandbox.fault("requisition", kind, value)

    (event,) = drained(ledger, settings(sandbox))

    assert (event.state, event.tries) == ("done", 2)


def test_requisition_that_is_not_ours_is_given_up(sandbox: SandboxProcess, ledger: Ledger) -> None:
    """After five tries a person has to look."""
    announce(ledger, UNKNOWN)

    (event,) = drained(ledger, settings(sandbox), wait_s=60)

    assert (event.state, event.answer, event.tries) == ("failed", "404", 5)
    assert ledger.requisitions().rows() == []


@pytest.mark.parametrize("resource", ["7", f"{UNKNOWN}/status", "../token"])
def test_resource_that_is_no_uuid_never_goes_into_an_address(
    sandbox: SandboxProcess, ledger: Ledger, resource: str
) -> None:
    """Nobody is called about it."""
    announce(ledger, resource)

    (event,) = drained(ledger, settings(sandbox))

    assert (event.state, event.answer, sandbox.requests()) == ("failed", "not-a-uuid", [])


@pytest.mark.parametrize(
    ("times", "kind"),
    [pytest.param(1, 403, id="access-denied"), pytest.param(2, 401, id="fresh-token-not-taken")],
)
def test_refused_access_pauses_whoop(sandbox: SandboxProcess, ledger: Ledger, times: int, kind: int) -> None:
    """The event waits until somebody has mended the access; the next run tries again."""
    announce(ledger, sandbox.add_requisition()["id"])
    sandbox.fault("requisition", "status", kind, times=times)

    (event,) = drained(ledger, settings(sandbox))
    assert (event.state, bool(ledger.destinations().standing("whoop").paused)) == ("waiting", True)

    (event,) = drained(ledger, settings(sandbox))
    assert (event.state, ledger.destinations().standing("whoop").paused) == ("done", "")


def test_wrong_credentials_pause_whoop(sandbox: SandboxProcess, ledger: Ledger) -> None:
    """No token, no call."""
    announce(ledger, sandbox.add_requisition()["id"])

    (event,) = drained(ledger, settings(sandbox, secret="wrong"))

    assert (event.state, "token" in ledger.destinations().standing("whoop").paused) == ("waiting", True)
    assert sandbox.requests("requisition") == []


def test_token_that_cannot_be_had_now_is_waited_for(sandbox: SandboxProcess, ledger: Ledger) -> None:
    """The token's trouble puts the event off, and no more."""
    announce(ledger, sandbox.add_requisition()["id"])
    sandbox.fault("token", "status", 503)

    (event,) = drained(ledger, settings(sandbox))

    assert (event.state, event.tries) == ("done", 2)


def test_answer_that_is_no_requisition_fails(sandbox: SandboxProcess, ledger: Ledger) -> None:
    """It is kept, for a person to look at."""
    announce(ledger, sandbox.add_requisition()["id"])
    sandbox.fault("requisition", "status", 200)

    (event,) = drained(ledger, settings(sandbox))

    assert (event.state, event.answer) == ("failed", "unreadable-requisition")


def test_id_that_is_none_is_an_error_of_the_command(sandbox: SandboxProcess, path: Path) -> None:
    """The person is told what an id looks like, and nothing is kept."""
    with Ledger.open(path) as ledger, pytest.raises(ConfigError, match="UUID"):
        fetch(ledger, settings(sandbox), packaged_tables(), ["7"], wait_s=1)
