"""The workflow status that follows results, and results that are replaced before they are sent."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.ledger.arrivals import LANES, arrival, report
from tests.ledger.test_decisions import with_accounts
from translator.ledger import Arrival, Claim, DestinationPolicy, Ledger, Settlement
from translator.record.outcome import Entry, ReportAccount, Submission
from translator.translate.workflow import Workflow

LIPIDS = Workflow({"LIPIDS": frozenset({"HDL", "LDL"})})
POLICIES = {"whoop": DestinationPolicy(loopback=True, workflow=LIPIDS)}
PLAIN = {"whoop": DestinationPolicy(loopback=True)}


def at(hour: int) -> str:
    """Write an hour as the sender's time."""
    return f"20260101{hour:02}0000.000000"


def panel(values: dict[str, str], **more: Any) -> Submission:
    """Make a report of the listed panel."""
    made = report(values, **more)
    values_ = {name: getattr(made, name) for name in made.__struct_fields__}
    return Submission(**values_ | {"panel": "LIPIDS"})


def not_obtained(code: str, status: str = "final") -> Arrival:
    """Make a report of which the only result could not be obtained."""
    entry = Entry("OBX[1]", "ignored", "not-obtained")
    account = ReportAccount("whoop", LANES[0], status, "", 0, 1, (code,))
    return with_accounts(arrival(others=[entry], raw=code.encode()), account)


def accept(ledger: Ledger, *messages: Submission | Arrival) -> None:
    """Accept messages one after the other, each in its own transaction."""
    for number, message in enumerate(messages):
        made = message if isinstance(message, Arrival) else arrival(message, raw=f"{number}{message}".encode())
        ledger.accept([made], POLICIES)


def delivered(ledger: Ledger) -> list[str]:
    """Deliver everything that is due, and say what was sent: codes of results, or a status."""
    sent = []
    while claim := ledger.claim("whoop"):
        ledger.settle(claim, Settlement("accepted", "201"))
        sent.append(told(claim))
    assert ledger.verify() == []
    return sent


def told(claim: Claim) -> str:
    """Say what a claim sends."""
    body = json.loads(claim.body)
    codes = "+".join(observation["code"] for observation in body.get("observations", []))
    return body.get("task_business_status") or f"{body['status']}:{codes}"


@pytest.mark.parametrize(
    ("messages", "sent"),
    [
        pytest.param([report({"HDL": "5"})], ["final:HDL", "FULL_RESULTS_READY"], id="final"),
        pytest.param([report({"HDL": "5"}, status="partial")], ["partial:HDL", "PARTIAL_RESULTS_READY"], id="partial"),
        pytest.param(
            [report({"HDL": "5"}, status="partial"), report({"LDL": "9"}, at=at(9))],
            ["partial:HDL", "final:LDL", "FULL_RESULTS_READY"],
            id="partial-is-skipped-when-full-is-queued",
        ),
        pytest.param([panel({"HDL": "5"})], ["final:HDL", "PARTIAL_RESULTS_READY"], id="panel-is-not-complete"),
        pytest.param(
            [panel({"HDL": "5"}), panel({"LDL": "9"}, at=at(9))],
            ["final:HDL", "final:LDL", "FULL_RESULTS_READY"],
            id="panel-in-two-final-reports",
        ),
        pytest.param(
            [report({}, status="cancelled")], ["cancelled:", "RESULTS_ISSUE"], id="cancelled-before-any-result"
        ),
        pytest.param([not_obtained("HDL")], ["RESULTS_ISSUE"], id="nothing-could-be-obtained"),
        pytest.param([not_obtained("L|ZZ9")], [], id="what-is-none-of-the-vendors-codes-could-not-be-obtained"),
        pytest.param(
            [not_obtained("L|ZZ9", "partial"), report({"HDL": "5"})],
            ["final:HDL", "FULL_RESULTS_READY"],
            id="what-is-none-of-the-vendors-codes-is-not-missed",
        ),
        pytest.param([not_obtained("HDL", "partial")], [], id="one-not-obtained-and-more-to-come"),
        pytest.param(
            [not_obtained("HDL", "partial"), report({"LDL": "9"})],
            ["final:LDL", "RESULTS_ISSUE"],
            id="one-not-obtained-earlier",
        ),
        pytest.param(
            [not_obtained("HDL", "partial"), report({"HDL": "5"})],
            ["final:HDL", "FULL_RESULTS_READY"],
            id="obtained-after-all",
        ),
        pytest.param(
            [report({"HDL": "5"}, status="partial"), report({"HDL": "5"}, at=at(9))],
            ["partial:HDL", "FULL_RESULTS_READY"],
            id="nothing-new-but-final",
        ),
    ],
)
def test_status_follows_what_is_sent(ledger: Ledger, messages: list[Any], sent: list[str]) -> None:
    """The status comes behind the results that it speaks of, in the same lane."""
    accept(ledger, *messages)

    assert delivered(ledger) == sent


