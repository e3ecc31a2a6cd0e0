"""What a vendor tells is kept once, with its bytes, and asked for until somebody has settled it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.ledger.conftest import Clock
from tests.ledger.keys import secret_key
from translator.ledger import EventArrival, Ledger

REQUISITION = "e72719d6-0dbb-4eb3-9ccc-781b563fc3d3"
CREATED = EventArrival("whoop", "lab_requisition.created", REQUISITION, b'{"event_type":"lab_requisition.created"}')
REVIEW = EventArrival("whoop", "clinical_report_review.requested", REQUISITION, b"{}", needs_action=False)


def test_event_is_kept_with_its_bytes(ledger: Ledger) -> None:
    """The ledger has the webhook as it came in, and balances."""
    is_new = ledger.events().keep(CREATED)

    (row,) = ledger.events().rows()
    assert (is_new, row.kind, row.resource, row.state, row.told) == (True, CREATED.kind, REQUISITION, "waiting", 1)
    assert (ledger.raw(row.message), ledger.show(row.message).source.type) == (CREATED.raw, f"whoop {CREATED.kind}")
    assert ledger.verify() == []


def test_event_told_again_is_only_counted(ledger: Ledger) -> None:
    """A vendor that saw no answer sends the same once more."""
    events = ledger.events()
    events.keep(CREATED)

    is_new = events.keep(CREATED)

    (row,) = events.rows()
    assert (is_new, row.told, ledger.balance().messages) == (False, 2, 1)


def test_event_told_by_many_at_once_is_kept_once(ledger: Ledger) -> None:
    """Retries may overlap; one of them is the first."""
    with ThreadPoolExecutor(8) as threads:
        new = list(threads.map(lambda _: ledger.events().keep(CREATED), range(8)))

    assert (sum(new), [row.told for row in ledger.events().rows()]) == (1, [8])


def test_events_about_one_resource_are_told_apart_by_kind(ledger: Ledger) -> None:
    """The same id may come with another event; what needs nothing is noted, and not due."""
    ledger.events().keep(CREATED)
    ledger.events().keep(REVIEW)

    assert [row.state for row in ledger.events().rows("whoop", [REQUISITION])] == ["waiting", "noted"]
    assert [row.kind for row in ledger.events().due("whoop", 9)] == [CREATED.kind]
    assert ledger.events().rows("acurable") == []


def test_event_is_due_until_it_is_settled(ledger: Ledger, clock: Clock) -> None:
    """What came to nothing is due again after its pause, and no more once it is done."""
    events = ledger.events()
    events.keep(CREATED)
    (row,) = events.due("whoop", 9)

    events.put_off(row.id, "503", 5)
    assert (events.due("whoop", 9), events.due_in("whoop")) == ([], 5)
    clock.move(6)
    assert [(again.tries, again.answer) for again in events.due("whoop", 9)] == [(1, "503")]
    assert events.due_in("whoop") == 0
    events.settle(row.id, "done", "200")

    assert (events.due_in("whoop"), [one.state for one in events.rows()]) == (None, ["done"])


def test_settled_event_is_acted_on_again_where_a_person_wants_it(ledger: Ledger) -> None:
    """Asking again makes it due, and an event that never came is made."""
    events = ledger.events()
    events.keep(CREATED)
    events.settle(events.rows()[0].id, "failed", "404")

    events.ask_again(CREATED)

    assert [(row.state, row.tries, row.answer) for row in events.due("whoop", 9)] == [("waiting", 0, "")]


def test_event_is_settled_as_something(ledger: Ledger) -> None:
    """To go on waiting is no settlement."""
    with pytest.raises(ValueError, match="done, failed or noted"):
        ledger.events().settle(1, "waiting", "")


def test_events_are_sealed_like_messages(place: str) -> None:
    """Their bytes lie under the ledger's key, and a new key opens them."""
    old, new = secret_key(), secret_key()
    with Ledger.open(place, key=old) as ledger:
        ledger.events().keep(CREATED)
        ledger.storage().rekey(new, lambda _done, _all: None)

    with Ledger.open(place, key=new) as ledger:
        assert ledger.raw(ledger.events().rows()[0].message) == CREATED.raw


def test_events_are_not_replayed(ledger: Ledger) -> None:
    """What a vendor told is no message of a lab."""
    ledger.events().keep(CREATED)

    assert ledger.desk().messages() == []


def test_event_that_waits_is_not_pruned(ledger: Ledger, clock: Clock) -> None:
    """Its bytes stay until somebody has acted on it, however old it is."""
    ledger.events().keep(CREATED)
    clock.move(1000)

    kept = ledger.storage().prune(5, lambda _done, _all: None)
    ledger.events().settle(ledger.events().rows()[0].id, "done", "200")
    gone = ledger.storage().prune(5, lambda _done, _all: None)

    assert (kept.messages, gone.messages) == (0, 1)
