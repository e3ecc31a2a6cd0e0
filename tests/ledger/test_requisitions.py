"""A requisition is known whole: its document, its numbers, its lanes, and what is confirmed first on each."""

from __future__ import annotations

import msgspec
import pytest

from tests.ledger.arrivals import LANES, POLICIES, arrival, report
from tests.ledger.conftest import Clock
from translator.errors import LedgerError
from translator.ledger import EventArrival, Ledger, Settlement
from translator.read.requisition import read_requisition
from translator.translate.order_key import order_key

REQUISITION = "e72719d6-0dbb-4eb3-9ccc-781b563fc3d3"
EVENT = EventArrival("whoop", "lab_requisition.created", REQUISITION, b"{}")


def document(**tests: str) -> bytes:
    """Write a requisition with one service request for each code, with its status."""
    requests = [
        {
            "id": LANES[number],
            "code": code,
            "status": status.split()[0],
            "task_business_status": [*status.split(), ""][1],
        }
        for number, (code, status) in enumerate(tests.items())
    ]
    return msgspec.json.encode(
        {
            "id": REQUISITION,
            "created_at": "2026-01-02T03:04:05Z",
            "updated_at": "2026-01-02T03:04:05Z",
            "service_requests": requests,
            "patient": {"id": LANES[99], "birth_date": "1980-02-03", "last_name": "Example"},
        }
    )


def take(ledger: Ledger, raw: bytes, *, confirms: bool = True) -> int:
    """Take a requisition as if it had just been fetched for its event."""
    ledger.events().keep(EVENT)
    (event,) = ledger.events().rows()
    return ledger.requisitions().take(read_requisition(raw), raw, event_id=event.id, confirms=confirms)


def confirmed(ledger: Ledger) -> list[tuple[str, bytes]]:
    """Claim and settle everything that is queued; gives the service requests and bodies."""
    sent = []
    while claim := ledger.claim("whoop"):
        sent.append((claim.target, claim.body))
        ledger.settle(claim, Settlement("accepted", "200"))
    return sent


def test_requisition_is_taken_whole(ledger: Ledger) -> None:
    """Document, event, lanes and confirmations are there together, and the ledger balances."""
    raw = document(LIPID_PANEL="active", CBC="active")

    count = take(ledger, raw)

    (row,) = ledger.requisitions().rows()
    assert (count, row.requisition_id, ledger.raw(row.message)) == (2, REQUISITION, raw)
    assert [(test.code, test.task_status, test.key) for test in row.tests] == [
        ("LIPID_PANEL", "ORDER_CONFIRMED", order_key(LANES[0])), ("CBC", "ORDER_CONFIRMED", order_key(LANES[1])),
    ]  # fmt: skip
    assert [event.state for event in ledger.events().rows()] == ["done"]
    assert confirmed(ledger) == [(lane, b'{"task_business_status":"ORDER_CONFIRMED"}') for lane in LANES[:2]]
    assert ledger.verify() == []


@pytest.mark.parametrize(
    ("status", "count"),
    [
        pytest.param("active", 1, id="active"),
        pytest.param("revoked", 0, id="revoked"),
        pytest.param("active ORDER_CONFIRMED", 0, id="confirmed-already"),
        pytest.param("active PARTIAL_RESULTS_READY", 0, id="further"),
        pytest.param("active ORDER_ISSUE", 0, id="given-up"),
        pytest.param("active Specimen", 0, id="status-that-nobody-documents"),
    ],
)
def test_only_what_waits_for_it_is_confirmed(ledger: Ledger, status: str, count: int) -> None:
    """A status never goes backwards, and nothing follows a terminal one."""
    assert take(ledger, document(CBC=status)) == count


def test_requisition_fetched_again_is_confirmed_once(ledger: Ledger) -> None:
    """What is queued counts as done; the newest document is the one that is shown."""
    take(ledger, document(CBC="active"))

    assert take(ledger, document(CBC="revoked")) == 0
    assert [[test.status for test in row.tests] for row in ledger.requisitions().rows()] == [["revoked"]]


