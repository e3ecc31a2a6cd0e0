"""What a prune takes and what it leaves: no bytes, no names, no values, and yet the whole account."""

from __future__ import annotations

import pytest
from msgspec import structs
from sqlalchemy import select

from tests.ledger.arrivals import LANES, POLICIES, arrival, report
from tests.ledger.conftest import Clock
from translator.errors import LedgerError
from translator.ledger import Arrival, Decision, Ledger, Settlement
from translator.ledger.columns import METADATA
from translator.record.correlation import CorrelationRow
from translator.record.outcome import Entry, Original

DAY = 86_400
TELLING = ("WOMBAT", "SECRET-FILE", "CONTROL-9", "4711.5", "8822.5", "19840312", "ORDER-42", "FILLER-3")


def quiet(_done: int, _total: int) -> None:
    """Show nothing."""


def telling(value: str = "4711.5", lane: str = LANES[0], at: str = "20260101080000.000000") -> Arrival:
    """Make a message whose every part tells of a person."""
    submission = report({"HDL": value}, lane=lane, patient=("WOMBAT-7", "19840312"), at=at)
    sources = tuple(structs.replace(source, key="FILLER-3|HDL") for source in submission.sources)
    message = arrival(structs.replace(submission, sources=sources), raw=f"PID WOMBAT-7 {value}".encode())
    (entry,) = message.outcome.entries
    source = structs.replace(message.outcome.source, file="SECRET-FILE.hl7", control_id="CONTROL-9")
    entries = (structs.replace(entry, original=Original("8822.5", "mmol/L")),)
    return structs.replace(message, outcome=structs.replace(message.outcome, origin=source, entries=entries))


def deliver(ledger: Ledger) -> None:
    """Let the vendor accept everything."""
    while claim := ledger.claim("whoop"):
        ledger.settle(claim, Settlement("accepted", "201"))


def everything(ledger: Ledger) -> str:
    """Give every cell of every table as text."""
    with ledger._database.read() as connection:
        return repr([tuple(row) for table in METADATA.sorted_tables for row in connection.execute(select(table))])


@pytest.fixture
def pruned(ledger: Ledger, clock: Clock) -> Ledger:
    """Deliver one message, and prune it a hundred days later."""
    ledger.accept([telling()], POLICIES)
    ledger.correlate([CorrelationRow("orders.csv:2", "ORDER-42", LANES[0], patient="WOMBAT-7")])
    deliver(ledger)
    clock.move(100 * DAY)
    ledger.storage().prune(90 * DAY, quiet)
    return ledger


def test_prune_takes_everything_that_tells_of_a_person(pruned: Ledger) -> None:
    """No byte of the message, no name, no value, no identifier."""
    kept = everything(pruned)

    assert [word for word in TELLING if word in kept] == []


@pytest.mark.parametrize("erases", [pytest.param(False, id="pruned"), pytest.param(True, id="erased")])
def test_reasons_of_decisions_go_with_their_message(ledger: Ledger, clock: Clock, erases: bool) -> None:  # noqa: FBT001
    """A person may have written a name; that something was decided, when and by whom stays."""
    ledger.accept([telling()], POLICIES)
    claim = ledger.claim("whoop")
    assert claim is not None
    ledger.settle(claim, Settlement("unknown", "read-timeout"))
    with ledger.desk().session(rehearses=False) as session:
        session.decide(1, Decision("accept", "somebody", "Mr WOMBAT rang"))
    clock.move(100 * DAY)

    ledger.storage().erase("WOMBAT-7") if erases else ledger.storage().prune(90 * DAY, quiet)

    assert [(one.deed, one.by, one.reason) for one in ledger.desk().decisions(1)] == [("accept", "somebody", "")]
    assert "WOMBAT" not in everything(ledger)


def test_prune_keeps_the_account(pruned: Ledger) -> None:
    """It balances as before, and says what was delivered when."""
    assert (pruned.balance().by_state, pruned.verify()) == ({"delivered": 1}, [])
    shown = pruned.show(1)
    assert ([entry.code for entry in shown.entries], len(shown.submissions[0].attempts)) == (["HDL"], 1)
    assert b'"body":{}' in shown.json
    with pytest.raises(LedgerError, match="no longer kept"):
        pruned.raw(1)


def test_prune_leaves_a_resend_known(pruned: Ledger) -> None:
    """The same message years later is a duplicate, entry by entry."""
    (again,) = pruned.accept([telling()], POLICIES)

    assert [entry.state for entry in pruned.show(again).entries] == ["duplicate"]


