"""Whether a destination may be called, as all processes see it."""

from __future__ import annotations

from tests.ledger.conftest import Clock
from translator.ledger import EVERY, VENDOR, Ledger


def test_destination_is_open_at_first(ledger: Ledger) -> None:
    """Nobody has said anything."""
    assert (ledger.destinations().standing("whoop").paused, ledger.destinations().standings()) == ("", [])


def test_pause_stays_until_it_is_resumed(ledger: Ledger, clock: Clock) -> None:
    """It says why and since when; resuming it twice changes nothing more."""
    ledger.destinations().pause("whoop", "planned work")
    standing = ledger.destinations().standing("whoop")
    results = [ledger.destinations().resume("whoop"), ledger.destinations().resume("whoop")]

    assert (standing.paused, standing.paused_at) == ("planned work", round(clock.seconds * 1_000_000))
    assert (results, ledger.destinations().standing("whoop").paused) == ([True, False], "")


def test_pause_of_one_leaves_another_open(ledger: Ledger) -> None:
    """Destinations stand by themselves."""
    ledger.destinations().pause("whoop", "planned work")

    assert ledger.destinations().standing("acurable").paused == ""


def test_pause_of_all_holds_for_each(ledger: Ledger) -> None:
    """After a restore nobody is called, and a resume of one does not lift it."""
    ledger.destinations().pause(EVERY, "restored")

    assert (ledger.destinations().resume("whoop"), ledger.destinations().standing("whoop").paused) == (
        False,
        "restored",
    )


def test_pause_of_a_person_is_not_replaced_by_the_vendors(ledger: Ledger) -> None:
    """Else the next process would lift what a person has ordered."""
    ledger.destinations().pause("whoop", "planned work")
    ledger.destinations().pause("whoop", "answer 403", by=VENDOR)

    assert ledger.destinations().resume("whoop", only=[VENDOR]) is False
    assert ledger.destinations().standing("whoop").paused == "planned work"


def test_wait_ends_by_itself(ledger: Ledger, clock: Clock) -> None:
    """The vendor asked for a minute."""
    ledger.destinations().ask_to_wait("whoop", 60)
    asked = ledger.destinations().standing("whoop").opens_at
    clock.move(61)

    assert asked == round((clock.seconds - 1) * 1_000_000)
    assert ledger.destinations().standing("whoop").opens_at == 0


def test_longest_wait_counts(ledger: Ledger, clock: Clock) -> None:
    """Several calls are under way, of several hosts, and what answers last may ask for less."""
    for asked_s in (5, 60, 10):
        ledger.destinations().ask_to_wait("whoop", asked_s)

    assert ledger.destinations().standing("whoop").opens_at == round((clock.seconds + 60) * 1_000_000)


def test_wait_of_a_clock_that_ran_ahead_is_forgotten(ledger: Ledger, clock: Clock) -> None:
    """Nobody asks for more than a day, so a time that far ahead is an error of the clock."""
    ledger.destinations().ask_to_wait("whoop", 60)
    clock.move(-200_000)
    forgotten = ledger.destinations().standing("whoop").opens_at
    ledger.destinations().ask_to_wait("whoop", 60)

    assert forgotten == 0
    assert ledger.destinations().standing("whoop").opens_at == round((clock.seconds + 60) * 1_000_000)
