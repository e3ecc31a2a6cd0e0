"""What people decide: held items released and dropped, blocked submissions resent, accepted and dropped."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest

from tests.ledger.arrivals import LANES, arrival, report
from tests.ledger.conftest import Clock
from translator.errors import ConfigError, LedgerError
from translator.ledger import (
    Arrival,
    Choice,
    Decision,
    DestinationPolicy,
    Ledger,
    Refiled,
    Settlement,
    by_cause,
    live_versions,
)
from translator.record.outcome import Entry, Outcome, ReportAccount
from translator.translate.workflow import Workflow

POLICIES = {"whoop": DestinationPolicy(loopback=True, workflow=Workflow())}
PLAIN = {"whoop": DestinationPolicy(loopback=True)}
RELEASE, DROP = Decision("release", "somebody"), Decision("drop", "somebody", "told by telephone")
UNMAPPED = Entry("OBX[2]", "held", "unmapped-code")


def incomplete(
    lane: str = LANES[0], *, code: str = "L|XYZ", others: Iterable[Entry] = (UNMAPPED,), raw: bytes = b"first"
) -> Arrival:
    """Make a final report of which one observation is held, so that it is sent as partial."""
    made = arrival(report({"HDL": "55"}, lane=lane, status="partial"), others=others, raw=raw)
    subjects = ("", *(code for _ in list(others)))
    account = ReportAccount("whoop", lane, "final", "24331-1", 0, len(subjects), subjects)
    return with_accounts(made, account)


def with_accounts(made: Arrival, *accounts: ReportAccount) -> Arrival:
    """Add what the reports of a message say beside what is sent of them."""
    values = {name: getattr(made.outcome, name) for name in made.outcome.__struct_fields__}
    return Arrival(Outcome(**values | {"accounts": accounts}), made.raw)


def complete(lane: str = LANES[0]) -> Outcome:
    """Translate the same message with a table that knows both codes."""
    return arrival(report({"HDL": "55", "LDL": "120"}, lane=lane)).outcome


def refiled(
    ledger: Ledger, outcome: Outcome, message_id: int = 1, *, choice: Choice | None = None, rehearses: bool = False
) -> Refiled:
    """Take one message up again."""
    with ledger.desk().session(rehearses=rehearses) as session:
        return session.refile(message_id, outcome, POLICIES, choice or Choice(), RELEASE)


def dropped(ledger: Ledger, message_id: int = 1, *, ats: set[str] | None = None, then: str = "") -> None:
    """Drop what is held of one message."""
    with ledger.desk().session(rehearses=False) as session:
        session.conclude(session.drop_held({message_id: ats}, DROP), POLICIES, then)


def decided(ledger: Ledger, deed: str, submission_id: int = 1, then: str = "") -> None:
    """Decide about one blocked submission."""
    with ledger.desk().session(rehearses=False) as session:
        lane = session.decide(submission_id, Decision(deed, "somebody", "asked"))
        if deed == "drop":
            session.conclude([lane], PLAIN, then)


def deliver(ledger: Ledger, outcome: str = "accepted") -> list[dict[str, Any]]:
    """Deliver everything that is due, each attempt with this outcome, and give the bodies."""
    bodies = []
    while claim := ledger.claim("whoop"):
        ledger.settle(claim, Settlement(outcome, "201"))
        bodies.append(json.loads(claim.body))
    assert ledger.verify() == []
    return bodies


def states(ledger: Ledger, message_id: int = 1) -> list[tuple[str, str]]:
    """Give state and reason of every entry."""
    return [(entry.state, entry.reason) for entry in ledger.show(message_id).entries]


def test_one_unmapped_code_is_one_cause(ledger: Ledger) -> None:
    """340 messages that wait for one row of a table are one line to a person."""
    ledger.accept([incomplete(lane, raw=lane.encode()) for lane in LANES[:40]], POLICIES)

    (cause,) = by_cause(ledger.desk().held())

    assert (cause.cause, cause.code, cause.messages, cause.entries) == ("unmapped-code", "L|XYZ", 40, 40)


def test_held_item_names_its_service_request(ledger: Ledger) -> None:
    """What is held though nothing of its report is sent still says whose it is."""
    entry = Entry("OBX[1]", "held", "retraction")
    account = ReportAccount("whoop", LANES[3], "", "", 0, 1, ("HDL",))
    ledger.accept([with_accounts(arrival(others=[entry]), account)], POLICIES)

    (item,) = ledger.desk().held()

    assert (item.id, item.service_request_id, item.reason, item.code) == ("1:OBX[1]", LANES[3], "retraction", "HDL")


def test_held_message_without_entries_is_an_item(ledger: Ledger) -> None:
    """A cancellation after results has no observation, and waits for a person all the same."""
    ledger.accept([arrival(report({"HDL": "55"})), arrival(report({}, status="cancelled"))], POLICIES)

    (item,) = ledger.desk().held()

    assert (item.id, item.reason, item.service_request_id) == ("2", "cancelled-after-results", LANES[0])


def test_held_change_is_shown_beside_what_was_sent(ledger: Ledger) -> None:
    """Both versions of a silent change are there to be compared."""
    ledger.accept([arrival(report({"HDL": "55"}), raw=b"1")], POLICIES)
    ledger.accept([arrival(report({"HDL": "60"}, at="20260102080000.000000"), raw=b"2")], POLICIES)

    known = ledger.desk().versions(LANES[0], "HDL")

    assert [(one.message, one.value, one.unit, one.state) for one in known] == [
        (1, "55", "mg/dL", "queued"),
        (2, "60", "mg/dL", "held"),
    ]
    assert [one.value for one in live_versions(known)] == ["55"]


def test_release_sends_only_what_was_held(ledger: Ledger) -> None:
    """What was delivered before is not sent again, and the report is final now."""
    ledger.accept([incomplete()], POLICIES)
    first = deliver(ledger)

    told = refiled(ledger, complete())

    assert told.freed == ("OBX[2]",)
    second = deliver(ledger)
    assert [body.get("task_business_status") for body in first + second] == [
        None, "PARTIAL_RESULTS_READY", None, "FULL_RESULTS_READY",
    ]  # fmt: skip
    assert second[0] == {
        "status": "final",
        "observations": [{"code": "LDL", "value_text": "120", "unit": "mg/dL", "status": "final"}],
    }
    assert states(ledger) == [("delivered", ""), ("delivered", "")]
    assert ledger.show(1).state == "delivered"


def test_release_happens_once(ledger: Ledger) -> None:
    """Whoever releases second finds nothing left."""
    ledger.accept([incomplete()], POLICIES)
    refiled(ledger, complete())

    told = refiled(ledger, complete())

    assert (told.freed, told.settled, told.bodies) == ((), (), {})
    assert [body["status"] for body in deliver(ledger) if "status" in body] == ["partial", "final"]


def test_release_may_be_rehearsed(ledger: Ledger) -> None:
    """A preview tells what would happen, and nothing has."""
    ledger.accept([incomplete()], POLICIES)

    told = refiled(ledger, complete(), rehearses=True)

    assert told.freed == ("OBX[2]",)
    assert states(ledger)[1] == ("held", "unmapped-code")
    assert ledger.count("whoop") == {"queued": 2}
    assert ledger.show(1).decisions == []


def test_release_leaves_what_does_not_translate(ledger: Ledger) -> None:
    """What is still held tells why it is held now."""
    ledger.accept([incomplete()], POLICIES)
    other = incomplete(others=[Entry("OBX[2]", "held", "unit-unknown")]).outcome

    told = refiled(ledger, other)

    assert told.held == {"OBX[2]": "unit-unknown"}
    assert states(ledger)[1] == ("held", "unit-unknown")


def test_release_settles_what_the_tables_ignore_now(ledger: Ledger) -> None:
    """A row that ignores the code answers the question as well."""
    ledger.accept([incomplete()], POLICIES)
    deliver(ledger)
    ignored = arrival(report({"HDL": "55"}), others=[Entry("OBX[2]", "ignored", "ignored-by-table")]).outcome

    told = refiled(ledger, ignored)

    assert told.settled == ("OBX[2]",)
    assert deliver(ledger) == []


def test_release_asks_p8_again(ledger: Ledger) -> None:
    """What a later message has sent meanwhile is not overtaken by what waited."""
    ledger.accept([incomplete()], POLICIES)
    later = report({"LDL": "130"}, at="20260103080000.000000")
    ledger.accept([arrival(later, raw=b"later")], POLICIES)

    told = refiled(ledger, complete())

    assert told.held == {"OBX[2]": "out-of-order"}


def test_release_finds_what_another_message_sent(ledger: Ledger) -> None:
    """The same result, sent by another message in the meantime, needs nothing more."""
    ledger.accept([incomplete()], POLICIES)
    ledger.accept([arrival(report({"LDL": "120"}, at="20260103080000.000000"), raw=b"later")], POLICIES)

    told = refiled(ledger, complete())

    assert told.settled == ("OBX[2]",)
    assert states(ledger)[1] == ("duplicate", "")


def test_release_of_some_entries_keeps_the_report_partial(ledger: Ledger) -> None:
    """While another observation of the report is held, the report is not final."""
    both = [UNMAPPED, Entry("OBX[3]", "held", "unmapped-code")]
    ledger.accept([incomplete(others=both)], POLICIES)
    deliver(ledger)
    whole = arrival(report({"HDL": "55", "LDL": "120", "TSH": "2"})).outcome

    told = refiled(ledger, whole, choice=Choice(ats=frozenset({"OBX[3]"})))

    assert told.freed == ("OBX[3]",)
    assert [body["status"] for body in deliver(ledger)] == ["partial"]


@pytest.mark.parametrize(
    ("second", "accepted", "freed"),
    [
        pytest.param(report({"HDL": "60"}), "silent-change", ("OBX[1]",), id="silent-change"),
        pytest.param(report({"HDL": "60"}), "patient-changed", (), id="another-reason"),
        pytest.param(
            report({"HDL": "55"}, status="partial", each="preliminary"), "silent-change", (), id="never-a-preliminary"
        ),
    ],
)
def test_release_of_a_change_needs_a_persons_word(
    ledger: Ledger, second: Any, accepted: str, freed: tuple[str, ...]
) -> None:
    """A silent change that a person vouches for is sent as the correction that it is; a downgrade never is."""
    ledger.accept([arrival(report({"HDL": "55"}), raw=b"1"), arrival(second, raw=b"2")], POLICIES)
    deliver(ledger)

    told = refiled(ledger, arrival(second).outcome, 2, choice=Choice(accepted=frozenset({accepted})))

    assert told.freed == freed
    sent = [body for body in deliver(ledger) if "observations" in body]
    assert [(body["status"], body["observations"][0]["status"]) for body in sent] == [("corrected", "corrected")] * len(
        freed
    )


def test_release_of_another_patient_needs_a_persons_word(ledger: Ledger) -> None:
    """Only a person can say that two identifiers mean one person."""
    second = report({"LDL": "120"}, patient=("P2", "19800101"))
    ledger.accept([arrival(report({"HDL": "55"}), raw=b"1"), arrival(second, raw=b"2")], POLICIES)
    assert refiled(ledger, arrival(second).outcome, 2).held == {"OBX[1]": "patient-changed"}

    told = refiled(ledger, arrival(second).outcome, 2, choice=Choice(accepted=frozenset({"patient-changed"})))

    assert told.freed == ("OBX[1]",)


def test_release_waits_for_confirmed_codes(ledger: Ledger) -> None:
    """A report held for its codes is freed whole once they are confirmed, and not before."""
    made = arrival(report({"TSH": "2"}, unconfirmed=("TSH",)))
    ledger.accept([made], {})

    before, after = (
        _with_policy(ledger, made.outcome, DestinationPolicy(frozenset(codes))) for codes in ((), ("TSH",))
    )

    assert (before.held, after.freed) == ({"OBX[1]": "code-unconfirmed"}, ("OBX[1]",))


def _with_policy(ledger: Ledger, outcome: Outcome, policy: DestinationPolicy) -> Refiled:
    with ledger.desk().session(rehearses=False) as session:
        return session.refile(1, outcome, {"whoop": policy}, Choice(), RELEASE)


def test_release_of_a_cancellation_asks_again(ledger: Ledger) -> None:
    """A message without observations is taken up as a whole."""
    ledger.accept([arrival(report({"HDL": "55"})), arrival(report({}, status="cancelled"))], PLAIN)
    decided_first = ledger.claim("whoop")
    assert decided_first is not None
    ledger.settle(decided_first, Settlement("refused", "404"))
    cancelled = arrival(report({}, status="cancelled")).outcome
    assert refiled(ledger, cancelled, 2).held == {"": "cancelled-after-results"}
    decided(ledger, "drop")

    told = refiled(ledger, cancelled, 2)

    assert json.loads(bytes(told.bodies[LANES[0]])) == {"status": "cancelled"}
    assert ledger.show(2).state == "queued"
    assert ledger.verify() == []


def test_release_of_a_cancellation_after_results_needs_a_persons_word(ledger: Ledger) -> None:
    """Only a person can say that an order is cancelled although the vendor has results of it."""
    ledger.accept([arrival(report({"HDL": "55"})), arrival(report({}, status="cancelled"))], PLAIN)
    cancelled = arrival(report({}, status="cancelled")).outcome

    told = refiled(ledger, cancelled, 2, choice=Choice(accepted=frozenset({"cancelled-after-results"})))

    assert list(told.bodies) == [LANES[0]]
    assert [body["status"] for body in deliver(ledger) if "status" in body] == ["final", "cancelled"]


def test_release_of_what_is_read_otherwise_now_is_refused(ledger: Ledger) -> None:
    """A message whose entries are no longer those that came in cannot be matched with them."""
    ledger.accept([incomplete()], POLICIES)

    with pytest.raises(LedgerError, match="read otherwise"):
        refiled(ledger, arrival(report({"HDL": "55"})).outcome)


def test_replay_sends_nothing_that_is_delivered(ledger: Ledger) -> None:
    """P8: a replay of the whole ledger is no news to the vendor."""
    ledger.accept([arrival(report({"HDL": "55"}))], POLICIES)
    deliver(ledger)

    told = refiled(
        ledger, arrival(report({"HDL": "55"})).outcome, choice=Choice(states=frozenset({"duplicate", "dropped"}))
    )

    assert told == Refiled(message=1)
    assert deliver(ledger) == []


def test_replay_takes_up_what_was_dropped(ledger: Ledger) -> None:
    """After a rejected submission is dropped, its message may be sent again with mended tables."""
    ledger.accept([arrival(report({"HDL": "55"}))], PLAIN)
    deliver(ledger, "refused")
    decided(ledger, "drop")

    told = refiled(ledger, arrival(report({"HDL": "55"})).outcome, choice=Choice(states=frozenset({"dropped"})))

    assert told.freed == ("OBX[1]",)
    assert [body["status"] for body in deliver(ledger) if "status" in body] == ["final"]
    assert ledger.balance().by_state == {"delivered": 1}


def test_drop_of_the_last_question_needs_a_choice(ledger: Ledger) -> None:
    """Only a person can say what an order is whose rest is never sent; until then nothing is dropped."""
    ledger.accept([incomplete()], POLICIES)
    deliver(ledger)

    with pytest.raises(ConfigError, match="--then FULL_RESULTS_READY"):
        dropped(ledger)

    assert states(ledger)[1] == ("held", "unmapped-code")


@pytest.mark.parametrize(
    ("then", "body"),
    [
        pytest.param("FULL_RESULTS_READY", {"task_business_status": "FULL_RESULTS_READY"}, id="full"),
        pytest.param(
            "RESULTS_ISSUE",
            {"task_business_status": "RESULTS_ISSUE", "reason": "some results will not be available"},
            id="issue",
        ),
    ],
)
def test_drop_of_the_last_question_says_what_the_order_is(ledger: Ledger, then: str, body: dict[str, str]) -> None:
    """The choice goes out as a status, and no result is posted again."""
    ledger.accept([incomplete()], POLICIES)
    deliver(ledger)

    dropped(ledger, then=then)

    assert deliver(ledger) == [body]
    assert states(ledger)[1] == ("dropped", "unmapped-code")
    (decision,) = ledger.show(1).decisions
    assert (decision.deed, decision.by, decision.reason, decision.entries) == (
        "drop", "somebody", "told by telephone", ("OBX[2]",),
    )  # fmt: skip


def test_drop_of_one_question_leaves_the_others(ledger: Ledger) -> None:
    """While something else is held nobody needs to choose."""
    both = [UNMAPPED, Entry("OBX[3]", "held", "unmapped-code")]
    ledger.accept([incomplete(others=both)], POLICIES)

    dropped(ledger, ats={"OBX[3]"})

    assert [state for state, _ in states(ledger)] == ["queued", "held", "dropped"]


def test_drop_of_a_message_held_whole_ends_it(ledger: Ledger) -> None:
    """Nothing was sent, so nothing needs to be said, and the message waits no more."""
    ledger.accept([arrival(report({"TSH": "2"}, unconfirmed=("TSH",)))], {})

    dropped(ledger)

    assert (ledger.show(1).state, ledger.show(1).reason) == ("ignored", "dropped")
    assert ledger.desk().held() == []


def test_drop_happens_once(ledger: Ledger) -> None:
    """What is not held any more cannot be dropped."""
    ledger.accept([arrival(report({"TSH": "2"}, unconfirmed=("TSH",)))], {})
    dropped(ledger)

    with pytest.raises(LedgerError, match="nothing of message 1"):
        dropped(ledger)


@pytest.mark.parametrize(
    ("outcome", "deed", "state"),
    [
        pytest.param("unknown", "resend", "delivered", id="unknown-resent"),
        pytest.param("unknown", "accept", "delivered", id="unknown-accepted"),
        pytest.param("unknown", "drop", "dropped", id="unknown-dropped"),
        pytest.param("refused", "resend", "delivered", id="rejected-resent"),
        pytest.param("refused", "drop", "dropped", id="rejected-dropped"),
    ],
)
def test_decision_lets_the_lane_go_on(ledger: Ledger, outcome: str, deed: str, state: str) -> None:
    """Whatever is decided, what waited behind is sent next, in order, and the ledger balances."""
    ledger.accept([arrival(report({"HDL": "55"}), raw=b"1"), arrival(report({"LDL": "9"}), raw=b"2")], PLAIN)
    claim = ledger.claim("whoop")
    assert claim is not None
    ledger.settle(claim, Settlement(outcome, "read-timeout"))
    assert ledger.claim("whoop") is None

    decided(ledger, deed)

    codes = [body["observations"][0]["code"] for body in deliver(ledger)]
    assert codes == (["HDL", "LDL"] if deed == "resend" else ["LDL"])
    assert states(ledger) == [(state, "")]
    assert ledger.desk().undecided(["unknown", "rejected"]) == []


def test_resend_keeps_position_and_key(ledger: Ledger) -> None:
    """The vendor may recognise the second attempt by its key."""
    ledger.accept([arrival(report({"HDL": "55"}))], PLAIN)
    first = ledger.claim("whoop")
    assert first is not None
    ledger.settle(first, Settlement("unknown", "read-timeout"))

    decided(ledger, "resend")

    second = ledger.claim("whoop")
    assert second is not None
    assert (second.submission_id, second.idempotency_key) == (first.submission_id, first.idempotency_key)


def test_accept_records_an_attempt(ledger: Ledger) -> None:
    """The account says that a person vouched for the delivery."""
    ledger.accept([arrival(report({"HDL": "55"}))], PLAIN)
    deliver(ledger, "unknown")

    decided(ledger, "accept")

    (submission,) = ledger.show(1).submissions
    assert [(attempt.outcome, attempt.answer) for attempt in submission.attempts] == [
        ("unknown", "201"),
        ("accepted", "by-hand"),
    ]
    assert ledger.verify() == []


@pytest.mark.parametrize(
    ("outcome", "deed"),
    [
        pytest.param("accepted", "resend", id="delivered-is-not-resent"),
        pytest.param("refused", "accept", id="rejected-is-not-accepted"),
        pytest.param("accepted", "drop", id="delivered-is-not-dropped"),
    ],
)
def test_decision_that_would_lie_is_refused(ledger: Ledger, outcome: str, deed: str) -> None:
    """What is settled is not decided again, and a refusal is no acceptance."""
    ledger.accept([arrival(report({"HDL": "55"}))], PLAIN)
    deliver(ledger, outcome)

    with pytest.raises(LedgerError, match="can be decided so"):
        decided(ledger, deed)


def test_decision_about_nothing_is_refused(ledger: Ledger) -> None:
    """A wrong number is named."""
    with pytest.raises(LedgerError, match="no submission 7"):
        decided(ledger, "resend", 7)


def test_drop_takes_back_the_status_that_spoke_of_it(ledger: Ledger) -> None:
    """Without the results FULL_RESULTS_READY would be a lie."""
    ledger.accept([arrival(report({"HDL": "55"}))], POLICIES)
    claim = ledger.claim("whoop")
    assert claim is not None
    ledger.settle(claim, Settlement("refused", "422"))

    decided(ledger, "drop")

    assert deliver(ledger) == []
    assert [status.state for status in ledger.show(1).statuses] == ["dropped"]


def test_undecided_item_says_what_waits(ledger: Ledger, clock: Clock) -> None:
    """The list tells service request, reason, answer and how much is behind it."""
    ledger.accept([arrival(report({"HDL": "55"}), raw=b"1"), arrival(report({"LDL": "9"}), raw=b"2")], PLAIN)
    clock.move(5)
    claim = ledger.claim("whoop")
    assert claim is not None
    ledger.settle(claim, Settlement("unknown", "read-timeout"))

    (item,) = ledger.desk().undecided(["unknown"], [LANES[0]])

    assert (item.id, item.service_request_id, item.reason, item.answer, item.waiting) == (
        1, LANES[0], "outcome-unknown", "read-timeout", 1,
    )  # fmt: skip
    assert item.since > ledger.show(1).received_at


def test_messages_are_chosen_by_time(ledger: Ledger, clock: Clock) -> None:
    """A replay may name a stretch of time."""
    for number in range(3):
        ledger.accept([arrival(raw=str(number).encode())], POLICIES)
        clock.move(10)
    start = 1_800_000_000_000_000

    chosen = ledger.desk().messages(since=start + 5_000_000, until=start + 20_000_000)

    assert chosen == [2]


REFUSED = Entry("OBX[2]", "refused", "test-result")


def concluded(ledger: Ledger, then: str, policies: dict[str, DestinationPolicy] = POLICIES) -> None:
    """Say by hand what the first order is."""
    with ledger.desk().session(rehearses=False) as session:
        session.conclude_order(LANES[0], policies, then, Decision("conclude", "somebody", "sample lost"))


@pytest.mark.parametrize("then", ["FULL_RESULTS_READY", "RESULTS_ISSUE"])
def test_order_with_a_refused_result_is_concluded_by_hand(ledger: Ledger, then: str) -> None:
    """No rule can tell whether the order is complete without it; a person can, behind what was sent."""
    ledger.accept([incomplete(others=[REFUSED])], POLICIES)

    concluded(ledger, then)

    told = [one["task_business_status"] for one in deliver(ledger) if "task_business_status" in one]
    assert told == [then]
    (decision,) = ledger.desk().decisions(1)
    assert (decision.deed, decision.reason) == ("conclude", "sample lost")


@pytest.mark.parametrize(
    ("made", "then", "policies", "said"),
    [
        pytest.param(incomplete(LANES[1]), "RESULTS_ISSUE", POLICIES, "no such service request", id="unknown-order"),
        pytest.param(incomplete(), "RESULTS_ISSUE", POLICIES, "decide about that first", id="something-is-held"),
        pytest.param(incomplete(others=[REFUSED]), "RESULTS_ISSUE", PLAIN, "workflow is off", id="no-workflow"),
        pytest.param(arrival(report({"HDL": "5"})), "RESULTS_ISSUE", POLICIES, "nothing may follow", id="complete"),
        pytest.param(
            with_accounts(arrival(others=[REFUSED]), ReportAccount("whoop", LANES[0], "final", "", 0, 1, ("HDL",))),
            "FULL_RESULTS_READY", POLICIES, "no result of it was sent", id="nothing-was-sent",
        ),
    ],
)  # fmt: skip
def test_conclusion_that_would_lie_is_refused(
    ledger: Ledger, made: Arrival, then: str, policies: dict[str, DestinationPolicy], said: str
) -> None:
    """Only what is open to no rule and true may be said by hand; nothing is changed otherwise."""
    ledger.accept([made], policies)
    before = ledger.balance()

    with pytest.raises(LedgerError, match=said):
        concluded(ledger, then, policies)

    assert ledger.balance() == before
