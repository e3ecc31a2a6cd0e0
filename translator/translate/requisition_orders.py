"""
Make the lab's orders of a WHOOP requisition: one for each test that is still wanted, one to cancel each that is not.

Source: whoop.md sections 4 and 5.
"""

from __future__ import annotations

from collections.abc import Mapping

from translator.record.order import Order
from translator.record.report import Identifier
from translator.record.requisition import Requisition
from translator.record.values import Coding
from translator.translate.order_key import order_key

SYSTEM = "WHOOP"
CONTROLS = {"active": "create", "revoked": "cancel"}
"""What a test's status asks the lab to do; any other asks for nothing."""


def requisition_orders(
    requisition: Requisition, codes: Mapping[str, Coding] | None = None, *, short_keys: bool = False
) -> tuple[Order, ...]:
    """
    Make the orders; a test that is completed gives none.

    Shape: `placer` is the id of the service request, or where `short_keys` says that the lab's field is too short for
    it the key that stands for it; `group` is the requisition. `codes` gives the lab's own coding by WHOOP's code; it
    stands before WHOOP's, which is always there.
    """
    return tuple(
        Order(
            f"service_requests[{number}]",
            CONTROLS[test.status],
            test.status,
            Identifier(order_key(test.id) if short_keys else test.id, SYSTEM),
            group=Identifier(requisition.id, SYSTEM),
            codes=_codings(test.code, codes or {}),
            patient=requisition.patient,
            times=(requisition.created_at,),
        )
        for number, test in enumerate(requisition.tests)
        if test.status in CONTROLS
    )


def _codings(panel: str, codes: Mapping[str, Coding]) -> tuple[Coding, ...]:
    own, theirs = codes.get(panel), Coding(SYSTEM, panel)
    if own is None or (own.system, own.code) == (SYSTEM, panel):
        return (own or theirs,)
    return (own, theirs)
