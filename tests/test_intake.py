"""The one way in: kept before it is answered, many with one commit, and no message harms its neighbour."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lab_messages import HDL, Obx, oru, service_request
from tests.ledger.arrivals import POLICIES
from translator.config import parse_settings
from translator.errors import LedgerError, LedgerUnavailableError
from translator.intake import MOST_AT_ONCE, Brought, Intake, Tables, Taken
from translator.ledger import Ledger
from translator.sites import Sites

TABLES = Tables(Sites.load(parse_settings("")), POLICIES)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Open a new ledger."""
    with Ledger.open(tmp_path / "lab.db") as opened:
        yield opened


def brought(number: int, key: str = "") -> Brought:
    """Bring one report."""
    return Brought(oru([Obx(HDL, str(40 + number))], request=service_request(number)), "mllp", key=key)


def test_message_is_on_disk_when_it_is_answered(ledger: Ledger) -> None:
    """The answer names the message in the ledger, and another process would see it there."""
    with Intake(ledger, TABLES) as intake:
        taken = intake.take(brought(1)).result()

        assert ledger.raw(taken.id) == brought(1).raw
    assert (taken.state, taken.is_repeat) == ("translated", False)


def test_many_at_once_are_kept_in_their_order(ledger: Ledger) -> None:
    """Several groups, each with one commit; numbers follow the order in which they were handed in."""
    count = 3 * MOST_AT_ONCE

    with Intake(ledger, TABLES) as intake:
        answers = [intake.take(brought(number)) for number in range(count)]
        ids = [answer.result().id for answer in answers]

    assert ids == sorted(set(ids))
    assert len(ledger.messages()) == count
    assert ledger.verify() == []


def test_same_key_gets_the_first_answer(ledger: Ledger) -> None:
    """What an intake brings again is not kept again: within one group, in a later one, and after a restart."""
    first = brought(1, "A")
    with Intake(ledger, TABLES) as intake:
        answers = [intake.take(first) for _ in range(20)]
        taken = [answer.result() for answer in answers]
    with Intake(ledger, TABLES) as intake:
        later = intake.take(first).result()

    assert {(one.id, one.received_at, one.state) for one in (*taken, later)} == {
        (taken[0].id, taken[0].received_at, "translated")
    }
    assert [one.is_repeat for one in (taken[0], taken[-1], later)] == [False, True, True]
    assert len(ledger.messages()) == 1


def test_same_key_with_other_bytes_is_told(ledger: Ledger) -> None:
    """The caller must know that what it says now is not what was kept."""
    with Intake(ledger, TABLES) as intake:
        first = intake.take(brought(1, "A"))
        other = intake.take(brought(2, "A")).result()

    assert (first.result().is_same, other.is_repeat, other.is_same) == (True, True, False)


def test_first_answer_is_what_the_ledger_decided(ledger: Ledger) -> None:
    """A lane may know better than the tables; whoever asks again is told the same."""
    with Intake(ledger, TABLES) as intake:
        intake.take(brought(1)).result()
        first = intake.take(brought(1, "A")).result()
        again = intake.take(brought(1, "A")).result()

    assert (first.state, again.state, again.received_at) == ("duplicate", "duplicate", first.received_at)


def test_repeat_is_known_after_the_bytes_are_gone(ledger: Ledger) -> None:
    """A pruned message still knows its bytes from others, by a keyed hash."""
    refused = Brought(b"no message", "mllp", key="A")
    with Intake(ledger, TABLES) as intake:
        intake.take(refused).result()
        ledger.storage().prune(-1, lambda _done, _all: None)
        same = intake.take(refused).result()
        other = intake.take(Brought(b"another", "mllp", key="A")).result()

    assert (same.is_repeat, same.is_same, other.is_same) == (True, True, False)


def test_message_without_a_key_is_new_each_time(ledger: Ledger) -> None:
    """Its contents alone say that nothing in it is new."""
    with Intake(ledger, TABLES) as intake:
        taken = [intake.take(brought(1)).result() for _ in range(2)]

    assert taken[0].id != taken[1].id
    assert ledger.balance().by_state == {"queued": 1, "duplicate": 1}


def test_end_answers_what_was_handed_in(ledger: Ledger) -> None:
    """Stopping keeps what waited; after it nothing is taken."""
    with Intake(ledger, TABLES) as intake:
        answers = [intake.take(brought(number)) for number in range(100)]

    assert all(answer.result(timeout=0).id for answer in answers)
    with pytest.raises(LedgerUnavailableError, match="being stopped"):
        intake.take(brought(1))


