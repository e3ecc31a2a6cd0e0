"""What a lane still needs of an order, by what was queued under its reference."""

from __future__ import annotations

import pytest

from tests.ledger.orders import change_body, order
from translator.record.outcome import Submission
from translator.translate.order_revision import DUPLICATE_REFERENCE, LAYOUT_UNCONFIRMED, KnownOrder, revise_order
from translator.translate.revision_rules import DUPLICATE, OUT_OF_ORDER, SEND, Verdict

EARLY, NOON, LATE = (f"20260301{hour}0000.000000" for hour in ("08", "12", "16"))
NEW = order(at=NOON)
OTHER = order(body=change_body(reference="O-1", phone="other"), at=NOON)
CHANGE = order(kind="order-update", body=change_body(phone="new"), at=NOON, unconfirmed=())
CANCELLATION = order(kind="study-cancel", at=NOON, unconfirmed=())
UNCONFIRMED_CHANGE = order(kind="order-update", at=NOON)


def known(submission: Submission, at: str = NOON, *, is_rejected: bool = False) -> KnownOrder:
    """Make of a submission what the lane knows of it."""
    return KnownOrder(submission.kind, submission.body_json, at, is_rejected)


@pytest.mark.parametrize(
    ("submission", "before", "verdict"),
    [
        pytest.param(NEW, [], SEND, id="first order"),
        pytest.param(NEW, [known(NEW)], DUPLICATE, id="the same again"),
        pytest.param(NEW, [known(NEW, is_rejected=True)], DUPLICATE, id="the same that was rejected"),
        pytest.param(NEW, [known(OTHER)], DUPLICATE_REFERENCE, id="another under its reference"),
        pytest.param(NEW, [known(OTHER, is_rejected=True)], SEND, id="another that was rejected"),
        pytest.param(NEW, [KnownOrder("order", None, NOON)], DUPLICATE_REFERENCE, id="one whose body is gone"),
        pytest.param(CHANGE, [known(NEW)], SEND, id="change of an order"),
        pytest.param(CHANGE, [known(NEW), known(CHANGE)], DUPLICATE, id="the same change again"),
        pytest.param(CHANGE, [known(NEW, LATE)], OUT_OF_ORDER, id="change older than the order"),
        pytest.param(CHANGE, [known(NEW, EARLY)], SEND, id="change newer than the order"),
        pytest.param(CANCELLATION, [known(NEW), known(CHANGE)], SEND, id="cancellation after a change"),
    ],
)
def test_order_is_judged_by_what_its_lane_knows(
    submission: Submission, before: list[KnownOrder], verdict: Verdict
) -> None:
    """To the sandbox, which takes every layout, all that is needed goes."""
    found = revise_order(submission, before, loopback=True)

    assert found.report == verdict
    assert found.payload == (submission.payload if verdict == SEND else None)


@pytest.mark.parametrize(
    ("submission", "loopback", "verdict"),
    [
        pytest.param(NEW, False, LAYOUT_UNCONFIRMED, id="order to the vendor"),
        pytest.param(NEW, True, SEND, id="order to the sandbox"),
        pytest.param(order(unconfirmed=()), False, SEND, id="confirmed order to the vendor"),
        pytest.param(UNCONFIRMED_CHANGE, False, LAYOUT_UNCONFIRMED, id="change to the vendor"),
        pytest.param(UNCONFIRMED_CHANGE, True, LAYOUT_UNCONFIRMED, id="change to the sandbox"),
        pytest.param(CHANGE, False, SEND, id="confirmed change to the vendor"),
    ],
)
def test_unconfirmed_layout_is_held(submission: Submission, loopback: bool, verdict: Verdict) -> None:  # noqa: FBT001 - a table of cases
    """The sandbox takes an order of any layout; of a change nobody has published one."""
    found = revise_order(submission, [], loopback=loopback)

    assert (found.report, found.payload is None) == (verdict, verdict != SEND)