def test_status_of_full_is_the_last(ledger: Ledger) -> None:
    """After FULL_RESULTS_READY a correction is sent, and no status any more."""
    accept(ledger, report({"HDL": "5"}))
    first = delivered(ledger)
    accept(ledger, report({"HDL": "6"}, status="corrected", each="corrected", at=at(9)))

    assert (first[-1], delivered(ledger)) == ("FULL_RESULTS_READY", ["corrected:HDL"])


def test_status_is_partial_once(ledger: Ledger) -> None:
    """Further parts of a panel need no further status until it is complete."""
    accept(ledger, report({"HDL": "5"}, status="partial"))
    first = delivered(ledger)
    accept(ledger, report({"LDL": "9"}, status="partial", at=at(9)))

    assert (first, delivered(ledger)) == (["partial:HDL", "PARTIAL_RESULTS_READY"], ["partial:LDL"])


def test_status_waits_for_its_results(ledger: Ledger) -> None:
    """While the results are undecided, nobody is told that they are there."""
    accept(ledger, report({"HDL": "5"}))
    claim = ledger.claim("whoop")
    assert claim is not None
    ledger.settle(claim, Settlement("unknown", "read-timeout"))

    assert ledger.claim("whoop") is None


def test_status_is_kept_only_where_it_is_wanted(ledger: Ledger) -> None:
    """A destination without a workflow is sent results alone."""
    ledger.accept([arrival(report({"HDL": "5"}))], PLAIN)

    assert delivered(ledger) == ["final:HDL"]


def test_status_stands_apart_from_submissions(ledger: Ledger) -> None:
    """The account of a message shows what was submitted and, beside it, what was told."""
    accept(ledger, report({"HDL": "5"}))

    view = ledger.show(1)

    assert ([one.position for one in view.submissions], [one.position for one in view.statuses]) == ([1], [2])
    assert json.loads(bytes(view.statuses[0].body)) == {"task_business_status": "FULL_RESULTS_READY"}
    assert (ledger.balance().submissions, ledger.balance().statuses) == ({"queued": 1}, {"queued": 1})


def busy(ledger: Ledger) -> None:
    """Make the lane busy: an attempt of its first result is under way."""
    accept(ledger, report({"TSH": "2"}, status="partial"))
    assert ledger.claim("whoop") is not None


def test_newer_version_replaces_what_waits(ledger: Ledger) -> None:
    """While the lane is busy, only the newest version is sent; the older one is accounted for."""
    busy(ledger)
    accept(ledger, report({"HDL": "4.1"}, at=at(9)))
    accept(ledger, report({"HDL": "4.2"}, status="corrected", each="corrected", at=at(10)))

    assert [(entry.state, entry.reason) for entry in ledger.show(2).entries] == [("superseded", "superseded")]
    assert ledger.show(2).state == "superseded"
    assert [one.state for one in ledger.show(2).statuses] == ["superseded"]
    ledger.recover("whoop")
    with ledger.desk().session(rehearses=False) as session:
        session.decide(1, _accepting())
    assert delivered(ledger) == ["corrected:HDL", "FULL_RESULTS_READY"]


def _accepting() -> Any:
    from translator.ledger import Decision  # noqa: PLC0415 - only here

    return Decision("accept", "somebody", "asked")


def test_version_that_says_more_stays(ledger: Ledger) -> None:
    """What the newer message does not repeat must still be sent."""
    busy(ledger)
    accept(ledger, report({"HDL": "4.1", "LDL": "9"}, at=at(9)))
    accept(ledger, report({"HDL": "4.2"}, status="corrected", each="corrected", at=at(10)))

    assert ledger.balance().by_state == {"queued": 4}


def test_version_that_could_leave_at_once_stays(ledger: Ledger) -> None:
    """P3: a lane that is not busy sends every version, in its order."""
    accept(ledger, report({"HDL": "4.1"}, status="partial", each="preliminary", at=at(9)))
    accept(ledger, report({"HDL": "4.1"}, at=at(10)))

    assert delivered(ledger) == ["partial:HDL", "final:HDL", "FULL_RESULTS_READY"]


def test_superseded_version_is_known_again(ledger: Ledger) -> None:
    """The replaced message, sent once more, is a duplicate and no silent change."""
    busy(ledger)
    older = report({"HDL": "4.1"}, at=at(9))
    accept(ledger, older)
    accept(ledger, report({"HDL": "4.2"}, status="corrected", each="corrected", at=at(10)))
    accept(ledger, older)

    assert [(entry.state, entry.reason) for entry in ledger.show(4).entries] == [("duplicate", "")]


def test_full_resubmission_repeats_the_report(ledger: Ledger) -> None:
    """`resubmit = "full"` sends all of a report in which something is new."""
    policies = {"whoop": DestinationPolicy(loopback=True, in_full=True)}
    ledger.accept([arrival(report({"HDL": "5", "LDL": "9"}), raw=b"1")], policies)
    delivered(ledger)
    again = report({"HDL": "5", "LDL": "9", "TSH": "2"}, at=at(10))
    ledger.accept([arrival(again, raw=b"2")], policies)

    assert delivered(ledger) == ["final:HDL+LDL+TSH"]
    assert ledger.balance().by_state == {"delivered": 5}
