"""
Make a report of what a vendor tells about a sleep study, so that it goes back to the lab like any other result.

The codes are the vendor's own names in a system of their own: it publishes no LOINC, and thresholds of severity are an
account's setting. A site maps them where a result is to go on from the lab.

Source: acurable.md section 6 (nights, attempts, severity, AHI3, AHI4, ODI3, ODI4).
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from msgspec import structs

from translator.record.event import INDEXES, Night, StudyEvent
from translator.record.order import Order
from translator.record.report import Form, Observation, Patient, Report
from translator.record.values import Absent, Coding, Numeric, Text, Value

SYSTEM = "ACURABLE"
DELETED = "entered-in-error"
_PER_HOUR = "/h"
_UCUM = "http://unitsofmeasure.org"
_NAMES = {
    "AHI3": "Apnea hypopnea index, desaturation of 3 %",
    "AHI4": "Apnea hypopnea index, desaturation of 4 %",
    "ODI3": "Oxygen desaturation index, 3 %",
    "ODI4": "Oxygen desaturation index, 4 %",
    "SEVERITY": "Severity of the night, as the vendor states it",
    "ATTEMPT_STATUS": "Status of the attempt to record the night",
}


def study_report(
    event: StudyEvent, order: Order, reported_at: str, *, told: StudyEvent | None = None, corrects: bool = False
) -> Report:
    """
    Make the report of a study from the last event about it and the order that asked for it.

    Shape: one observation per attempt and fact; `sub_id` is `night.attempt`. The indexes of an attempt without a valid
    diagnosis are no results and stay out; its status is one. The report is final when the study is finished, partial
    before. `reported_at` is when the event came, since the vendor's events carry no time. Where it `corrects` a report
    that the lab may have, what differs from that is corrected, what is no longer there is deleted, and the rest stays
    final.
    Absent: `told` is what the lab was told; without it everything is corrected.
    """
    numbers = (("placer", order.placer), ("filler", order.filler), ("group", order.group))
    birth_date = order.patient.birth_date.replace("-", "")
    reference = order.patient.references[0].value if order.patient.references else ""
    return Report(
        "study",
        "corrected" if corrects else "final" if event.is_finished else "partial",
        panel=order.codes,
        service_requests=(("order", order.placer),) if order.placer.value else (),
        keys=tuple((kind, "order", number) for kind, number in numbers if number.value),
        filler=order.filler,
        patient=Patient(reference, birth_date),
        times=(reported_at,),
        observations=tuple(_corrected(event, told) if corrects else _observations(event)),
    )


def _observations(event: StudyEvent) -> Iterator[Observation]:
    for night in event.nights:
        yield from _attempt(night)


def _corrected(event: StudyEvent, told: StudyEvent | None) -> Iterator[Observation]:
    known = {seen.at: seen for seen in _observations(told)} if told else {}
    for seen in _observations(event):
        before = known.pop(seen.at, None)
        is_new = before is None and told is not None
        yield seen if is_new or (before and _value(before) == _value(seen)) else _with_status(seen, "corrected")
    # The value is not sent again with its deletion.
    yield from (structs.replace(_with_status(gone, DELETED), value=Absent()) for gone in known.values())


def _value(seen: Observation) -> object:
    return Decimal(seen.value.lexical) if isinstance(seen.value, Numeric) else seen.value


def _with_status(seen: Observation, status: str) -> Observation:
    return structs.replace(seen, form=structs.replace(seen.form, status=status))


def _attempt(night: Night) -> Iterator[Observation]:
    """Give what one attempt says, its status first."""
    facts: list[tuple[str, Value]] = [("ATTEMPT_STATUS", Text(night.status))] if night.status else []
    if night.status == "VALID":
        facts += [(name, Numeric(f"{night.indexes[name]:f}")) for name in INDEXES if name in night.indexes]
        facts += [("SEVERITY", Text(night.severity))] if night.severity else []
    for name, value in facts:
        yield Observation(f"nights[{night.number}.{night.attempt}].{name}", _form(name), value, _sub_id(night))


def _form(name: str) -> Form:
    codes = (Coding(SYSTEM, name, _NAMES[name]),)
    if name in INDEXES:
        return Form(codes, "NM", _PER_HOUR, _UCUM, status="final")
    return Form(codes, "ST", status="final")


def _sub_id(night: Night) -> str:
    return f"{night.number}.{night.attempt}"
