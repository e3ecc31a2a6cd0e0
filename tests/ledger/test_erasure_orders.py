"""Of a person who had a requisition, results, a sleep test and its events, nothing is found once they are erased."""

from __future__ import annotations

import hashlib
import zlib
from pathlib import Path

import pytest
from msgspec import structs
from sqlalchemy import select

from tests.ledger.arrivals import LANES, POLICIES, arrival, report
from tests.ledger.conftest import Clock
from tests.ledger.keys import secret_key
from tests.ledger.orders import order, order_arrival
from tests.ledger.test_requisitions import REQUISITION
from translator.errors import LedgerError
from translator.ledger import DestinationPolicy, EventArrival, Ledger, Settlement
from translator.ledger.columns import METADATA
from translator.read.requisition import read_requisition
from translator.record.correlation import CorrelationRow
from translator.record.event import ACURABLE, REQUISITION_CREATED, WHOOP
from translator.translate.order_key import order_key

LOOPBACK = {ACURABLE: DestinationPolicy(loopback=True)}
MEMBER, NUMBER, REFERENCE = "7c2a4f10-1111-4222-8333-444455556666", "PID-WOMBAT", "ORDER-WOMBAT"
OTHERS = (LANES[7], "ORDER-OTHER", "Numbat")
TELLING = (
    MEMBER, NUMBER, REFERENCE, "WOMBAT", "Quokka", "1984-03-12", "19840312", REQUISITION, LANES[0], LANES[1],
    order_key(LANES[0]), order_key(LANES[1]), "LAB-NUMBER-9", "LOCATION-77", "CODE-1234", "quokka@example.invalid",
)  # fmt: skip
DOCUMENT = (
    f'{{"id":"{REQUISITION}","created_at":"2026-03-01T10:00:00Z","updated_at":"","service_requests":['
    f'{{"id":"{LANES[0]}","code":"CBC","status":"active"}},{{"id":"{LANES[1]}","code":"LIPID_PANEL","status":"active"}}],'
    f'"patient":{{"id":"{MEMBER}","last_name":"Quokka","birth_date":"1984-03-12"}}}}'
).encode()
EVENT = EventArrival(WHOOP, REQUISITION_CREATED, REQUISITION, f'{{"resource_id":"{REQUISITION}"}}'.encode())


def study(reference: str, number: str = "7.1") -> EventArrival:
    """Write the last event of a study."""
    night = f'{{"night":1,"status":"VALID","indexes":{{"AHI3":{number}}}}}'
    body = f'{{"data":{{"type":"study-finished","attributes":{{"reference":"{reference}","nights":[{night}]}}}}}}'
    raw = body.encode()
    return EventArrival(ACURABLE, "study-finished", hashlib.sha256(raw).hexdigest(), raw)


def fill(ledger: Ledger) -> None:
    """Let one person go through everything, and another one through a part of it."""
    ledger.events().keep(EVENT)
    ledger.requisitions().take(read_requisition(DOCUMENT), DOCUMENT, event_id=1, confirms=True)
    pid = f"PID|1||{NUMBER}||Quokka^Avery||19840312\r".encode()
    ledger.accept([arrival(report({"HDL": "55"}, lane=LANES[0], patient=(NUMBER, "19840312")), raw=pid)], POLICIES)
    for reference, patient in ((REFERENCE, NUMBER), ("ORDER-OTHER", "PID-OTHER")):
        raw = f"PID|1||{patient}||x|{reference}|quokka@example.invalid\r".encode()
        sent = structs.replace(order(reference, kind="study"), patient=(patient, "19840312"))
        ledger.accept([order_arrival(sent, raw=raw)], LOOPBACK)
        ledger.events().keep(study(reference))
    ledger.correlate([CorrelationRow("x:2", "LAB-NUMBER-9", LANES[1]), CorrelationRow("x:3", "Numbat", LANES[7])])
    for vendor, made in ((WHOOP, Settlement("accepted", "201")), (ACURABLE, CREATED)):
        while claim := ledger.claim(vendor):
            ledger.settle(claim, made)


