"""What of an outcome is compared, and in which words it is told."""

from __future__ import annotations

import pytest
from msgspec import structs

from translator.plan.results import Difference, Result, Shown, difference, differences, is_same, results
from translator.record.outcome import (
    Diagnostic,
    Entry,
    OrderPayload,
    Outcome,
    Payload,
    PayloadObservation,
    Source,
    Submission,
)

LANE, OTHER = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"
HDL = PayloadObservation("HDL", value_numeric=55, unit="mg/dL", status="final")
SENT = Submission("whoop", LANE, Payload("final", (HDL,)))
OUTCOME = Outcome(
    Source(0, "lab.hl7"),
    "translated",
    submissions=(SENT,),
    entries=(
        Entry("OBX[1]", "translated", submission=0, observation=0, table="whoop/observations.csv:2"),
        Entry("OBX[2]", "held", "unmapped-code"),
    ),
)


def sending(observation: PayloadObservation, lane: str = LANE, status: str = "final", **more: object) -> Outcome:
    """Give the outcome with another submission."""
    sent = structs.replace(SENT, payload=Payload(status, (observation,)), service_request_id=lane, **more)
    return structs.replace(OUTCOME, submissions=(sent,))


ORDER = Outcome(
    Source(0, "order.hl7"),
    "translated",
    submissions=(Submission("acurable", "REF-1", OrderPayload({"reference": "REF-1"}), kind="order"),),
    entries=(Entry("ORC[1]", "translated", submission=0),),
)


@pytest.mark.parametrize(
    ("after", "before_words", "after_words"),
    [
        pytest.param(
            sending(structs.replace(HDL, value_numeric=56)),
            "translated HDL mg/dL final", "translated HDL mg/dL final; another value", id="value",
        ),
        pytest.param(
            sending(structs.replace(HDL, value_numeric=None, value_text="<60")),
            "translated HDL mg/dL final", "translated HDL mg/dL final; another value", id="text",
        ),
        pytest.param(
            sending(structs.replace(HDL, unit=None, status=None)),
            "translated HDL mg/dL final", "translated HDL", id="unit-and-status",
        ),
        pytest.param(
            sending(HDL, unconfirmed=("HDL",)),
            "translated HDL mg/dL final", "translated HDL mg/dL final unconfirmed", id="unconfirmed",
        ),
        pytest.param(
            structs.replace(OUTCOME, entries=(Entry("OBX[1]", "held", "report-held", "retraction"),)),
            "translated HDL mg/dL final", "held report-held (retraction)", id="held",
        ),
    ],
)  # fmt: skip
def test_difference_of_a_value_is_told(after: Outcome, before_words: str, after_words: str) -> None:
    """Codes, units and states are named; of a value only that it is another."""
    assert not is_same(OUTCOME, after)

    found = differences(results(OUTCOME), results(after))

    told = [
        (how.before_words, how.after_words) for (kind, at), how in found.items() if (kind, at) == ("value", "OBX[1]")
    ]
    assert told == [(before_words, after_words)]


def test_other_service_request_is_told_without_naming_it() -> None:
    """The value goes elsewhere; one report is gone, and one is new."""
    found = differences(results(OUTCOME), results(sending(HDL, OTHER)))

    assert {subject: how.after_words for subject, how in found.items()} == {
        ("value", "OBX[1]"): "translated HDL mg/dL final; another service request",
        ("report", LANE): "nothing",
        ("report", OTHER): "submitted final",
    }


def test_status_of_a_report_is_compared() -> None:
    """A report that is partial now differs, though its values do not."""
    after = sending(HDL, status="partial")

    (how,) = differences(results(OUTCOME), results(after)).values()

    assert not is_same(OUTCOME, after)
    assert (how.kind, how.before_words, how.after_words) == ("report", "submitted final", "submitted partial")


def test_body_of_an_order_is_compared_whole() -> None:
    """An order has no observations; its body is its value."""
    sent = structs.replace(ORDER.submissions[0], payload=OrderPayload({"reference": "REF-1", "nights": 2}))
    after = structs.replace(ORDER, submissions=(sent,))

    (how,) = differences(results(ORDER), results(after)).values()

    assert (how.kind, how.after_words) == ("value", "translated order; another value")


def test_message_without_entries_is_compared_as_a_whole() -> None:
    """Its state and its first error are what became of it."""
    found = (Diagnostic("unit-respelled", "info"), Diagnostic("not-production", "error"))
    before = Outcome(Source(0), "refused", diagnostics=found)
    after = Outcome(Source(0), "held", diagnostics=(Diagnostic("no-results", "error"),))

    (how,) = differences(results(before), results(after)).values()

    assert (how.kind, how.before_words, how.after_words) == ("message", "refused not-production", "held no-results")
    assert difference(("message", ""), Result(Shown("ignored")), Result(Shown("ignored"))) is None
    assert results(Outcome(Source(0), "ignored")) == {("message", ""): Result(Shown("ignored"))}


@pytest.mark.parametrize(
    ("after", "same"),
    [
        pytest.param(structs.replace(OUTCOME), True, id="equal"),
        pytest.param(
            structs.replace(OUTCOME, entries=tuple(structs.replace(e, table="x.csv:99") for e in OUTCOME.entries)),
            True, id="row-moved",
        ),
        pytest.param(structs.replace(OUTCOME, state="held"), False, id="state"),
        pytest.param(structs.replace(OUTCOME, submissions=()), False, id="no-submission"),
        pytest.param(structs.replace(OUTCOME, entries=OUTCOME.entries[:1]), False, id="fewer-entries"),
        pytest.param(sending(HDL, OTHER), False, id="service-request"),
        pytest.param(sending(HDL, kind="order"), False, id="kind"),
        pytest.param(sending(HDL, destination="acurable"), False, id="destination"),
    ],
)  # fmt: skip
def test_equal_outcomes_are_told_at_a_glance(after: Outcome, same: bool) -> None:  # noqa: FBT001 - a case
    """Lines of tables do not count."""
    assert is_same(OUTCOME, after) == same


def test_message_without_entries_is_never_the_same_at_a_glance() -> None:
    """What became of it stands in its diagnostics."""
    assert not is_same(Outcome(Source(0), "refused"), Outcome(Source(0), "refused"))


def test_difference_to_nothing_is_told() -> None:
    """What is not there is nothing, on either side."""
    how = Difference("value", None, Shown("held", "unmapped-code"), ("state",))

    assert (how.before_words, how.after_words) == ("nothing", "held unmapped-code")
    assert Difference("value", Shown("held"), None, ("state",)).after_words == "nothing"
