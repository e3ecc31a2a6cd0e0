"""
Give what an order says for each field of a layout, or the reason why it cannot be sent without it.

Source: Acurable, create order: which fields there are, and which are required.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

from translator.record.order import Answer, Order, Organisation
from translator.translate.order_layout import ListedOrganisation, OrderLayout, StudyRow
from translator.translate.values import fold

_FEWEST_DIGITS = 7
_DATE_LENGTH = len("2026-01-05")


class OrderFacts(NamedTuple):
    """An order with the study that it means and the layout that it is written in."""

    order: Order
    study: StudyRow
    layout: OrderLayout


class Field(NamedTuple):
    """How a field is found, the reason of an order that lacks it, and what it is in words."""

    find: Callable[[OrderFacts], Any]
    reason: str = ""
    words: str = ""


def _lines(facts: OrderFacts) -> list[str] | None:
    """Some senders put line breaks into one line."""
    lines = (line.strip() for text in facts.order.patient.address.lines for line in text.splitlines())
    return [line for line in lines if line] or None


def _county(facts: OrderFacts) -> str:
    address = facts.order.patient.address
    return next(filter(None, (getattr(address, name) for name in facts.layout.county)), "")


def _birth_date(facts: OrderFacts) -> str:
    """A whole date only: of a year and a month nobody knows the day."""
    text = facts.order.patient.birth_date
    try:
        return date.fromisoformat(text).isoformat() if len(text) == _DATE_LENGTH else ""
    except ValueError:
        return ""


def _name(facts: OrderFacts) -> str:
    name = facts.order.patient.name
    return " ".join(filter(None, (*name.given, name.family)))


def _email(facts: OrderFacts) -> str:
    email = facts.order.patient.email.removeprefix("mailto:")
    local, _, domain = email.rpartition("@")
    return email if local and domain else ""


def _mobile(facts: OrderFacts) -> str:
    return chosen_telephone(facts)[1]


def chosen_telephone(facts: OrderFacts) -> tuple[str, str]:
    """Give the number that counts as the patient's mobile, and of which kind it is; both empty where there is none."""
    for kind in facts.layout.telephones:
        number = getattr(facts.order.patient, kind).removeprefix("tel:")
        if sum(map(str.isdigit, number)) >= _FEWEST_DIGITS:
            return kind, number
    return "", ""


def _patient_reference(facts: OrderFacts) -> str:
    return next((each.value for each in facts.order.patient.references if each.value), "")


def _organisation(facts: OrderFacts) -> ListedOrganisation | None:
    """Give the organisation that the order names, or the first one where it names none."""
    listed, named = facts.layout.organisations, facts.order.organisation
    if named == Organisation():
        return listed[0] if listed else None
    known = {fold(text) for text in (named.name, named.reference, *named.others) if text}
    found = [each for each in listed if known & {*map(fold, (each.name, each.reference, *each.known_as))}]
    return found[0] if len(found) == 1 else None


def _of_organisation(name: str) -> Callable[[OrderFacts], str]:
    def find(facts: OrderFacts) -> str:
        found = _organisation(facts)
        return getattr(found, name) if found is not None else ""

    return find


def _requires_phone(facts: OrderFacts) -> bool:
    """Only answers of the order form say that the patient was asked; where they differ, nobody knows what was said."""
    said = [fold(answer.text) for answer in phone_answers(facts) if answer.text]
    return bool(said) and facts.layout.phone_answers.issuperset(said)


def phone_answers(facts: OrderFacts) -> list[Answer]:
    """Give the answers to the question whether the patient needs a phone."""
    questions = facts.layout.phone_questions
    return [
        answer
        for answer in facts.order.answers
        if any((coding.system or "L", coding.code) in questions for coding in answer.codes)
    ]


FIELDS: Mapping[str, Field] = {
    "reference": Field(lambda f: f.order.placer.value, "order-reference-missing", "the placer's order number"),
    "emit_on": Field(lambda f: f.layout.emit_on),
    "address.lines": Field(_lines, "address-line-missing", "a line of the address"),
    "address.city": Field(lambda f: f.order.patient.address.city, "city-missing", "the city of the address"),
    "address.county": Field(_county, "county-missing", "the county of the address"),
    "address.postcode": Field(lambda f: f.order.patient.address.postcode, "postcode-missing", "the postcode"),
    "address.country": Field(lambda f: f.order.patient.address.country, "country-missing", "the country"),
    "study.nights": Field(lambda f: f.study.nights),
    "study.sensors": Field(lambda f: list(f.study.sensors)),
    "study.neck_sensor": Field(lambda f: "neck_sensor" in f.study.sensors),
    "study.oximeter": Field(lambda f: "oximeter" in f.study.sensors),
    "study.requires_phone": Field(_requires_phone),
    "patient.reference": Field(_patient_reference, "patient-reference-missing", "the patient's number"),
    "patient.name": Field(_name, "name-missing", "the patient's name"),
    "patient.given": Field(lambda f: " ".join(f.order.patient.name.given), "name-missing", "the patient's given name"),
    "patient.family": Field(lambda f: f.order.patient.name.family, "name-missing", "the patient's family name"),
    "patient.dob": Field(_birth_date, "birth-date-missing", "the patient's whole date of birth"),
    "patient.email": Field(_email, "email-missing", "the patient's e-mail address"),
    "patient.mobile": Field(_mobile, "phone-missing", "the patient's mobile telephone"),
    "organisation.name": Field(_of_organisation("name"), "organisation-unknown", "an organisation of the site"),
    "organisation.reference": Field(
        _of_organisation("reference"), "organisation-unknown", "an organisation of the site"
    ),
}


def values_of(facts: OrderFacts) -> dict[str, Any]:
    """Give every field that the order has; what is empty is left out."""
    found = ((name, field.find(facts)) for name, field in FIELDS.items())
    return {name: value for name, value in found if value not in ("", None)}


def refusals(facts: OrderFacts, kind: str, values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """
    Give every reason why a body of this kind cannot be sent, with what it is about in words.

    Shape: no reason twice; the order's own number is needed for every kind, since it stands in the URL of a change.
    """
    wanted = (FIELDS[name] for name in ("reference", *facts.layout.needs(kind)) if name not in values)
    missing = {field.reason: f"{field.words} is missing" for field in wanted if field.reason}
    if "organisation-unknown" in missing:
        missing["organisation-unknown"] = "the site lists no such organisation"
    yield from missing.items()
    uses = set(facts.layout.uses(kind))
    if "patient.reference" in uses and values.get("patient.reference") == values.get("reference", ""):
        yield "patient-reference-is-order", "the patient's number is the order's"
    if "study.nights" in uses and not set(facts.study.sensors) <= set(facts.layout.sensors):
        yield "sensor-not-configured", "the study needs a sensor that the account does not have"
