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
_CONTROLS = {"active": "create", "revoked": "cancel"}


def requisition_orders(
    requisition: Requisition, codes: Mapping[str, tuple[Coding, ...]] | None = None, *, short_keys: bool = False
) -> tuple[Order, ...]:
    """
    Make the orders; a test that is completed gives none.

    Shape: `placer` is the id of the service request, or where `short_keys` says that the lab's field is too short for
    it the key that stands for it; `group` is the requisition. `codes` gives the lab's own codings by WHOOP code; they
    stand before WHOOP's, which is always there.
    """
    return tuple(
        Order(
            f"service_requests[{number}]",
            _CONTROLS[test.status],
            test.status,
            Identifier(order_key(test.id) if short_keys else test.id, SYSTEM),
            group=Identifier(requisition.id, SYSTEM),
            codes=(*(codes or {}).get(test.code, ()), Coding(SYSTEM, test.code)),
            patient=requisition.patient,
            times=(requisition.created_at,),
        )
        for number, test in enumerate(requisition.tests)
        if test.status in _CONTROLS
    )
