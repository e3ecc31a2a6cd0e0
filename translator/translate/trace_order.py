"""
Say how an order became what is sent, or why it did not, and where each field of its body comes from.

As for observations, the trace asks the functions that translate, and decides nothing itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, cast

from translator.record.order import Order, Organisation
from translator.record.outcome import Diagnostic, Entry
from translator.record.values import Coding
from translator.translate.acurable import body_kind
from translator.translate.order_fields import FIELDS, OrderFacts, chosen_telephone, phone_answers, values_of
from translator.translate.order_layout import StudyRow, placeholders_of
from translator.translate.study import match_study, study_words
from translator.translate.tables import Tables
from translator.translate.trace import Step, trace_fate

# The part of an order that a field of a layout is read from, where it is one and no more.
_PARTS = {
    "reference": "placer",
    "address.lines": "patient.lines",
    "address.city": "patient.city",
    "address.postcode": "patient.postcode",
    "address.country": "patient.country",
    "patient.name": "patient.name",
    "patient.given": "patient.name",
    "patient.family": "patient.name",
    "patient.dob": "patient.birth_date",
    "patient.email": "patient.email",
}
_NO_ANSWER = "no answer of the order form says that the patient was asked"


def trace_order(
    order: Order, entry: Entry, source_format: str, diagnostics: Sequence[Diagnostic], tables: Tables
) -> tuple[Step, ...]:
    """Say what an order asks for, what study it means, what it lacks, and what becomes of it."""
    return tuple(_order_steps(order, entry, source_format, diagnostics, tables))


def _order_steps(
    order: Order, entry: Entry, source_format: str, diagnostics: Sequence[Diagnostic], tables: Tables
) -> Iterator[Step]:
    row = tables.order_controls.get(source_format, {}).get(order.sent_control)
    if not order.is_replaced:
        asked, table = (row.action, row.at) if row is not None else ("order-control-undecided", "")
        yield Step("control", order.sent_control, asked, _place(order, "control"), table)
        yield from _study(order, tables)
    for found in diagnostics:
        if found.at == order.at or found.at.startswith((f"{order.at}-", f"{order.at}.")):
            at = tables.reasons[found.code].at if found.code in tables.reasons else ""
            yield Step("remark", found.code, "", found.at, at, found.text)
    yield from trace_fate(entry, (), None, diagnostics, tables)


def trace_body_field(order: Order, at: str, source_format: str, tables: Tables) -> tuple[Step, ...]:
    """List what a field of an order's body was made from; `at` is its path, with the number of an item if need be."""
    row = tables.order_controls[source_format][order.sent_control]
    # There is one: without it there would be no body.
    study = cast("StudyRow", match_study(order.codes, tables).row)
    facts = OrderFacts(order, study, tables.order_layout)
    values = values_of(facts)
    leaves = tables.order_layout.leaves(body_kind(study.kind, row.action), values)
    leaf = at if at in leaves else at.rpartition("[")[0]
    template, table = leaves[leaf]
    steps: list[Step] = []
    names = placeholders_of(template)
    for name in names:
        steps += _field(name, facts, tables)
    filled = values.get(names[0], "") if len(names) == 1 else ""
    return (*steps, Step("layout", template, _said(filled), "", table, "" if names else "the same of every order"))


def _field(name: str, facts: OrderFacts, tables: Tables) -> Iterator[Step]:
    """Say where a placeholder comes from: what was read, and what a rule or a setting made of it."""
    order, layout = facts.order, facts.layout
    value = FIELDS[name].find(facts)
    if name in _PARTS:
        yield from _read(order, _PARTS[name])
        if name != "reference":
            yield Step("value", "", _said(value))
    elif name == "patient.reference":
        numbers = [number.value for number in order.patient.references]
        yield Step("read", "", _said(value), _place(order, "patient.references", numbers.index(value)))
    elif name == "address.county":
        part = next(part for part in layout.county if getattr(order.patient.address, part))
        yield from _read(order, f"patient.{part}")
        text = f"the {part} stands for the county" if part != "county" else ""
        yield Step("county", "", _said(value), "", layout.places.get(("county",), ""), text)
    elif name == "patient.mobile":
        kind, number = chosen_telephone(facts)
        yield from _read(order, f"patient.{kind}")
        yield Step("telephone", kind, number, "", layout.places.get(("telephones",), ""))
    elif name == "study.requires_phone":
        yield from _asked(facts, value=value)
    elif name.startswith("study."):
        yield from _study(order, tables)
        yield Step("value", "", _said(value))
    elif name.startswith("organisation."):
        yield from _organisation(order, _said(value), layout.places.get(("organisations",), ""))
    else:
        yield Step("setting", "", _said(value), "", layout.places.get((name,), ""))


def _read(order: Order, part: str) -> Iterator[Step]:
    for at in order.places.get(part, ()):
        yield Step("read", at=at)


def _study(order: Order, tables: Tables) -> Iterator[Step]:
    for coding in order.codes:
        row, reason = match_study((coding,), tables)
        meant = study_words(row) if row is not None else reason
        yield Step("study", _coding(coding), meant, _place(order, "codes"), row.at if row is not None else "")


def _asked(facts: OrderFacts, *, value: bool) -> Iterator[Step]:
    answers = phone_answers(facts)
    for answer in answers:
        at = f"{answer.at}-5" if answer.at.startswith("OBX[") else answer.at
        yield Step("read", "", answer.text, at)
    table = facts.layout.places.get(("phone_questions",), "")
    yield Step("phone", "", _said(value), "", table, "" if answers else _NO_ANSWER)


def _organisation(order: Order, value: str, table: str) -> Iterator[Step]:
    if order.organisation == Organisation():
        yield Step("organisation", "", value, "", table, "the order names none, so it is the first of the site")
        return
    yield from _read(order, "organisation")
    yield Step("organisation", order.organisation.name or order.organisation.reference, value, "", table)


def _place(order: Order, part: str, number: int = 0) -> str:
    places = order.places.get(part, ())
    return places[number] if number < len(places) else ""


def _coding(coding: Coding) -> str:
    return " ".join(filter(None, (coding.system, coding.code)))


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