class Breaking(Ledger):
    """A ledger that cannot keep certain messages."""

    unkept: tuple[bytes, ...] = ()
    error: Exception = LedgerError("this one not")

    def accept(self, arrivals, policies, *, at=None):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN201
        """Keep messages, but not with one of the bad ones among them."""
        if any(arrival.raw in self.unkept for arrival in arrivals):
            raise self.error
        return super().accept(arrivals, policies, at=at)


def failing(tmp_path: Path, error: Exception, *numbers: int) -> Ledger:
    """Open a ledger that fails for some messages."""
    ledger = Breaking.open(tmp_path / "breaking.db")
    ledger.unkept = tuple(brought(number).raw for number in numbers)  # type: ignore[attr-defined]
    ledger.error = error  # type: ignore[attr-defined]
    return ledger


def answers_of(ledger: Ledger, numbers: range) -> list[Future[Taken]]:
    """Hand many reports in at once, so that some fall into one group."""
    with Intake(ledger, TABLES) as intake:
        return [intake.take(brought(number)) for number in numbers]


def test_message_that_cannot_be_kept_harms_no_other(tmp_path: Path) -> None:
    """Its neighbours are kept and answered; it alone is told."""
    with failing(tmp_path, LedgerError("this one not"), 7) as ledger:
        answers = answers_of(ledger, range(20))

        assert [number for number, answer in enumerate(answers) if answer.exception()] == [7]
        assert len(ledger.messages()) == 19


def test_ledger_that_is_away_is_told_to_everybody_at_once(tmp_path: Path) -> None:
    """Nobody waits for the database once for each message, and what comes later is kept again."""
    with failing(tmp_path, LedgerUnavailableError("away"), 0) as ledger, Intake(ledger, TABLES) as intake:
        answer = intake.take(brought(0))

        assert isinstance(answer.exception(), LedgerUnavailableError)
        assert intake.trouble == "away"
        assert intake.take(brought(1)).result().id
        assert not intake.trouble


class Forgetful(Ledger):
    """A ledger that keeps messages and is away when it is asked about them."""

    def kept(self, numbers):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN201, ARG002
        """Be away."""
        raise LedgerUnavailableError("away")


def test_message_that_is_on_disk_is_answered_whatever_happens_next(tmp_path: Path) -> None:
    """After the commit nobody is told that nothing was kept."""
    with Forgetful.open(tmp_path / "lab.db") as ledger, Intake(ledger, TABLES) as intake:
        taken = intake.take(brought(1)).result()

        assert (ledger.raw(taken.id), taken.state) == (brought(1).raw, "translated")


def test_defect_ends_the_intake_and_leaves_nobody_waiting(tmp_path: Path) -> None:
    """Whoever supervises sees why; whoever waits is told that nothing was kept."""
    with failing(tmp_path, ZeroDivisionError("a defect"), 3) as ledger, Intake(ledger, TABLES) as intake:
        answers = []
        for number in range(10):
            try:
                answers.append(intake.take(brought(number)))
            except LedgerUnavailableError:
                break
        told = [answer.exception() for answer in answers]

        assert isinstance(intake.finished.exception(), ZeroDivisionError)
        assert all(error is None or isinstance(error, LedgerUnavailableError) for error in told)
        assert sum(error is None for error in told) == len(ledger.messages())


def test_tables_are_swapped_between_groups(ledger: Ledger) -> None:
    """A reload lets what comes next be read by the new tables."""
    raw = oru([Obx("ZZ9^Aura^L", "1")])
    other = Tables(Sites.load(parse_settings("site = 'example'")), POLICIES)

    with Intake(ledger, TABLES) as intake:
        intake.take(Brought(raw, "mllp")).result()
        intake.swap(other)
        intake.take(Brought(raw, "mllp")).result()

        assert intake.tables is other
    assert [ledger.desk().kept(number).site for number in (1, 2)] == ["", "example"]


@given(st.lists(st.sampled_from(["", "A", "B", "C"]), max_size=12))
def test_each_key_is_kept_once(tmp_path_factory: pytest.TempPathFactory, keys: list[str]) -> None:
    """However messages with and without keys are mixed, as many are kept as differ."""
    with Ledger.open(tmp_path_factory.mktemp("keys") / "lab.db") as ledger, Intake(ledger, TABLES) as intake:
        answers = [intake.take(brought(number, key)) for number, key in enumerate(keys)]
        taken = [answer.result() for answer in answers]

        by_key = {key: {one.id for one, its in zip(taken, keys, strict=True) if its == key} for key in set(keys)}
        assert all(len(ids) == 1 for key, ids in by_key.items() if key)
        assert len(ledger.messages()) == keys.count("") + len(set(keys) - {""})
