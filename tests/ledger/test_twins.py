"""A message that comes again, byte for byte, while some of it waits for a person or was dropped by one."""

from __future__ import annotations

import msgspec
import pytest

from tests.ledger.arrivals import LANES, arrival, report
from tests.ledger.test_decisions import POLICIES, UNMAPPED, complete, deliver, dropped, incomplete, refiled, states
from translator.errors import LedgerError
from translator.ledger import Arrival, Ledger
from translator.record.outcome import Entry

HELD = [("delivered", ""), ("held", "unmapped-code")]
AGAIN = [("duplicate", ""), ("duplicate", "held-before")]
MAPPED = Arrival(complete(), b"first")


def test_what_is_held_again_is_a_duplicate(ledger: Ledger) -> None:
    """What waits for one decision waits once, and counts by cause stay true."""
    ledger.accept([incomplete(), incomplete()], POLICIES)
    deliver(ledger)
    ledger.accept([incomplete()], POLICIES)

    assert [states(ledger, number) for number in (1, 2, 3)] == [HELD, AGAIN, AGAIN]
    assert [item.id for item in ledger.desk().held()] == ["1:OBX[2]"]
    assert (ledger.show(3).state, ledger.show(3).reason) == ("duplicate", "held-before")
    assert ledger.verify() == []


@pytest.mark.parametrize(
    "again",
    [
        pytest.param(incomplete(raw=b"other"), id="other-bytes"),
        pytest.param(incomplete(others=[Entry("OBX[2]", "held", "unit-unknown")]), id="another-reason"),
        pytest.param(incomplete(others=[Entry("OBX[3]", "held", "unmapped-code")]), id="another-place"),
    ],
)
def test_what_is_held_otherwise_is_held(ledger: Ledger, again: Arrival) -> None:
    """Only the same bytes, place and reason are the same question to a person."""
    ledger.accept([incomplete()], POLICIES)
    ledger.accept([again], POLICIES)

    assert states(ledger, 2)[1][0] == "held"
    assert ledger.verify() == []


def test_another_reason_takes_the_place_of_the_old_one(ledger: Ledger) -> None:
    """What the tables say now is what a person sees, once."""
    ledger.accept([incomplete()], POLICIES)
    ledger.accept([incomplete(others=[Entry("OBX[2]", "held", "unit-unknown")])], POLICIES)

    assert [(item.id, item.reason) for item in ledger.desk().held()] == [("2:OBX[2]", "unit-unknown")]
    assert states(ledger)[1] == ("duplicate", "taken-again")
    assert ledger.verify() == []


def test_mended_table_queues_it_and_settles_the_old_one(ledger: Ledger) -> None:
    """The same file with a better table is sent once, and its order is complete; nothing is left to release."""
    ledger.accept([incomplete()], POLICIES)
    deliver(ledger)
    ledger.accept([MAPPED], POLICIES)
    bodies = deliver(ledger)

    released = refiled(ledger, complete())

    assert [one.get("task_business_status") or [o["code"] for o in one["observations"]] for one in bodies] == [
        ["LDL"],
        "FULL_RESULTS_READY",
    ]
    assert states(ledger) == [("delivered", ""), ("duplicate", "taken-again")]
    assert (released.freed, deliver(ledger), ledger.desk().held()) == ((), [], [])


def test_what_a_person_dropped_is_not_held_again(ledger: Ledger) -> None:
    """The decision counts for the same message, however often it comes."""
    ledger.accept([incomplete()], POLICIES)
    deliver(ledger)
    dropped(ledger, then="RESULTS_ISSUE")
    ledger.accept([incomplete()], POLICIES)

    assert states(ledger, 2) == [("duplicate", ""), ("duplicate", "dropped-before")]
    assert (ledger.desk().held(), deliver(ledger)[1:]) == ([], [])