def test_results_come_behind_the_confirmation(ledger: Ledger) -> None:
    """The lane has ORDER_CONFIRMED first, whatever the lab is fast enough to send."""
    take(ledger, document(CBC="active"))
    ledger.accept([arrival(report({"HDL": "55"}))], POLICIES)

    assert [body[:8] for _, body in confirmed(ledger)] == [b'{"task_b', b'{"status']


def test_order_numbers_lead_to_the_service_request(ledger: Ledger) -> None:
    """The short key is the placer's number; the requisition's is that of the group, told apart by the panel."""
    take(ledger, document(LIPID_PANEL="active", CBC="active"))
    lookup = ledger.correlation("any-site")

    (hit,) = lookup("placer", order_key(LANES[1]))
    assert (hit.service_request_id, hit.birth_date, hit.panel) == (LANES[1], "1980-02-03", "CBC")
    assert {hit.panel: hit.service_request_id for hit in lookup("group", REQUISITION)} == {
        "LIPID_PANEL": LANES[0], "CBC": LANES[1],
    }  # fmt: skip
    assert lookup("placer", REQUISITION) == ()


def test_person_confirms_by_hand(ledger: Ledger) -> None:
    """Without automatic confirmation nothing is sent until somebody says so, once."""
    count = take(ledger, document(LIPID_PANEL="active", CBC="revoked"), confirms=False)
    requisitions = ledger.requisitions()

    assert (count, confirmed(ledger)) == (0, [])
    assert [requisitions.confirm(REQUISITION), requisitions.confirm(REQUISITION)] == [1, 0]
    assert [target for target, _ in confirmed(ledger)] == [LANES[0]]


def test_unknown_requisition_is_not_confirmed(ledger: Ledger) -> None:
    """The person is told how to get it."""
    with pytest.raises(LedgerError, match="fetch ID"):
        ledger.requisitions().confirm(REQUISITION)


def test_pruned_requisition_keeps_its_place(ledger: Ledger, clock: Clock) -> None:
    """Its document is gone, and with it what it asked for; the number stays."""
    take(ledger, document(CBC="active"))
    confirmed(ledger)
    clock.move(10)
    ledger.storage().prune(5, lambda _done, _all: None)

    (row,) = ledger.requisitions().rows()
    assert (row.requisition_id, row.tests, ledger.requisitions().document(REQUISITION)) == (REQUISITION, (), None)
    with pytest.raises(LedgerError, match="no longer kept"):
        ledger.requisitions().confirm(REQUISITION)


def test_answer_that_is_no_requisition_is_kept(ledger: Ledger) -> None:
    """A person can look at what the vendor said."""
    ledger.events().keep(EVENT)

    ledger.requisitions().refuse(b"<html>", event_id=1, answer="unreadable-requisition")

    (event,) = ledger.events().rows()
    assert (event.state, event.answer) == ("failed", "unreadable-requisition")
    assert (ledger.raw(2), ledger.show(2).state, ledger.verify()) == (b"<html>", "refused", [])


def test_requisition_waits_for_its_order_once(ledger: Ledger) -> None:
    """Whoever writes the lab's order finds it, with its document, until that is done."""
    raw = document(CBC="active")
    take(ledger, raw)
    requisitions = ledger.requisitions()

    assert (requisitions.unordered(), requisitions.document(REQUISITION)) == ([REQUISITION], read_requisition(raw))
    requisitions.mark_ordered(REQUISITION)
    assert (requisitions.unordered(), bool(requisitions.rows()[0].ordered_at)) == ([], True)


@pytest.mark.parametrize(
    ("person", "found"),
    [pytest.param(LANES[99], 2, id="the-member"), pytest.param(LANES[0], 0, id="a-service-request")],
)
def test_member_can_be_erased(ledger: Ledger, person: str, found: int) -> None:
    """The document of a requisition goes with the person whose id it names, and so does its webhook."""
    take(ledger, document(CBC="active"))
    confirmed(ledger)

    erased = ledger.storage().erase(person)

    assert len(erased.message_ids) == found
    assert (ledger.requisitions().rows() == []) == bool(found)
    assert ledger.verify() == []