def test_prune_leaves_a_changed_value_known(pruned: Ledger) -> None:
    """P8: another value of a final observation is held, though the value itself is gone."""
    (changed,) = pruned.accept([telling("99", at="20270101080000.000000")], POLICIES)

    assert [(entry.state, entry.reason) for entry in pruned.show(changed).entries] == [("held", "silent-change")]


def test_prune_leaves_another_patient_known(pruned: Ledger) -> None:
    """The lane knows its patient by hash."""
    (other,) = pruned.accept([arrival(report({"LDL": "9"}, patient=("P2", "")))], POLICIES)

    assert pruned.show(other).reason == "patient-changed"


def test_prune_leaves_a_repeated_cancellation_known(ledger: Ledger, clock: Clock) -> None:
    """A report without observations is known by the hash of its message."""
    cancelled = arrival(report({}, status="cancelled"))
    ledger.accept([cancelled], POLICIES)
    deliver(ledger)
    clock.move(100 * DAY)
    ledger.storage().prune(90 * DAY, quiet)

    (again,) = ledger.accept([cancelled], POLICIES)

    assert ledger.show(again).state == "duplicate"


@pytest.mark.parametrize(
    "outcome", [pytest.param(outcome, id=outcome) for outcome in ("queued", "unknown", "refused", "held", "bare")]
)
def test_prune_keeps_what_is_not_decided(ledger: Ledger, clock: Clock, outcome: str) -> None:
    """A person or the vendor still needs it, however old it is."""
    if outcome == "held":
        ledger.accept([arrival(others=[Entry("OBX[1]", "held", "unmapped-code")])], POLICIES)
    elif outcome == "bare":
        ledger.accept([arrival(report({"HDL": "5"}))], POLICIES)
        deliver(ledger)
        ledger.accept([arrival(report({}, status="cancelled", at="20260102080000.000000"))], POLICIES)
    else:
        ledger.accept([telling()], POLICIES)
    if outcome in ("unknown", "refused"):
        claim = ledger.claim("whoop")
        assert claim is not None
        ledger.settle(claim, Settlement(outcome, "-"))
    clock.move(100 * DAY)

    done = ledger.storage().prune(90 * DAY, quiet)

    assert (done.kept, bool(ledger.raw(2 if outcome == "bare" else 1))) == (1, True)


def test_prune_leaves_what_is_younger(ledger: Ledger, clock: Clock) -> None:
    """The age counts from the arrival; a lane with a younger message keeps its patient."""
    ledger.accept([telling()], POLICIES)
    deliver(ledger)
    clock.move(60 * DAY)
    ledger.accept([telling("99", LANES[1])], POLICIES)
    deliver(ledger)
    clock.move(60 * DAY)

    done = ledger.storage().prune(90 * DAY, quiet)

    assert (done.messages, ledger.raw(2)) == (1, b"PID WOMBAT-7 99")
    assert everything(ledger).count("WOMBAT-7") == 1


def test_preview_counts_what_prune_would_take(ledger: Ledger, clock: Clock) -> None:
    """And changes nothing."""
    ledger.accept([telling(), telling("99", LANES[1])], POLICIES)
    ledger.correlate([CorrelationRow("orders.csv:2", "A1", LANES[0])])
    deliver(ledger)
    clock.move(100 * DAY)
    before = everything(ledger)

    plan = ledger.storage().plan_pruning(90 * DAY)

    assert ((plan.messages, plan.correlations, plan.kept), everything(ledger)) == ((2, 1, 0), before)


@pytest.mark.parametrize(
    ("expires", "left"),
    [
        pytest.param("", 0, id="imported-long-ago"),
        pytest.param("2099-01-01", 1, id="still-valid"),
        pytest.param("2020-01-01", 0, id="expired-long-ago"),
    ],
)
def test_prune_takes_orders_that_are_over(ledger: Ledger, clock: Clock, expires: str, left: int) -> None:
    """An order that still may bring results stays."""
    ledger.correlate([CorrelationRow("orders.csv:2", "A1", LANES[0], expires=expires)])
    clock.move(100 * DAY)

    ledger.storage().prune(90 * DAY, quiet)

    assert len(ledger.correlation()("placer", "A1")) == left


def test_prune_goes_through_many_messages(ledger: Ledger, clock: Clock) -> None:
    """More than fit in one transaction; the progress ends at the whole."""
    ledger.accept([arrival(others=[Entry("OBX[1]", "ignored", "not-asked")], raw=b"%d" % n) for n in range(450)], {})
    clock.move(100 * DAY)
    told: list[tuple[int, int]] = []

    ledger.storage().prune(90 * DAY, lambda done, total: told.append((done, total)))

    assert told == [(200, 450), (400, 450), (450, 450)]