CREATED = Settlement("accepted", "201", location="/v1/studies/LOCATION-77", activation_codes=("CODE-1234",))


def everything(ledger: Ledger) -> str:
    """Give every cell of every table as text, messages as they came in."""
    with ledger._database.read() as connection:
        rows = [tuple(row) for table in METADATA.sorted_tables for row in connection.execute(select(table))]
    return repr([[_plain(cell) for cell in row] for row in rows])


def _plain(cell: object) -> object:
    return zlib.decompress(cell) if isinstance(cell, bytes) and cell.startswith(b"x\x01") else cell


@pytest.mark.parametrize("identifiers", [(MEMBER, NUMBER), (NUMBER, MEMBER)], ids=["member-first", "number-first"])
def test_nothing_of_an_erased_person_is_left(ledger: Ledger, place: str, identifiers: tuple[str, ...]) -> None:
    """Neither in a cell, nor in a message, nor anywhere in the files; the other person is untouched."""
    fill(ledger)
    assert [word for word in (*TELLING, *OTHERS) if word not in everything(ledger)] == []

    for identifier in identifiers:
        ledger.storage().erase(identifier)

    kept = everything(ledger)
    files = [file.read_bytes() for file in Path(place).parent.glob("lab.db*")] if "://" not in place else []
    # The other person has a code and an address of their own, which happen to be the same here.
    mine = [word for word in TELLING if word not in {"LOCATION-77", "CODE-1234", "quokka@example.invalid", "19840312"}]
    assert [word for word in mine if word in kept or any(word.encode() in file for file in files)] == []
    assert [word for word in OTHERS if word not in kept] == []
    assert [call.activation_codes for one in ledger.desk().orders() for call in one.calls] == [(), ("CODE-1234",)]
    assert ledger.verify() == []


def test_one_identifier_of_the_lab_leads_to_the_requisition_and_back(ledger: Ledger) -> None:
    """Both service requests of it, its webhook, the order numbers of both: also of the one without a result."""
    fill(ledger)

    plan = ledger.storage().plan_erasure(NUMBER)

    assert (plan.lanes, plan.correlations, plan.undecided, len(plan.message_ids)) == (3, 5, 0, 5)


def test_other_requisitions_of_the_member_go_as_well(ledger: Ledger) -> None:
    """WHOOP says by its id of the member that it is the same person."""
    fill(ledger)
    other = DOCUMENT.replace(REQUISITION.encode(), LANES[8].encode())
    for old, new in ((LANES[0], LANES[3]), (LANES[1], LANES[4])):
        other = other.replace(old.encode(), new.encode())
    ledger.events().keep(EventArrival(WHOOP, REQUISITION_CREATED, LANES[8], b"{}"))
    number = ledger.events().rows(WHOOP)[-1].id
    ledger.requisitions().take(read_requisition(other), other, event_id=number, confirms=False)

    ledger.storage().erase(NUMBER)

    assert ledger.requisitions().rows() == []
    assert [word for word in (LANES[3], LANES[4], LANES[8], MEMBER) if word in everything(ledger)] == []


def test_requisition_whose_document_is_pruned_is_found_by_its_order_numbers(ledger: Ledger, clock: Clock) -> None:
    """The document goes after a while; what leads to it goes with the person."""
    fill(ledger)
    clock.move(100)
    ledger.storage().prune(50, lambda _done, _all: None)
    ledger.correlate([CorrelationRow("x:9", "LAB-9", LANES[0], requisition_id=REQUISITION)])

    ledger.storage().erase(NUMBER)

    assert [word for word in (REQUISITION, LANES[0], "LAB-9") if word in everything(ledger)] == []


