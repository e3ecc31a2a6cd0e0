"""
Write orders as OML^O21, for a laboratory that takes orders in HL7.

Source: HL7 v2.5.1 4.4.6 (OML^O21), 4.5.1 (ORC), 4.5.3 (OBR), table 0119.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from translator.errors import WriteError
from translator.record.order import Order
from translator.write.er7 import coded, components, entity, escape, segment
from translator.write.hl7v2 import Group, Letterhead, assemble
from translator.write.person import pid
from translator.write.times import dtm

_CONTROLS = {"create": "NW", "cancel": "CA", "update": "XO"}


def write_oml(head: Letterhead, orders: Sequence[Order]) -> bytes:
    """
    Write the orders of one patient as one message.

    Raises:
        WriteError: the orders are not of one patient, or an order lacks what HL7 requires, such as a code.
    """
    patients = {order.patient for order in orders}
    if len(patients) != 1:
        raise WriteError(f"one OML^O21 is of one patient; these orders are of {len(patients)}")
    groups = [Group("ORDER", tuple(_order(*each))) for each in enumerate(orders, start=1)]
    return assemble(head, "OML", "O21", (Group("PATIENT", (pid(patients.pop()),)), *groups))


def _order(number: int, order: Order) -> Iterator[str | Group]:
    control = _CONTROLS.get(order.control)
    if control is None:
        raise WriteError(f"{order.at}: an order is created, cancelled or updated; this one says neither")
    placer, filler, time = (
        entity(order.placer),
        entity(order.filler),
        escape(dtm(order.times[0]) if order.times else ""),
    )
    ordered_by = components(order.organisation.name, *[""] * 8, order.organisation.reference)
    yield segment("ORC", {1: control, 2: placer, 3: filler, 4: entity(order.group), 9: time, 21: ordered_by})
    obr = segment("OBR", {1: str(number), 2: placer, 3: filler, 4: coded(order.codes)})
    answers = [
        Group("OBSERVATION", (_answer(place, answer.text, coded(answer.codes)),))
        for place, answer in enumerate(order.answers, start=1)
    ]
    yield Group("OBSERVATION_REQUEST", (obr, *answers))


def _answer(number: int, text: str, question: str) -> str:
    """Write an answer to a question of the order form."""
    return segment("OBX", {1: str(number), 2: "ST", 3: question, 5: escape(text), 11: "O"})
