"""
Hold one order as every reader delivers it, every translation reads it and every writer writes it.

Codes and texts stand here as sent, without their escapes; which study a code means, and what a vendor is told, is
decided by tables, in `translate`.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from translator.record.report import Finding, Identifier
from translator.record.values import Coding


class PersonName(Struct, frozen=True, gc=False):
    """The parts of a person's name; `given` holds every given name, the first one first."""

    family: str = ""
    given: tuple[str, ...] = ()
    prefix: str = ""
    suffix: str = ""


class Address(Struct, frozen=True, gc=False):
    """
    One postal address.

    Shape: `county` is the county or district where the sender names one, `state` the state or province; `country` is
    as sent.
    """

    lines: tuple[str, ...] = ()
    city: str = ""
    county: str = ""
    state: str = ""
    postcode: str = ""
    country: str = ""


class OrderPatient(Struct, frozen=True, gc=False):
    """
    Whom an order is for, with all that a vendor needs to reach them; never printed.

    Shape: `references` are the sender's identifiers of the patient, the first one first. `birth_date` is `YYYY-MM-DD`,
    or as sent where it is no whole date. `sex` is as sent. `mobile` is a number that is marked as a mobile telephone,
    `unmarked` one of which nobody says what it is, `telephone` one that is marked as another.
    """

    references: tuple[Identifier, ...] = ()
    name: PersonName = PersonName()
    birth_date: str = ""
    sex: str = ""
    email: str = ""
    mobile: str = ""
    telephone: str = ""
    address: Address = Address()
    unmarked: str = ""


class Organisation(Struct, frozen=True, gc=False):
    """An organisation by name and by the reference that it is known under; `others` are its further references."""

    name: str = ""
    reference: str = ""
    others: tuple[str, ...] = ()


class Answer(Struct, frozen=True, gc=False):
    """An answer beside an order, and its place: every coding of the question, the answer as text or code."""

    codes: tuple[Coding, ...] = ()
    text: str = ""
    at: str = ""


class Order(Struct, frozen=True):
    """
    One ORC group or one ServiceRequest.

    Shape: `at` is `ORC[1]` or a FHIRPath. `control` is `create`, `cancel` or `update`; `sent_control` is what the
    sender wrote (`NW`, `active`). `placer`, `filler` and `group` are its numbers. `codes` are the codings of what is
    ordered (OBR-4, ServiceRequest.code). `organisation` is the one that orders, as the message names it. `answers` are
    answers to questions of the order form; whether the patient needs a phone is one of them. `times` are the sender's,
    best first. `findings` are what keeps the order from being sent. One that `is_replaced` has a newer version beside
    it. `places` are the positions that each part was read from, by its name (`patient.birth_date`).
    Absent: `control` is empty where the sender's word is none of the three.
    """

    at: str
    control: str = ""
    sent_control: str = ""
    placer: Identifier = Identifier()
    filler: Identifier = Identifier()
    group: Identifier = Identifier()
    codes: tuple[Coding, ...] = ()
    patient: OrderPatient = OrderPatient()
    organisation: Organisation = Organisation()
    answers: tuple[Answer, ...] = ()
    times: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    is_replaced: bool = False
    places: Mapping[str, tuple[str, ...]] = {}
