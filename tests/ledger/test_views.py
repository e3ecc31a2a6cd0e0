"""What the ledger shows of itself."""

from __future__ import annotations

import json

import pytest
from msgspec import structs

from tests.ledger.arrivals import LANES, POLICIES, arrival, report
from translator.errors import LedgerError
from translator.ledger import Ledger, Settlement
from translator.record.outcome import Entry, Original


@pytest.fixture
def used(ledger: Ledger) -> Ledger:
    """Fill a ledger: one message delivered after a retry, one held."""
    ledger.accept(
        [arrival(report({"HDL": "55"})), arrival(others=[Entry("OBX[1]", "held", "unmapped-code")])], POLICIES
    )
    for outcome, answer in (("retry", "503"), ("accepted", "201")):
        claim = ledger.claim("whoop")
        assert claim is not None
        ledger.settle(claim, Settlement(outcome, answer))
    return ledger


def test_show_prints_the_line_of_translate_with_the_states_of_the_ledger(used: Ledger) -> None:
    """The same shape as `translate`: schema, source, submissions with their bodies, entries with their places."""
    line = json.loads(used.show(1).json)

    assert line["schema"] == "translator.outcome/1"
    assert line["source"]["file"] == "invented.hl7"
    assert line["submissions"][0]["service_request_id"] == LANES[0]
    assert line["submissions"][0]["body"]["observations"][0]["code"] == "HDL"
    assert line["entries"] == [
        {
            "at": "OBX[1]",
            "state": "delivered",
            "submission": 0,
            "observation": 0,
            "table": "whoop/observations.csv:2",
            "code": "HDL",
        }
    ]


def test_show_lists_every_attempt(used: Ledger) -> None:
    """Each POST with its outcome and answer, in order."""
    (submission,) = used.show(1).submissions

    assert [(attempt.outcome, attempt.answer) for attempt in submission.attempts] == [
        ("retry", "503"),
        ("accepted", "201"),
    ]


def test_show_keeps_empty_lists(used: Ledger) -> None:
    """A reader of the lines finds the keys of the contract even where there is nothing in them."""
    assert json.loads(used.show(2).json)["submissions"] == []


def test_show_keeps_the_value_before_its_conversion(ledger: Ledger) -> None:
    """What the lab wrote is still there."""
    message = arrival(report({"HDL": "55"}))
    (entry,) = message.outcome.entries
    outcome = structs.replace(message.outcome, entries=(structs.replace(entry, original=Original("1.42", "mmol/L")),))
    ledger.accept([structs.replace(message, outcome=outcome)], POLICIES)

    assert ledger.show(1).entries[0].original == Original("1.42", "mmol/L")


def test_show_of_nothing_says_so(used: Ledger) -> None:
    """A number that is not there is an error, not an empty answer."""
    with pytest.raises(LedgerError, match="no message 3"):
        used.show(3)


@pytest.mark.parametrize(
    ("state", "limit", "listed"),
    [
        pytest.param("", None, [1, 2], id="all-oldest-first"),
        pytest.param("", 1, [2], id="newest"),
        pytest.param("held", None, [2], id="by-state-of-the-message"),
        pytest.param("delivered", None, [1], id="by-state-of-an-entry"),
        pytest.param("refused", None, [], id="none"),
    ],
)
def test_messages_are_listed(used: Ledger, state: str, limit: int | None, listed: list[int]) -> None:
    """All, the newest, or those in a state."""
    assert [row.message for row in used.messages(state=state, limit=limit)] == listed


def test_messages_count_their_entries(used: Ledger) -> None:
    """A list shows at a glance where each message stands."""
    assert [row.entries for row in used.messages()] == [{"delivered": 1}, {"held": 1}]


def test_balance_tells_reasons(used: Ledger) -> None:
    """The sum, and why what is held is held."""
    balance = used.balance()

    assert [(line.state, line.reason, line.count) for line in balance.lines] == [
        ("delivered", "", 1),
        ("held", "unmapped-code", 1),
    ]
    assert balance.submissions == {"delivered": 1}


def test_balance_of_many_messages_needs_no_long_statement(used: Ledger) -> None:
    """More messages may be named than a statement takes parameters."""
    assert used.balance(range(1, 70_000)).entries == 2
