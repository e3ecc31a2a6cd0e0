"""What the ledger takes in, and what it makes of it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from tests.ledger.arrivals import LANES, POLICIES, arrival, report, sqlite_only
from translator.errors import LedgerError
from translator.ledger import Arrival, DestinationPolicy, Ledger, Settlement
from translator.record.outcome import Diagnostic, Entry, Outcome, Source


def states(ledger: Ledger, message_id: int) -> list[tuple[str, str, str]]:
    """List the entries of a message as state, reason, cause."""
    return [(entry.state, entry.reason, entry.cause) for entry in ledger.show(message_id).entries]


def deliver_all(ledger: Ledger) -> list[bytes]:
    """Settle everything that is due as accepted; gives the bodies."""
    bodies = []
    while claim := ledger.claim("whoop"):
        bodies.append(claim.body)
        ledger.settle(claim, Settlement("accepted", "201"))
    return bodies


def test_acceptance_gives_every_entry_one_state(ledger: Ledger) -> None:
    """P1: what is translated is queued, the rest stays as it was decided."""
    others = [Entry("OBX[3]", "held", "unmapped-code"), Entry("OBX[4]", "ignored", "not-asked")]

    (message_id,) = ledger.accept([arrival(report({"HDL": "55", "LDL": "100"}), others=others)], POLICIES)

    assert states(ledger, message_id) == [
        ("queued", "", ""),
        ("queued", "", ""),
        ("held", "unmapped-code", ""),
        ("ignored", "not-asked", ""),
    ]


def test_acceptance_keeps_the_body_that_translate_prints(ledger: Ledger) -> None:
    """An empty lane is sent exactly the payload of the outcome."""
    submission = report({"HDL": "55"})
    ledger.accept([arrival(submission)], POLICIES)

    claim = ledger.claim("whoop")

    assert claim is not None
    assert (claim.service_request_id, claim.body) == (LANES[0], submission.body_json)


def test_acceptance_of_an_exact_resend_queues_nothing(ledger: Ledger) -> None:
    """The same message again is a duplicate, entry by entry."""
    message = arrival(report({"HDL": "55", "LDL": "100"}))
    ledger.accept([message], POLICIES)

    (again,) = ledger.accept([message], POLICIES)

    assert states(ledger, again) == [("duplicate", "", "")] * 2
    assert ledger.show(again).state == "duplicate"
    assert len(deliver_all(ledger)) == 1


def test_acceptance_sees_the_earlier_messages_of_its_batch(ledger: Ledger) -> None:
    """A re-send in the same batch is a duplicate, too."""
    message = arrival(report({"HDL": "55"}))

    _, second = ledger.accept([message, message], POLICIES)

    assert states(ledger, second) == [("duplicate", "", "")]


def test_acceptance_of_a_replay_after_a_correction_queues_nothing(ledger: Ledger) -> None:
    """A folder that is submitted again, original and correction, changes nothing."""
    first = arrival(report({"HDL": "55"}))
    second = arrival(report({"HDL": "60"}, status="corrected", each="corrected", at="20260102080000.000000"))
    ledger.accept([first, second], POLICIES)

    replayed = ledger.accept([first, second], POLICIES)

    assert [states(ledger, message_id) for message_id in replayed] == [[("duplicate", "", "")]] * 2


def test_acceptance_sends_only_what_is_new(ledger: Ledger) -> None:
    """A snapshot with one more observation posts that one, and its entry points at it."""
    ledger.accept([arrival(report({"HDL": "55"}, status="partial"))], POLICIES)

    (later,) = ledger.accept([arrival(report({"HDL": "55", "LDL": "100"}, at="20260102080000.000000"))], POLICIES)

    bodies = [json.loads(body) for body in deliver_all(ledger)]
    assert [observation["code"] for observation in bodies[1]["observations"]] == ["LDL"]
    assert [(entry.state, entry.observation) for entry in ledger.show(later).entries] == [
        ("duplicate", None),
        ("delivered", 0),
    ]


def test_acceptance_holds_another_patient_on_the_same_lane(ledger: Ledger) -> None:
    """The first patient pins the lane; another one is held whole."""
    ledger.accept([arrival(report({"HDL": "55"}))], POLICIES)

    (other,) = ledger.accept([arrival(report({"LDL": "90"}, patient=("P2", "19800101")))], POLICIES)

    assert states(ledger, other) == [("held", "report-held", "patient-changed")]
    assert (ledger.show(other).state, ledger.show(other).reason) == ("held", "patient-changed")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(("", ""), ("P1", "19800101"), id="nothing-known-first"),
        pytest.param(("P1", "19800101"), ("", ""), id="nothing-sent-later"),
        pytest.param(("P1", ""), ("", "19800101"), id="each-knows-another-part"),
    ],
)
def test_acceptance_takes_an_empty_patient_for_no_mismatch(
    ledger: Ledger, first: tuple[str, str], second: tuple[str, str]
) -> None:
    """An empty identifier or birth date neither pins nor contradicts."""
    ledger.accept([arrival(report({"HDL": "55"}, patient=first))], POLICIES)

    (later,) = ledger.accept([arrival(report({"LDL": "90"}, patient=second))], POLICIES)

    assert states(ledger, later) == [("queued", "", "")]


def test_acceptance_pins_what_a_later_message_adds(ledger: Ledger) -> None:
    """A birth date that came second still holds a third message with another one."""
    ledger.accept([arrival(report({"HDL": "55"}, patient=("P1", "")))], POLICIES)
    ledger.accept([arrival(report({"LDL": "90"}, patient=("P1", "19800101")))], POLICIES)

    (third,) = ledger.accept([arrival(report({"TSH": "2"}, patient=("P1", "19810101")))], POLICIES)

    assert states(ledger, third) == [("held", "report-held", "patient-changed")]


@pytest.mark.parametrize(
    ("policy", "state"),
    [
        pytest.param(DestinationPolicy(), "held", id="nothing-confirmed"),
        pytest.param(DestinationPolicy(frozenset({"TSH"})), "held", id="another-code-confirmed"),
        pytest.param(DestinationPolicy(frozenset({"ALT"})), "queued", id="confirmed"),
        pytest.param(DestinationPolicy(frozenset({"all"})), "queued", id="all-confirmed"),
        pytest.param(DestinationPolicy(loopback=True), "queued", id="sandbox"),
    ],
)
def test_acceptance_holds_a_report_with_an_unconfirmed_code(
    ledger: Ledger, policy: DestinationPolicy, state: str
) -> None:
    """A report with a code that the site has not confirmed is held whole, unless it goes to the sandbox."""
    message = arrival(report({"HDL": "55", "ALT": "20"}, unconfirmed=("ALT",)))

    (message_id,) = ledger.accept([message], {"whoop": policy})

    cause = ("report-held", "code-unconfirmed") if state == "held" else ("", "")
    assert states(ledger, message_id) == [(state, *cause)] * 2


def test_acceptance_without_a_policy_is_strict(ledger: Ledger) -> None:
    """A destination that nobody spoke about is sent confirmed codes only."""
    (message_id,) = ledger.accept([arrival(report({"ALT": "20"}, unconfirmed=("ALT",)))], {})

    assert states(ledger, message_id) == [("held", "report-held", "code-unconfirmed")]


def test_acceptance_queues_a_cancellation_without_observations(ledger: Ledger) -> None:
    """A cancelled report has no observations, and is sent all the same, once."""
    cancelled = arrival(report({}, status="cancelled"), others=[Entry("OBX[1]", "ignored", "not-obtained")])

    message_ids = ledger.accept([cancelled, cancelled], POLICIES)

    assert [ledger.show(message_id).state for message_id in message_ids] == ["queued", "duplicate"]
    assert deliver_all(ledger) == [b'{"status":"cancelled"}']


def test_acceptance_holds_a_cancellation_after_results(ledger: Ledger) -> None:
    """A cancellation behind results is for a person to decide; the message says so."""
    ledger.accept([arrival(report({"HDL": "55"}))], POLICIES)

    (message_id,) = ledger.accept([arrival(report({}, status="cancelled", at="20260102080000.000000"))], POLICIES)

    shown = ledger.show(message_id)
    assert (shown.state, shown.reason, shown.submissions) == ("held", "cancelled-after-results", ())


def test_acceptance_is_all_or_nothing(ledger: Ledger) -> None:
    """One outcome that does not balance keeps its whole batch out."""
    wrong = Arrival(
        Outcome(Source(index=0), "translated", entries=(Entry("OBX[1]", "translated", submission=0),)), b"x"
    )

    with pytest.raises(LedgerError, match=r"does not balance: OBX\[1\]"):
        ledger.accept([arrival(report({"HDL": "55"})), wrong], POLICIES)

    assert ledger.balance().messages == 0


def test_acceptance_refuses_bytes_that_are_not_the_outcomes(ledger: Ledger) -> None:
    """The raw message and its outcome belong together, by hash."""
    message = arrival(report({"HDL": "55"}))
    source = msgspec.structs.replace(message.outcome.source, sha256="0" * 64)
    outcome = msgspec.structs.replace(message.outcome, origin=source)

    with pytest.raises(LedgerError, match="bytes of a message"):
        ledger.accept([msgspec.structs.replace(message, outcome=outcome)], POLICIES)


def test_acceptance_says_why_a_message_without_entries_is_held(ledger: Ledger) -> None:
    """Whoever lists what is held sees what to do about it, and not only that nothing is in it."""
    remarks = (Diagnostic("unit-respelled", "info", "", ""), Diagnostic("unresolved-reference", "error", "Bundle", ""))
    outcome = Outcome(Source(0, format="fhir"), "held", diagnostics=remarks)

    ledger.accept([Arrival(outcome, b"{}")], POLICIES)

    (item,) = ledger.desk().held()
    assert item.reason == "unresolved-reference"


def test_acceptance_sums_up(ledger: Ledger) -> None:
    """The balance counts every entry once."""
    held = Entry("OBX[9]", "held", "unmapped-code")
    message = arrival(report({"HDL": "55", "LDL": "90"}), others=[held])
    (first, _) = ledger.accept([message, message], POLICIES)
    deliver_all(ledger)

    balance = ledger.balance()

    assert (balance.messages, balance.entries) == (2, 6)
    assert balance.by_state == {"delivered": 2, "duplicate": 3, "held": 1}
    assert ledger.balance([first]).by_state == {"delivered": 2, "held": 1}


@sqlite_only
@pytest.mark.parametrize(
    "trigger",
    [
        pytest.param("AFTER INSERT ON entry WHEN NEW.number = 1 BEGIN DELETE FROM entry WHERE id = NEW.id", id="lost"),
        pytest.param(
            "AFTER INSERT ON entry BEGIN UPDATE entry SET observation = 0 WHERE id = NEW.id", id="wrong-observation"
        ),
    ],
)
def test_acceptance_counts_what_the_database_really_has(ledger: Ledger, path: Path, trigger: str) -> None:
    """P1: a database that loses or bends an entry on the way keeps nothing of the message."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"CREATE TRIGGER thief {trigger}; END")

    with pytest.raises(LedgerError, match="does not balance after it was written"):
        ledger.accept([arrival(report({"HDL": "55", "LDL": "90"}))], POLICIES)

    assert ledger.balance().messages == 0
