"""Orders in the ledger: one lane per reference, repeats recognised, conflicts and unconfirmed layouts held."""

from __future__ import annotations

import pytest
from msgspec import structs

from tests.ledger.orders import ADDRESS, change_body, order, order_arrival, order_body, results_without_entries
from translator.errors import LedgerError
from translator.ledger import Choice, Decision, DestinationPolicy, Ledger, Settlement
from translator.record.outcome import Entry, Submission

LOOPBACK = {"acurable": DestinationPolicy(loopback=True)}
VENDOR = {"acurable": DestinationPolicy()}
MOVED = {**ADDRESS, "lines": ["2 Example Row"]}


def states(ledger: Ledger, *submissions: Submission, policies: dict[str, DestinationPolicy] = LOOPBACK) -> list[str]:
    """Accept one message per submission, and give what became of each."""
    ids = [ledger.accept([order_arrival(one)], policies)[0] for one in submissions]
    entries = [ledger.show(message_id).entries[0] for message_id in ids]
    assert ledger.verify() == []
    return [entry.reason or entry.state for entry in entries]


def test_another_order_under_a_taken_reference_is_refused(ledger: Ledger) -> None:
    """Nothing that a person could decide makes it sound: the sender takes another reference, or sends a change."""
    states(ledger, order(), order(body=order_body(shippingAddress=MOVED)))

    second = ledger.show(2)
    assert (second.state, second.reason) == ("refused", "duplicate-reference")
    assert [entry.state for entry in second.entries] == ["refused"]
    assert ledger.count("acurable") == {"queued": 1}


@pytest.mark.parametrize(
    ("second", "state"),
    [
        pytest.param(order(), "duplicate", id="same-body"),
        pytest.param(order(at="20260102080000.000000"), "duplicate", id="same-body-later"),
        pytest.param(
            order(body=order_body(shippingAddress=MOVED)), "duplicate-reference", id="same-reference-another-body"
        ),
        pytest.param(order("O-2"), "queued", id="another-reference"),
        pytest.param(
            order(kind="order-update", body=change_body(shippingAddress=MOVED), unconfirmed=()), "queued", id="change"
        ),
        pytest.param(
            order(kind="order-update", body=change_body(), unconfirmed=(), at="20251231080000.000000"),
            "out-of-order",
            id="change-of-before",
        ),
        pytest.param(order(patient=("P-2", "19790412")), "report-held", id="another-patient"),
    ],
)
def test_second_order_is_compared_with_the_first(ledger: Ledger, second: Submission, state: str) -> None:
    """The vendor would answer 409 and not say why; the ledger knows."""
    assert states(ledger, order(), second) == ["queued", state]


def test_change_is_sent_once_and_again_after_another(ledger: Ledger) -> None:
    """A change repeats only the change before it."""
    moved = order(kind="order-update", body=change_body(shippingAddress=MOVED), unconfirmed=())
    back = order(kind="order-update", body=change_body(shippingAddress=ADDRESS), unconfirmed=())

    assert states(ledger, order(), moved, moved, back, moved) == ["queued", "queued", "duplicate", "queued", "queued"]


def test_order_that_the_vendor_refused_may_be_put_right(ledger: Ledger) -> None:
    """A rejected order took no reference; the same body would be rejected again."""
    states(ledger, order())
    claim = ledger.claim("acurable")
    assert claim is not None
    ledger.settle(claim, Settlement("refused", "400"))

    assert states(ledger, order(), order(body=order_body(shippingAddress=MOVED))) == ["duplicate", "queued"]


@pytest.mark.parametrize(
    ("submission", "policies", "state"),
    [
        pytest.param(order(), LOOPBACK, "queued", id="order-to-the-sandbox"),
        pytest.param(order(), VENDOR, "layout-unconfirmed", id="order-to-the-vendor"),
        pytest.param(order(unconfirmed=()), VENDOR, "queued", id="confirmed-order-to-the-vendor"),
        pytest.param(order(kind="order-update"), LOOPBACK, "layout-unconfirmed", id="change-to-the-sandbox"),
        pytest.param(order(kind="study-cancel"), VENDOR, "layout-unconfirmed", id="cancellation-to-the-vendor"),
        pytest.param(order(), {}, "layout-unconfirmed", id="nothing-agreed"),
    ],
)
def test_unconfirmed_layout_goes_to_the_sandbox_only(
    ledger: Ledger, submission: Submission, policies: dict[str, DestinationPolicy], state: str
) -> None:
    """The layout is not public: until the site confirms it, nobody else gets it, and no change at all."""
    assert states(ledger, submission, policies=policies) == [state]


