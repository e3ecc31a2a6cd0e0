"""Requisitions are fetched from a real sandbox until they are there, however it answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import pytest
from msgspec import structs

from tests.ledger.arrivals import arrival, report
from tests.ledger.conftest import Clock
from tests.sandbox_process import SandboxProcess
from tests.transmit.delivering import settings
from translator.config import Settings
from translator.errors import ConfigError
from translator.ledger import DestinationPolicy, EventArrival, EventRow, Ledger, Settlement
from translator.mapping_files import packaged_tables
from translator.requisitions import fetch
from translator.transmit.fetch import LONGEST_S, TRIES, RequisitionFetcher, Source
from translator.transmit.token import Token, TokenKeeper
from translator.transmit.whoop import WhoopClient

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


def statuses(sandbox: SandboxProcess, requisition: dict[str, Any]) -> list[str | None]:
    """Give what WHOOP has of each service request."""
    return [sandbox.task_status(one["id"]) for one in requisition["service_requests"]]


def shown(ledger: Ledger) -> list[str]:
    """Give what we show of each service request."""
    return [test.task_status for test in ledger.requisitions().rows()[0].tests]


def test_requisition_is_confirmed_by_one_call(sandbox: SandboxProcess, ledger: Ledger) -> None:
    """It sets every service request before anything is on their lanes; by hand there is nothing left to confirm."""
    requisition = sandbox.add_requisition()

    drained(ledger, settings(sandbox), requisition["id"])

    (call,) = sandbox.requests("status")
    assert (call["path"], call["body"]) == (
        f"/v2/partner/requisition/{requisition['id']}/status", {"task_business_status": "ORDER_CONFIRMED"},
    )  # fmt: skip
    assert (statuses(sandbox, requisition), shown(ledger)) == (["ORDER_CONFIRMED"] * 2, ["ORDER_CONFIRMED"] * 2)
    assert (ledger.count("whoop"), ledger.requisitions().confirm(requisition["id"]), ledger.verify()) == ({}, 0, [])


@pytest.mark.parametrize("hinders", ["one-request", "one-is-confirmed", "one-has-results", "by-hand"])
def test_requisition_is_confirmed_one_by_one_where_one_call_would_do_harm(
    sandbox: SandboxProcess, ledger: Ledger, hinders: str
) -> None:
    """What has come further would be set back: each is confirmed on its own lane, before what comes later."""
    codes = ["CBC"] if hinders == "one-request" else ["CBC", "LIPID_PANEL"]
    drafts = [{"code": code} for code in codes]
    if hinders == "one-is-confirmed":
        drafts[0]["task_business_status"] = "APPOINTMENT_ATTENDED"
    requisition = sandbox.add_requisition(service_requests=drafts)
    first, last = requisition["service_requests"][0]["id"], requisition["service_requests"][-1]["id"]
    site = settings(sandbox)
    if hinders == "one-has-results":
        ledger.accept([arrival(report({"HDL": "55"}, lane=first))], {"whoop": DestinationPolicy(loopback=True)})
    elif hinders == "by-hand":
        site = structs.replace(site, whoop=structs.replace(site.whoop, confirm="by-hand"))

    (event,) = drained(ledger, site, requisition["id"])

    queued = {"by-hand": set(), "one-is-confirmed": {last}}.get(hinders, {first, last})
    assert (event.state, [one for one in sandbox.requests("status") if "requisition" in one["path"]]) == ("done", [])
    assert set(confirmed_lanes(ledger)) == queued


def confirmed_lanes(ledger: Ledger) -> list[str]:
    """Name the lanes on which a confirmation is queued."""
    found = []
    while claim := ledger.claim("whoop"):
        found += [claim.target] if b"ORDER_CONFIRMED" in claim.body else []
        ledger.settle(claim, Settlement("accepted", "200"))
    return found


@pytest.mark.parametrize(
    ("code", "to_lab", "is_confirmed"),
    [
        pytest.param("HEART", "to-lab", False, id="no-code-of-the-lab"),
        pytest.param("HEART", "", True, id="ordered-by-other-means"),
        pytest.param("CBC", "to-lab", True, id="a-code-of-the-lab"),
    ],
)
def test_requisition_that_the_lab_cannot_be_ordered_is_not_confirmed(
    sandbox: SandboxProcess,
    ledger: Ledger,
    code: str,
    to_lab: str,
    is_confirmed: bool,  # noqa: FBT001 - a case
) -> None:
    """ORDER_CONFIRMED says that the order is accepted; until its panel has a code of the lab nobody accepts it."""
    requisition = sandbox.add_requisition(service_requests=[{"code": code}, {"code": "LIPID_PANEL"}])
    site = settings(sandbox)
    site = structs.replace(site, lab=structs.replace(site.lab, to=to_lab))

    (event,) = drained(ledger, site, requisition["id"])

    assert (event.state, set(statuses(sandbox, requisition))) == ("done", {"ORDER_CONFIRMED" if is_confirmed else None})
    assert ledger.count("whoop") == {}


@pytest.mark.parametrize(
    ("answers", "is_whole"),
    [
        pytest.param([503], True, id="not-now"),
        pytest.param([500, 500], True, id="broken-twice"),
        pytest.param([500, 500, 500], False, id="broken"),
        pytest.param([404], False, id="no-such-call"),
        pytest.param([401], True, id="token-not-taken-once"),
    ],
)
def test_confirmation_that_is_not_taken_never_keeps_a_requisition_back(
    sandbox: SandboxProcess,
    ledger: Ledger,
    answers: list[int],
    is_whole: bool,  # noqa: FBT001 - a case
) -> None:
    """One call is tried again, since to ask twice changes nothing; then each service request is confirmed by itself."""
    requisition = sandbox.add_requisition()
    for status in answers:
        sandbox.fault("status", "status", status)

    (event,) = drained(ledger, settings(sandbox), requisition["id"])

    queued = {} if is_whole else {"queued": 2}
    assert (event.state, ledger.count("whoop"), shown(ledger)) == ("done", queued, ["ORDER_CONFIRMED"] * 2)


def test_refused_access_to_the_confirmation_pauses_whoop(sandbox: SandboxProcess, ledger: Ledger) -> None:
    """The requisition waits until somebody has mended the access."""
    requisition = sandbox.add_requisition()
    sandbox.fault("status", "status", 403)

    (event,) = drained(ledger, settings(sandbox), requisition["id"])
    assert (event.state, bool(ledger.destinations().standing("whoop").paused)) == ("waiting", True)

    (event,) = drained(ledger, settings(sandbox))
    assert (event.state, statuses(sandbox, requisition)) == ("done", ["ORDER_CONFIRMED"] * 2)


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


@pytest.mark.parametrize(
    ("code", "tries"), [pytest.param(503, TRIES, id="never-there"), pytest.param(404, 5, id="not-ours")]
)
def test_requisition_that_never_comes_is_given_up(path: Path, code: int, tries: int) -> None:
    """The pauses grow to an hour and no further; then it has failed, and says with which answer."""
    clock = Clock()
    with Ledger.open(path, clock=clock) as ledger:
        announce(ledger, UNKNOWN)
        pauses = until_given_up(ledger, clock, code)

        (event,) = ledger.events().rows()
        assert (event.state, event.answer, event.tries, event.due_at) == ("failed", str(code), tries, "")
        assert len(pauses) == tries - 1
        assert (max(pauses) <= LONGEST_S, pauses == sorted(pauses), sum(pauses) < 3 * 86_400) == (True, True, True)


def until_given_up(ledger: Ledger, clock: Clock, code: int) -> list[float]:
    """Fetch with a vendor that always answers the same, and pass the time; gives the pauses."""
    responses = packaged_tables().responses["whoop"]
    way = httpx.MockTransport(lambda _: httpx.Response(code))

    async def token() -> Token:
        return Token("t", 3600)

    async def run() -> list[float]:
        pauses = []
        async with WhoopClient("http://127.0.0.1:1", transport=way) as client:
            source = Source(client, TokenKeeper(token, time.monotonic), responses)
            fetcher = RequisitionFetcher(ledger, source, lambda: 0.99)
            while (wait_s := await fetcher.fetch_due(stop=Event())) is not None:
                pauses.append(wait_s)
                clock.move(wait_s + 0.001)
        return pauses

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("state", "answer", "is_fetched"),
    [
        pytest.param("waiting", "503", True, id="waits-for-a-later-try"),
        pytest.param("failed", "503", True, id="given-up"),
        pytest.param("failed", "404", False, id="refused"),
        pytest.param("failed", "unreadable-requisition", False, id="unreadable"),
    ],
)
def test_fetching_by_hand_tries_at_once(
    sandbox: SandboxProcess,
    ledger: Ledger,
    state: str,
    answer: str,
    is_fetched: bool,  # noqa: FBT001 - a case
) -> None:
    """Nobody waits for an hour; what WHOOP refused is asked for again only where it is named."""
    requisition = sandbox.add_requisition()["id"]
    announce(ledger, requisition)
    events = ledger.events()
    (row,) = events.rows()
    events.put_off(row.id, answer, 3600) if state == "waiting" else events.settle(row.id, state, answer)

    asked = fetch(ledger, settings(sandbox), packaged_tables(), (), wait_s=5)

    assert (asked, events.rows()[0].state) == (
        ([requisition], "done") if is_fetched else ([], state)
    )  # fmt: skip
    assert fetch(ledger, settings(sandbox), packaged_tables(), [requisition], wait_s=5) == [requisition]
    assert events.rows()[0].state == "done"


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
