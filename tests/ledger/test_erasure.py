"""One person is taken out, and nobody else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.ledger.arrivals import LANES, POLICIES, arrival, report, sqlite_only
from tests.ledger.test_retention import deliver, everything
from translator.errors import LedgerError
from translator.ledger import Ledger
from translator.ledger.persons import names_patient
from translator.record.correlation import CorrelationRow
from translator.record.outcome import Entry

PID = b"MSH|^~\\&|A\rPID|1||%s^^^EXLAB||Sample^Avery\rOBX|1|NM|2085-9||12345\r"
HELD = Entry("OBX[1]", "held", "unmapped-code")


def fill(ledger: Ledger) -> None:
    """Bring two people: results, a held message and an order of each; one has a value like the other's number."""
    for lane, patient in ((LANES[0], "12345"), (LANES[1], "67890")):
        raw = PID % patient.encode()
        ledger.accept([arrival(report({"HDL": "55"}, lane=lane, patient=(patient, "19840312")), raw=raw)], POLICIES)
        ledger.accept([arrival(others=[HELD], raw=raw)], POLICIES)
        ledger.correlate([CorrelationRow("orders.csv:2", f"ORDER-{patient}", lane, patient=patient)])


def test_erasure_takes_one_person_and_nobody_else(ledger: Ledger) -> None:
    """Messages on their lanes, held ones that name them, and orders."""
    fill(ledger)
    deliver(ledger)
    other = ledger.raw(3)

    done = ledger.storage().erase("12345")

    kept = everything(ledger)
    assert (done.message_ids, done.lanes, done.correlations, done.held) == ((1, 2), 1, 1, 1)
    assert ("ORDER-12345" in kept, "ORDER-67890" in kept, ledger.raw(3)) == (False, True, other)
    assert ledger.balance().by_state == {"delivered": 2, "dropped": 1, "held": 1}
    assert ledger.verify() == []


def test_erased_results_are_still_known(ledger: Ledger) -> None:
    """The account stays: a re-send is not sent twice."""
    fill(ledger)
    deliver(ledger)
    ledger.storage().erase("12345")

    (again,) = ledger.accept([arrival(report({"HDL": "55"}, patient=("12345", "19840312")), raw=b"x")], POLICIES)

    assert ledger.show(again).state == "duplicate"


def test_erasure_waits_for_what_is_undecided(ledger: Ledger) -> None:
    """Nothing is erased while a vendor may still get it."""
    fill(ledger)

    with pytest.raises(LedgerError, match="1 submissions of this person"):
        ledger.storage().erase("12345")

    assert ledger.raw(1) == PID % b"12345"


def test_preview_of_an_erasure_changes_nothing(ledger: Ledger) -> None:
    """It counts, also what is undecided."""
    fill(ledger)
    before = everything(ledger)

    plan = ledger.storage().plan_erasure("12345")

    assert ((plan.message_ids, plan.held, plan.undecided), everything(ledger)) == (((1, 2), 1, 1), before)


def test_erasure_is_noted_without_the_person(ledger: Ledger) -> None:
    """The journal counts, and names nobody."""
    fill(ledger)
    deliver(ledger)

    ledger.storage().erase("12345")

    with ledger._database.read() as connection:
        rows = connection.exec_driver_sql("SELECT deed, detail FROM journal").all()
    assert [tuple(row) for row in rows] == [("erased", "messages=2 lanes=1 correlations=1 held=1")]


@sqlite_only
def test_erased_bytes_are_not_left_in_the_files(ledger: Ledger, path: Path) -> None:
    """Neither in a free page nor in the WAL."""
    ledger.correlate([CorrelationRow("orders.csv:2", "ORDER-WOMBAT", LANES[0], patient="WOMBAT-7")])

    ledger.storage().erase("WOMBAT-7")

    assert [file.name for file in path.parent.iterdir() if b"WOMBAT" in file.read_bytes()] == []


BUNDLE = {
    "resourceType": "Bundle",
    "entry": [
        {"resource": {"resourceType": "Patient", "identifier": [{"value": "12345"}, "broken"]}},
        {"resource": {"resourceType": "Observation", "identifier": [{"value": "777"}], "valueString": "888"}},
    ],
}


@pytest.mark.parametrize(
    ("raw", "identifier", "named"),
    [
        pytest.param(PID % b"12345", "12345", True, id="pid-3"),
        pytest.param(PID % b"777~12345", "12345", True, id="second-repetition"),
        pytest.param(PID % b"123456", "12345", False, id="a-longer-number"),
        pytest.param(PID % b"777", "12345", False, id="a-value-of-somebody-else"),
        pytest.param(PID % b"777", "Sample", False, id="a-name"),
        pytest.param(b"MSH#^~\\&#A\nPID#1#12345\n", "12345", True, id="pid-2-other-separator"),
        pytest.param(PID % b"777", "", False, id="nothing-asked"),
        pytest.param(json.dumps(BUNDLE).encode(), "12345", True, id="fhir-patient"),
        pytest.param(json.dumps(BUNDLE).encode(), "777", False, id="fhir-identifier-of-a-result"),
        pytest.param(json.dumps(BUNDLE).encode(), "888", False, id="fhir-value"),
        pytest.param(b"\xef\xbb\xbf " + json.dumps([BUNDLE]).encode(), "12345", True, id="fhir-after-a-mark"),
        pytest.param(b"{broken 12345", "12345", False, id="broken-json"),
    ],
)
def test_message_names_a_patient_where_identifiers_stand(raw: bytes, identifier: str, named: bool) -> None:  # noqa: FBT001 - a table of cases
    """PID-2 to PID-4 and a FHIR patient's identifiers; nowhere else."""
    assert names_patient(raw, identifier) is named