def test_claim_of_an_order_is_its_call(ledger: Ledger) -> None:
    """Kind, target and body are what the client needs."""
    ledger.accept([order_arrival(order())], LOOPBACK)

    claim = ledger.claim("acurable")

    assert claim is not None
    assert (claim.kind, claim.target, claim.body) == ("order", "O-1", order().body_json)


@pytest.mark.parametrize(
    ("outcomes", "doubted"),
    [
        pytest.param((), False, id="first"),
        pytest.param(("retry",), False, id="after-a-retry"),
        pytest.param(("unknown", "retry"), True, id="after-an-unknown-and-a-retry"),
    ],
)
def test_claim_knows_whether_an_attempt_was_unknown(ledger: Ledger, outcomes: tuple[str, ...], doubted: bool) -> None:  # noqa: FBT001 - a case
    """However long ago: a conflict then is our own order."""
    ledger.accept([order_arrival(order())], LOOPBACK)
    for outcome in outcomes:
        before = ledger.claim("acurable")
        assert before is not None
        ledger.settle(before, Settlement(outcome, "x", resends=True))

    claim = ledger.claim("acurable")

    assert claim is not None
    assert claim.doubted == doubted


def test_held_order_is_released_once_its_layout_is_confirmed(ledger: Ledger) -> None:
    """The same message, translated with a confirmed layout, is queued then, and once."""
    waiting = order_arrival(order())
    (message_id,) = ledger.accept([waiting], VENDOR)
    confirmed = order_arrival(order(unconfirmed=()), raw=waiting.raw).outcome

    for freed in (("ORC[1]",), ()):
        with ledger.desk().session(rehearses=False) as session:
            refiled = session.refile(message_id, confirmed, VENDOR, Choice(), Decision("release"))
        assert refiled.freed == freed

    assert ledger.count("acurable") == {"queued": 1}
    assert ledger.verify() == []


def test_order_that_is_not_chosen_stays_held(ledger: Ledger) -> None:
    """Of two orders in a message one may be released."""
    waiting = order_arrival(order("O-1"), order("O-2"))
    (message_id,) = ledger.accept([waiting], VENDOR)
    confirmed = order_arrival(order("O-1", unconfirmed=()), order("O-2", unconfirmed=()), raw=waiting.raw).outcome

    with ledger.desk().session(rehearses=False) as session:
        session.refile(message_id, confirmed, VENDOR, Choice(ats=frozenset({"ORC[2]"})), Decision("release"))

    assert [entry.state for entry in ledger.show(message_id).entries] == ["held", "queued"]
    assert [one.service_request_id for one in ledger.show(message_id).submissions] == ["O-2"]


@pytest.mark.parametrize(
    ("submission", "entry", "complaint"),
    [
        pytest.param(order(), None, "submission 0 comes from no entry", id="order-without-entry"),
        pytest.param(
            order(), Entry("ORC[1]", "translated", submission=0, observation=0), "no submission has", id="observation"
        ),
        pytest.param(
            results_without_entries(), Entry("ORC[1]", "translated", submission=0), "no submission has", id="no-order"
        ),
    ],
)
def test_outcome_whose_orders_do_not_add_up_is_refused(
    ledger: Ledger, submission: Submission, entry: Entry | None, complaint: str
) -> None:
    """P1 counts orders like observations."""
    whole = order_arrival(submission)
    outcome = structs.replace(whole.outcome, entries=() if entry is None else (entry,))

    with pytest.raises(LedgerError, match=complaint):
        ledger.accept([structs.replace(whole, outcome=outcome)], LOOPBACK)
