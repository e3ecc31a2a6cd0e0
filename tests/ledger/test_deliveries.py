"""What the vendor has of results that other tables make otherwise, and what would be sent if they came again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lab_messages import GLUCOSE, HDL, LOCAL, Obx, oru
from tests.ledger.arrivals import POLICIES, sqlite_only
from tests.ledger.conftest import Clock
from tests.plan.table_sets import OBSERVATIONS, STATUSES, Files, edited, replaced, texts, written
from translator.errors import ConfigError, LedgerError
from translator.ledger import Arrival, Ledger, Settlement
from translator.pipeline import Pipeline
from translator.record.outcome import Outcome
from translator.record.standing import CORRECTION, DIFFERS, HELD, NEW, NOTHING, WITHHELD
from translator.translate.load import TableTexts, build_tables

RAW = oru([Obx(LOCAL, "184"), Obx(HDL, "55")])


def site_row(same_as: str) -> TableTexts:
    """Give tables in which the site's code means this LOINC code."""

    def edit(_: Files, site: Files) -> None:
        written(OBSERVATIONS, f"system,code,same_as\nL,ZZ9,{same_as}\n", site)

    return edited(edit)


def translated(tables: TableTexts, raw: bytes = RAW) -> Outcome:
    """Translate the message by some tables."""
    return Pipeline(build_tables(tables)).translate(raw, file="lab.hl7")


BEFORE = site_row("2093-3")


def deliver(ledger: Ledger, raw: bytes = RAW, outcome: str = "accepted") -> None:
    """Take the message in by the tables before, and have the vendor answer."""
    ledger.accept([Arrival(translated(BEFORE, raw), raw)], POLICIES)
    while claim := ledger.claim("whoop"):
        ledger.settle(claim, Settlement(outcome, "201"))
        if outcome != "accepted":
            break


def words(ledger: Ledger, after: TableTexts, raw: bytes = RAW) -> dict[str, tuple[str, ...]]:
    """Say what the ledger knows of both results."""
    return ledger.deliveries().words(translated(BEFORE, raw), translated(after, raw), ["OBX[1]", "OBX[2]"])


@pytest.mark.parametrize(
    ("after", "said"),
    [
        pytest.param(BEFORE, ("delivered", NOTHING), id="as-before"),
        pytest.param(texts("factor", "local-code"), ("delivered", NOTHING), id="same-result"),
        pytest.param(site_row("2345-7"), ("delivered", DIFFERS, NEW), id="another-code"),
        pytest.param(texts(), ("delivered", DIFFERS, WITHHELD), id="no-row-any-more"),
        pytest.param(texts("local-code", "final-is-corrected"), ("delivered", DIFFERS, CORRECTION), id="corrected"),
    ],
)
def test_delivered_result_is_compared_with_what_the_tables_say_now(
    ledger: Ledger, after: TableTexts, said: tuple[str, ...]
) -> None:
    """Another table is no correction by itself; another code is a new result beside the old one."""
    deliver(ledger)

    assert words(ledger, after)["OBX[1]"] == said


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        pytest.param("unknown", ("unknown", NOTHING), id="unknown"),
        pytest.param("refused", ("rejected", NOTHING), id="refused"),
    ],
)
def test_result_that_is_not_surely_delivered_is_named_by_its_state(
    ledger: Ledger, outcome: str, said: tuple[str, ...]
) -> None:
    """Only what is delivered can differ from what the tables say."""
    deliver(ledger, outcome=outcome)

    assert words(ledger, BEFORE)["OBX[2]"] == said


def test_held_result_that_other_tables_free_would_be_new(ledger: Ledger) -> None:
    """What waits for a row is sent when the row is there."""
    outcome = translated(texts())
    ledger.accept([Arrival(outcome, RAW)], POLICIES)

    said = ledger.deliveries().words(outcome, translated(BEFORE), ["OBX[1]"])

    assert said == {"OBX[1]": ("held", NEW)}


def test_preliminary_after_a_final_would_be_held(ledger: Ledger) -> None:
    """P8 holds what a table makes of it, as it would anything else."""

    def edit(files: Files, site: Files) -> None:
        replaced(STATUSES, "F,final,send,final", "F,final,send,preliminary", files)
        replaced("hl7v2/0123-report-status.csv", "send,final", "send,preliminary", files)
        written(OBSERVATIONS, "system,code,same_as\nL,ZZ9,2093-3\n", site)

    deliver(ledger)

    assert words(ledger, edited(edit)) == dict.fromkeys(("OBX[1]", "OBX[2]"), ("delivered", DIFFERS, HELD))


def test_result_that_another_message_brought_counts(ledger: Ledger) -> None:
    """The vendor knows a result by service request and code, whichever message brought it."""
    deliver(ledger, oru([Obx(LOCAL, "184")], control_id="OTHER"))

    assert words(ledger, texts())["OBX[1]"] == ("delivered", DIFFERS, WITHHELD)


def test_message_that_came_twice_is_known_by_what_was_sent(ledger: Ledger) -> None:
    """Its repeat was a duplicate, which says nothing of the delivery."""
    deliver(ledger)
    deliver(ledger)

    assert words(ledger, BEFORE)["OBX[1]"] == ("delivered", NOTHING)


def test_message_that_was_pruned_is_known_still(ledger: Ledger, clock: Clock) -> None:
    """Only hashes are left of it; what was delivered is taken for what differs."""
    deliver(ledger)
    clock.move(10_000_000)
    ledger.storage().prune(1, lambda _done, _all: None)

    assert words(ledger, BEFORE)["OBX[1]"] == ("delivered", DIFFERS, NOTHING)


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(RAW, id="nothing-taken-in"),
        pytest.param(oru([Obx(GLUCOSE, "9")], request=""), id="no-service-request"),
    ],
)
def test_nothing_is_said_of_what_the_ledger_does_not_know(ledger: Ledger, raw: bytes) -> None:
    """A lane that is not there has delivered nothing."""
    assert words(ledger, texts(), raw) == {}


def test_looking_changes_nothing(ledger: Ledger, place: str) -> None:
    """A ledger that was only opened to look cannot be written, and sees what is there."""
    deliver(ledger)

    with Ledger.look(place) as looked:
        assert words(looked, texts())["OBX[1]"] == ("delivered", DIFFERS, WITHHELD)
        with pytest.raises(LedgerError, match="cannot be written"):
            looked.accept([Arrival(translated(BEFORE), RAW)], POLICIES)


@sqlite_only
def test_looking_creates_nothing(path: Path) -> None:
    """There is no ledger afterwards where there was none."""
    with pytest.raises((ConfigError, LedgerError)):
        Ledger.look(path)

    assert not path.exists()


@sqlite_only
def test_looking_upgrades_nothing(ledger: Ledger, path: Path, tamper: object) -> None:
    """The ledger of an older version is refused with the way to upgrade it."""
    deliver(ledger)
    tamper("UPDATE alembic_version SET version_num = '0008'")  # type: ignore[operator]
    before = sorted(path.parent.iterdir())

    with pytest.raises(LedgerError, match="older version"):
        Ledger.look(path)

    assert sorted(path.parent.iterdir()) == before


@sqlite_only
def test_file_without_tables_is_no_ledger(path: Path) -> None:
    """Somebody named the wrong one."""
    path.touch()

    with pytest.raises(ConfigError, match="no ledger"):
        Ledger.look(path)