def test_erased_person_is_known_when_they_come_again(ledger: Ledger) -> None:
    """Webhook, event and result told again are repeats: nothing is fetched, reported or sent once more."""
    fill(ledger)
    ledger.storage().erase(NUMBER)

    assert (ledger.events().keep(EVENT), ledger.events().keep(study(REFERENCE))) == (False, False)
    assert [row.vendor for row in ledger.events().rows() if row.state == "waiting"] == [ACURABLE]
    again = [
        arrival(report({"HDL": "55"}, lane=LANES[0], patient=(NUMBER, "19840312")), raw=b"again"),
        order_arrival(structs.replace(order(REFERENCE, kind="study"), patient=(NUMBER, "19840312")), raw=b"again too"),
    ]
    numbers = [ledger.accept([one], POLICIES | LOOPBACK)[0] for one in again]
    assert ledger.show(numbers[0]).state == "duplicate"
    assert (ledger.count(WHOOP).get("queued", 0), ledger.count(ACURABLE).get("queued", 0)) == (0, 0)
    assert ledger.verify() == []


def test_correction_of_an_erased_result_goes_to_its_service_request(ledger: Ledger) -> None:
    """Whoever brings the person again brings the address as well."""
    fill(ledger)
    ledger.storage().erase(NUMBER)
    corrected = report({"HDL": "56"}, lane=LANES[0], status="corrected", each="corrected", at="20260201000000.000000")

    ledger.accept([arrival(structs.replace(corrected, patient=(NUMBER, "19840312")), raw=b"new")], POLICIES)

    claim = ledger.claim(WHOOP)
    assert claim is not None
    assert (claim.service_request_id, claim.target, ledger.verify()) == (LANES[0], LANES[0], [])


def test_requisition_that_a_person_asks_for_comes_back(ledger: Ledger) -> None:
    """`requisitions fetch ID` is a decision of somebody who knows the id."""
    fill(ledger)
    ledger.storage().erase(MEMBER)

    ledger.events().ask_again(EVENT)

    assert [(row.resource, row.state) for row in ledger.events().rows(WHOOP)] == [(REQUISITION, "waiting")]


def test_event_that_waits_is_not_acted_on_for_somebody_who_is_gone(ledger: Ledger) -> None:
    """The fetch that was announced would bring the person back."""
    fill(ledger)
    ledger.events().put_off(1, "503", 60)
    ledger.events().ask_again(EVENT)

    ledger.storage().erase(MEMBER)

    row = ledger.events().rows(WHOOP)[0]
    assert (row.state, row.answer, ledger.events().due_in(WHOOP)) == ("noted", "erased", None)


def test_confirmation_that_is_queued_is_sent_first(ledger: Ledger) -> None:
    """Nothing is erased while the vendor may still get it, on whichever lane."""
    ledger.events().keep(EVENT)
    ledger.requisitions().take(read_requisition(DOCUMENT), DOCUMENT, event_id=1, confirms=True)

    with pytest.raises(LedgerError, match="2 submissions of this person"):
        ledger.storage().erase(MEMBER)


def test_message_about_two_people_takes_only_its_own_person(ledger: Ledger) -> None:
    """The lane of the other one stays, although the message goes."""
    both = b"PID|1||PID-WOMBAT\rPID|1||PID-OTHER\r"
    ledger.accept([arrival(report({"HDL": "55"}, lane=LANES[5], patient=("PID-OTHER", "")), raw=both)], POLICIES)
    while claim := ledger.claim(WHOOP):
        ledger.settle(claim, Settlement("accepted", "201"))

    plan = ledger.storage().plan_erasure(NUMBER)

    assert (plan.message_ids, plan.lanes) == ((1,), 0)


def test_sealed_ledger_forgets_as_well(place: str) -> None:
    """Under a key of the site the same is gone."""
    key = secret_key()
    with Ledger.open(place, key=key) as ledger:
        fill(ledger)
        plan = ledger.storage().erase(NUMBER)

        assert (plan.lanes, plan.correlations, len(plan.message_ids)) == (3, 5, 5)
        assert [word for word in (REQUISITION, LANES[0], LANES[1], REFERENCE) if word in everything(ledger)] == []
        assert ledger.verify() == []
