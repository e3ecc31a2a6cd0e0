"""What an intake tells of a message: what was made of it, its commit, and how it was answered."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab_messages import HDL, LDL, LOCAL, Obx, oru, service_request
from tests.ledger.arrivals import POLICIES
from tests.tracing.recorder import Recorder
from translator.config import parse_settings
from translator.errors import LedgerError
from translator.filing import take_file
from translator.intake import Brought, Intake, Tables
from translator.ledger import Ledger
from translator.sites import Sites
from translator.tracing import SERVER
from translator.tracing.taking import Commit, begin_receipt

TABLES = Tables(Sites.load(parse_settings("")), POLICIES)


@pytest.fixture
def recorder() -> Recorder:
    """Keep what is told."""
    return Recorder()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Open a new ledger."""
    with Ledger.open(tmp_path / "lab.db") as opened:
        yield opened


def message(number: int = 1, *more: Obx) -> bytes:
    """Write a report."""
    return oru([Obx(HDL, "55"), *more], request=service_request(number), control_id=f"C{number}")


def test_message_is_told_of_from_its_frame_to_the_disk(ledger: Ledger, recorder: Recorder) -> None:
    """Counts, states and codes, the number that it got, and its control id as the ledger's own hash."""
    with Intake(ledger, TABLES, recorder) as intake:
        taken = intake.take(Brought(message(1, Obx(LOCAL, "7"), Obx(LDL, "9")), "stream")).result()

    (translated,), (commit,), (receipt,) = (recorder.named(name) for name in ("translate", "commit", "receive stream"))
    assert (translated.parent, commit.parent, receipt.parent) == (receipt.own, receipt.own, "")
    assert receipt.began <= translated.began <= translated.ended <= commit.began <= commit.ended <= receipt.ended
    assert {
        "translator.entries.total": 3,
        "translator.entries.translated": 2,
        "translator.entries.held": 1,
        "translator.reasons": ["unmapped-code"],
        "translator.format": "hl7v2",
    }.items() <= translated.told.items()
    assert commit.told == {
        "translator.message": taken.id,
        "translator.commit.messages": 1,
        "translator.control_id": ledger.hashed("control_id", "C1"),
    }
    assert receipt.told == {
        "translator.intake": "stream",
        "translator.message": taken.id,
        "translator.state": "translated",
    }
    assert ledger.trace_contexts([taken.id]) == {taken.id: receipt.own}


def test_messages_of_one_commit_are_told_of_one_by_one(ledger: Ledger, recorder: Recorder) -> None:
    """Each in its own trace, with the times of the commit that they share."""
    with Intake(ledger, TABLES, recorder) as intake:
        answers = [intake.take(Brought(message(number), "stream")) for number in range(20)]
        numbers = [answer.result().id for answer in answers]

    commits = recorder.named("commit")
    shared = {(one.began, one.ended): one.told["translator.commit.messages"] for one in commits}
    assert sorted(one.told["translator.message"] for one in commits) == numbers
    assert sum(shared.values()) == 20
    assert len({one.parent for one in commits}) == 20


def test_message_that_comes_again_is_told_as_such(ledger: Ledger, recorder: Recorder) -> None:
    """It is neither translated nor kept, and its deliveries belong to the first one."""
    with Intake(ledger, TABLES, recorder) as intake:
        for _ in range(2):
            intake.take(Brought(message(), "stream", key="A")).result()

    first, again = recorder.named("receive stream")
    assert [one.told.get("translator.repeat") for one in (first, again)] == [None, True]
    assert again.told["translator.message"] == first.told["translator.message"]
    assert [one.parent for one in (*recorder.named("translate"), *recorder.named("commit"))] == [first.own] * 2


def test_span_of_an_intake_is_ended_by_that_intake(ledger: Ledger, recorder: Recorder) -> None:
    """Who began to tell of a message knows when it is answered."""
    span = recorder.begin("receive mllp", SERVER, recorder.now())
    with Intake(ledger, TABLES, recorder) as intake:
        intake.take(Brought(message(), "mllp", span=span)).result()

    assert recorder.named("receive mllp") == []
    assert [one.parent for one in recorder.heard] == [span.context] * 2


def test_message_that_is_not_kept_is_an_error(recorder: Recorder) -> None:
    """The commit failed, and so did the receipt."""

    def refuse() -> list[int]:
        raise LedgerError("no")

    span = begin_receipt(recorder, "stream")
    outcome = TABLES.sites.default.translate(message())

    with pytest.raises(LedgerError):
        Commit(recorder, [span], [outcome], lambda *_: "").keep(refuse)

    assert [(one.name, one.error) for one in recorder.heard] == [("commit", "not-kept")]


def test_every_message_of_a_file_has_a_trace(ledger: Ledger, recorder: Recorder, tmp_path: Path) -> None:
    """And the file has no name in any of them."""
    path = tmp_path / "MARK.hl7"
    path.write_bytes(message(0) + message(1) + message(1))

    take_file(ledger, TABLES, "", path, path.name, hashlib.sha256(b"").hexdigest(), tracer=recorder)

    receipts = recorder.named("receive folder")
    assert {one.told["translator.message"]: one.told["translator.state"] for one in receipts} == {
        1: "translated",
        2: "translated",
        3: "duplicate",
    }
    assert {one.parent for one in recorder.named("translate")} == {one.own for one in receipts}
    assert ledger.trace_contexts([1, 2, 3]) == {one.told["translator.message"]: one.own for one in receipts}
    assert "MARK" not in str(recorder.heard)


def test_file_that_is_not_kept_is_an_error_of_each_of_its_messages(
    ledger: Ledger, recorder: Recorder, tmp_path: Path
) -> None:
    """It is taken up again, under other traces."""
    path = tmp_path / "one.hl7"
    path.write_bytes(message(1) + message(2))

    class Full(Ledger):
        """A ledger that keeps nothing."""

        def accept(self, *_: object, **__: object) -> list[int]:
            raise LedgerError("full")

    full = Full(ledger._database, ledger._vault, ledger.now)

    with pytest.raises(LedgerError, match="full"):
        take_file(full, TABLES, "", path, path.name, "key", tracer=recorder)

    assert [one.error for one in recorder.named("receive folder")] == ["not-kept"] * 2
