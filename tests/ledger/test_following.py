"""What publishers of a stream are to be told: every change, once it was told no more, and nothing of a patient."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import structs

from tests.ledger.arrivals import LANES, POLICIES, arrival, report, sqlite_only
from tests.ledger.conftest import Clock
from tests.ledger.keys import secret_key
from translator.ledger import Decision, Follow, FollowedState, Ledger, Settlement
from translator.record.outcome import Diagnostic, Entry

WAY = "LAB/translator"


def take(ledger: Ledger, number: int = 0, *, sent_as: str = "name-1", way: str = WAY, held: bool = False) -> int:
    """Keep a message that somebody follows; gives its number."""
    others = [Entry("OBX[9]", "held", reason="unmapped-code")] if held else []
    one = arrival(report({"HDL": "55", "LDL": "90"}, lane=LANES[number]), others=others)
    remarked = structs.replace(one.outcome, diagnostics=(Diagnostic("unit-respelled", "info", "OBX[1]-6"),))
    followed = structs.replace(one, outcome=remarked, follow=Follow(way, "LAB", 7 + number, sent_as))
    (message,) = ledger.accept([followed], POLICIES)
    return message


def quiet(_done: int, _all: int) -> None:
    """Show no progress."""


def counts(state: FollowedState) -> dict[str, int]:
    """Count entries by state."""
    return {one.state: one.count for one in state.entries}


def deliver(ledger: Ledger, outcome: str = "accepted") -> None:
    """Make one delivery, with what came of it."""
    claim = ledger.claim("whoop")
    assert claim is not None
    ledger.settle(claim, Settlement(outcome, "201"))


def test_message_that_is_followed_is_told_of(ledger: Ledger) -> None:
    """States, counts and codes, and by what its publisher knows it."""
    message = take(ledger, held=True)

    (state,) = ledger.following().due(WAY, 10)

    assert (state.message, state.state, state.diagnostics) == (message, "translated", ("unit-respelled",))
    assert state.follow == Follow(WAY, "LAB", 7, "name-1")
    assert counts(state) == {"held": 1, "queued": 2}
    assert [one.reasons for one in state.entries] == [("unmapped-code",), ()]
    assert not state.is_settled


def test_message_that_nobody_follows_is_told_to_nobody(ledger: Ledger) -> None:
    """Neither at its coming nor at its delivery."""
    ledger.accept([arrival(report({"HDL": "55"}))], POLICIES)
    deliver(ledger)

    assert ledger.following().ways() == []


def test_way_is_told_of_its_own_messages(ledger: Ledger) -> None:
    """Two streams do not hear of each other."""
    take(ledger, 0)
    take(ledger, 1, way="OTHER/translator")

    assert ledger.following().waiting([WAY, "OTHER/translator", "NONE/x"]) == {WAY: 1, "OTHER/translator": 1}
    assert [one.follow.sequence for one in ledger.following().due("OTHER/translator", 10)] == [8]


def test_what_was_told_is_told_no_more(ledger: Ledger) -> None:
    """Until something becomes of it again."""
    take(ledger)
    following = ledger.following()

    following.told(following.due(WAY, 10))

    assert following.ways() == []
    assert following.due(WAY, 10) == []


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        pytest.param("accepted", "delivered", id="delivered"),
        pytest.param("refused", "rejected", id="rejected"),
        pytest.param("unknown", "unknown", id="unknown"),
    ],
)
def test_end_of_a_delivery_is_told(ledger: Ledger, outcome: str, state: str) -> None:
    """Whatever the vendor made of it, and whichever process sent it."""
    take(ledger)
    following = ledger.following()
    following.told(following.due(WAY, 10))

    deliver(ledger, outcome)

    (found,) = following.due(WAY, 10)
    assert counts(found) == {state: 2}
    assert found.is_settled == (state == "delivered")


def test_decision_of_a_person_is_told(ledger: Ledger) -> None:
    """A held entry that is dropped is one no more."""
    take(ledger, held=True)
    following = ledger.following()
    following.told(following.due(WAY, 10))

    with ledger.desk().session(rehearses=False) as desk:
        desk.drop_held({1: ["OBX[9]"]}, Decision("drop", reason="none of ours"))

    (found,) = following.due(WAY, 10)
    assert counts(found) == {"dropped": 1, "queued": 2}


def test_nothing_is_told_that_did_not_change(ledger: Ledger) -> None:
    """A call that is tried again later leaves everything queued."""
    take(ledger)
    following = ledger.following()
    following.told(following.due(WAY, 10))

    deliver(ledger, "retry")

    assert following.ways() == []


def test_same_state_read_twice_has_one_name(ledger: Ledger) -> None:
    """So that what was published and not marked is dropped when it is published again."""
    take(ledger)
    following = ledger.following()

    first, second = following.due(WAY, 10), following.due(WAY, 10)

    assert first == second
    assert len(first[0].id) == 40


def test_other_state_has_another_name(ledger: Ledger) -> None:
    """Also where it is what it was before: nobody would hear of it otherwise."""
    take(ledger)
    following = ledger.following()
    names = [following.due(WAY, 10)[0].id]
    for outcome in ("unknown", "accepted"):
        following.told(following.due(WAY, 10))
        if outcome == "accepted":
            with ledger.desk().session(rehearses=False) as desk:
                desk.decide(1, Decision("resend", reason="not there"))
            names += [one.id for one in following.due(WAY, 10)]
            following.told(following.due(WAY, 10))
        deliver(ledger, outcome)
        names += [one.id for one in following.due(WAY, 10)]

    assert len(names) == len(set(names)) == 4


def test_other_message_of_the_same_numbers_has_another_name(ledger: Ledger, tmp_path: Path, clock: Clock) -> None:
    """In a ledger that was restored they are given again: a broker would take the outcome of one for the other's."""
    ledger.storage().back_up(tmp_path / "copy.db")
    with Ledger.open(tmp_path / "copy.db", clock=clock) as restored:
        one, other = take(ledger, 0), take(restored, 1)
        (lost,), (found,) = ledger.following().due(WAY, 10), restored.following().due(WAY, 10)

    assert (one, lost.changes) == (other, found.changes)
    assert lost.id != found.id