def test_what_a_person_dropped_is_not_sent_by_a_mended_table(ledger: Ledger) -> None:
    """A drop says that it is never sent; only a replay takes it up again, and sends it once."""
    ledger.accept([incomplete()], POLICIES)
    deliver(ledger)
    dropped(ledger, then="FULL_RESULTS_READY")
    deliver(ledger)
    ledger.accept([MAPPED], POLICIES)

    assert states(ledger, 2) == [("duplicate", ""), ("duplicate", "dropped-before")]
    assert deliver(ledger) == []


def test_what_is_sent_beside_a_dropped_result_is_not_whole(ledger: Ledger) -> None:
    """`final` means that all results are in, and one of them is not."""
    three = incomplete(others=[UNMAPPED, Entry("OBX[3]", "held", "unmapped-code")])
    ledger.accept([three], POLICIES)
    deliver(ledger)
    dropped(ledger, ats={"OBX[2]"})
    ledger.accept([Arrival(arrival(report({"HDL": "55", "LDL": "120", "TSH": "2"})).outcome, three.raw)], POLICIES)

    (body,) = (one for one in deliver(ledger) if "observations" in one)

    assert (body["status"], [one["code"] for one in body["observations"]]) == ("partial", ["TSH"])


def test_held_message_without_entries_is_held_once(ledger: Ledger) -> None:
    """A cancellation after results that comes again waits once, and is dropped once."""
    cancelled = arrival(report({}, status="cancelled"))
    ledger.accept([arrival(report({"HDL": "55"})), cancelled, cancelled], POLICIES)
    waiting = [item.id for item in ledger.desk().held()]
    dropped(ledger, 2)
    ledger.accept([cancelled], POLICIES)

    assert (waiting, ledger.desk().held()) == (["2"], [])
    assert [ledger.show(number).reason for number in (2, 3, 4)] == ["dropped", "held-before", "dropped-before"]


def test_held_message_without_entries_is_settled_by_what_is_sent(ledger: Ledger) -> None:
    """Once the same cancellation may be sent, the old one is no question any more."""
    cancelled = arrival(report({}, status="cancelled"))
    nameless = Arrival(msgspec.structs.replace(cancelled.outcome, state="held", submissions=()), cancelled.raw)
    ledger.accept([nameless, cancelled], POLICIES)

    assert ([item.id for item in ledger.desk().held()], ledger.show(1).reason) == ([], "taken-again")


def test_repeat_of_something_held_counts_for_nothing(ledger: Ledger) -> None:
    """A value that was held and came again was never taken on: it makes nothing look late that comes after."""
    changed = arrival(report({"HDL": "60"}, at="20260105080000.000000"))
    ledger.accept([arrival(report({"HDL": "55"})), changed, changed], POLICIES)

    ledger.accept(
        [arrival(report({"HDL": "61"}, status="corrected", each="corrected", at="20260103080000.000000"))], POLICIES
    )

    assert [states(ledger, number) for number in (2, 3, 4)] == [
        [("held", "silent-change")],
        [("duplicate", "held-before")],
        [("queued", "")],
    ]


def test_twin_is_known_after_a_prune(ledger: Ledger) -> None:
    """Of a message that was pruned only the hash of its hash is left, and that is enough."""
    ledger.accept([incomplete()], POLICIES)
    deliver(ledger)
    dropped(ledger, then="RESULTS_ISSUE")
    deliver(ledger)
    ledger.storage().prune(-3600, lambda _done, _of: None)
    ledger.accept([incomplete()], POLICIES)

    with pytest.raises(LedgerError, match="no longer kept"):
        ledger.raw(1)
    assert states(ledger, 2) == [("duplicate", ""), ("duplicate", "dropped-before")]


def test_twins_on_other_lanes_are_told_apart(ledger: Ledger) -> None:
    """A batch with the same bytes twice and others between them holds each message once."""
    batch = [incomplete(), incomplete(LANES[1], raw=b"second"), incomplete(), incomplete(LANES[1], raw=b"second")]
    ledger.accept(batch, POLICIES)

    assert [item.id for item in ledger.desk().held()] == ["1:OBX[2]", "2:OBX[2]"]
    assert ledger.verify() == []
