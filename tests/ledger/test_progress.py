"""How far messages, submissions and lanes are, as programs are told."""

from __future__ import annotations

import msgspec
import pytest

from tests.ledger.arrivals import LANES, POLICIES, arrival, report
from translator.ledger import Ledger, Settlement
from translator.record.outcome import Entry

VALUE = "55.4321"


def settle(ledger: Ledger, outcome: str, answer: str) -> None:
    """Let an attempt of the first lane end."""
    claim = ledger.claim("whoop")
    assert claim is not None
    ledger.settle(claim, Settlement(outcome, answer))


def test_progress_has_no_value_and_no_patient(ledger: Ledger) -> None:
    """Whoever may read it learns nothing of a person; the numbers lead from one to the next."""
    ledger.accept([arrival(report({"HDL": VALUE}, patient=("MARKPATIENT", "19840312")))], POLICIES)
    progress = ledger.progress()

    message = progress.message(1)
    assert message is not None
    (sent,) = message.submissions
    shown = msgspec.json.encode([message, progress.submission(sent.submission), progress.lane(sent.lane)])

    assert [mark for mark in (VALUE, "MARKPATIENT", "19840312", "invented.hl7") if mark.encode() in shown] == []
    assert (sent.message, message.entries[0].submission, message.entries[0].observation) == (1, sent.submission, 0)


@pytest.mark.parametrize(
    ("attempts", "message", "lane"),
    [
        pytest.param([], "queued", ("queued", 1), id="queued"),
        pytest.param([("retry", "503")], "queued", ("queued", 1), id="retried"),
        pytest.param([("accepted", "201")], "delivered", ("done", 0), id="delivered"),
        pytest.param([("refused", "422")], "rejected", ("rejected", 1), id="rejected"),
        pytest.param([("retry", "503"), ("unknown", "500")], "unknown", ("unknown", 1), id="unknown"),
    ],
)
def test_state_is_that_of_what_needs_somebody(
    ledger: Ledger, attempts: list[tuple[str, str]], message: str, lane: tuple[str, int]
) -> None:
    """Of a message and of its lane, with every attempt and its answer."""
    ledger.accept([arrival(report({"HDL": "55"}))], POLICIES)
    for attempt in attempts:
        settle(ledger, *attempt)

    told, its_lane = ledger.progress().message(1), ledger.progress().lane(1)

    assert told is not None
    assert its_lane is not None
    assert (told.state, told.submissions[0].state, told.entries[0].state) == (message,) * 3
    assert (its_lane.state, its_lane.unfinished) == lane
    assert [(each.outcome, each.answer) for each in told.submissions[0].attempts] == attempts


def test_held_message_has_a_reason_and_an_empty_lane(ledger: Ledger) -> None:
    """Nothing was ever sent on it."""
    ledger.accept([arrival(report({"HDL": "55"}, unconfirmed=("HDL",)))], {})

    told = ledger.progress().message(1)
    lane = ledger.progress().find_lane("whoop", [LANES[0]])

    assert told is not None
    assert lane is not None
    assert (told.state, told.entries[0].cause, told.submissions) == ("held", "code-unconfirmed", ())
    assert (lane.state, lane.unfinished, lane.submissions) == ("empty", 0, ())


def test_lane_lists_its_submissions_in_their_order(ledger: Ledger) -> None:
    """The first unfinished one says how it is, whatever waits behind it."""
    for number, value in enumerate(("55", "56", "57")):
        corrected = report({"HDL": value}, each="corrected", status="corrected", at=f"2026010{number + 1}080000.000000")
        ledger.accept([arrival(corrected)], POLICIES)
        if number == 0:
            settle(ledger, "refused", "422")

    lane = ledger.progress().lane(1)

    assert lane is not None
    assert [step.position for step in lane.submissions] == sorted(step.position for step in lane.submissions)
    assert (lane.submissions[0].state, lane.state) == ("rejected", "rejected")
    assert [step.message for step in lane.submissions][-1] == 3


def test_what_is_not_there_is_nothing(ledger: Ledger) -> None:
    """Numbers of nobody, a service request of nobody, and the largest number that a database counts to."""
    progress = ledger.progress()

    assert [progress.message(9), progress.submission(9), progress.lane(2**63 - 1)] == [None] * 3
    assert progress.find_lane("whoop", ["nobody"]) is None


def test_site_is_named_without_its_folder(ledger: Ledger) -> None:
    """Where the tables lie on this machine is nobody's business."""
    one = msgspec.structs.replace(arrival(others=[Entry("OBX[1]", "ignored", "table")]), site="/srv/tables/acme")
    ledger.accept([one], POLICIES)

    told = ledger.progress().message(1)

    assert told is not None
    assert told.site == "acme"