def test_ways_are_listed_by_which_something_is_to_be_told(ledger: Ledger) -> None:
    """Each once, however much waits, and none of which everybody was told."""
    for number, way in enumerate(("LAB/b", "LAB/a", "LAB/b", "OTHER/a")):
        take(ledger, number, way=way)
    following = ledger.following()
    before = following.ways()
    following.told(following.due("LAB/b", 10))

    assert sorted(before) == ["LAB/a", "LAB/b", "OTHER/a"]
    assert sorted(following.ways()) == ["LAB/a", "OTHER/a"]


def test_change_after_reading_is_not_lost(ledger: Ledger) -> None:
    """What changes while an outcome is published is told after it."""
    take(ledger)
    following = ledger.following()
    read = following.due(WAY, 10)

    deliver(ledger)
    following.told(read)

    (found,) = following.due(WAY, 10)
    assert counts(found) == {"delivered": 2}


def test_many_are_told_of_in_parts(ledger: Ledger) -> None:
    """In the order in which they changed, each once."""
    for number in range(5):
        take(ledger, number)
    following = ledger.following()

    told = []
    while states := following.due(WAY, 2):
        told += [one.follow.sequence for one in states]
        following.told(states)

    assert told == [7, 8, 9, 10, 11]


@sqlite_only
def test_name_of_a_publisher_is_sealed(path: Path, tmp_path: Path) -> None:
    """It may be an order number: it lies on disk only under the key, and is told in the clear."""
    with Ledger.open(path, key=secret_key()) as ledger:
        take(ledger, sent_as="WOMBAT-7")

        assert ledger.following().due(WAY, 10)[0].follow.sent_as == "WOMBAT-7"
    assert all(b"WOMBAT-7" not in file.read_bytes() for file in tmp_path.glob("lab.db*"))


@sqlite_only
def test_rekey_seals_the_name_anew(path: Path) -> None:
    """A ledger without a key gets one, and the names are under it."""
    with Ledger.open(path) as ledger:
        take(ledger, sent_as="WOMBAT-7")
        name = ledger.following().due(WAY, 10)[0].id
    with Ledger.open(path, key=secret_key()) as ledger:
        ledger.storage().rekey(None, quiet)

        (found,) = ledger.following().due(WAY, 10)
    assert (found.follow.sent_as, found.id) == ("WOMBAT-7", name)


def test_pruned_message_loses_the_name(ledger: Ledger, clock: Clock) -> None:
    """Nobody knows any more what its publisher called it; what became of it is told all the same."""
    take(ledger, sent_as="WOMBAT-7")
    deliver(ledger)
    clock.move(100 * 86_400.0)

    pruned = ledger.storage().prune(90 * 86_400.0, quiet)

    (found,) = ledger.following().due(WAY, 10)
    assert (pruned.messages, found.follow.sent_as, found.follow.sequence) == (1, "", 7)
    assert counts(found) == {"delivered": 2}


def test_copy_of_a_ledger_tells_of_changes(ledger: Ledger, clock: Clock, tmp_path: Path) -> None:
    """A backup, whichever database it is of, sees what becomes of its messages."""
    take(ledger)
    ledger.following().told(ledger.following().due(WAY, 10))
    ledger.storage().back_up(tmp_path / "copy.db")

    with Ledger.open(tmp_path / "copy.db", clock=clock) as copy:
        deliver(copy)

        assert [counts(one) for one in copy.following().due(WAY, 10)] == [{"delivered": 2}]
