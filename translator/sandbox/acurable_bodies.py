"""
Read the bodies that Acurable's callers send, in the layout that we assume. (pure)

The vendor's text names every field and none of the nesting, so the nesting here is an assumption: a JSON:API document
with the fields in `data.attributes`. What it requires is refused when it is missing; what it does not know is noted as
a problem. Texts name fields, never values.

Source: Acurable, create order, update order, create study, create referral.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from translator.sandbox.checks import BodyError

Filled = Annotated[str, Meta(min_length=1)]
Sensor = Literal["neck_sensor", "oximeter"]
MOST_NIGHTS = 365
"""No limit is documented; more is surely a mistake."""

NECK_SENSOR: Sensor = "neck_sensor"
Date = Annotated[str, Meta(pattern=r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")]


class Address(Struct, frozen=True):
    """Where the kit goes."""

    lines: Annotated[list[Filled], Meta(min_length=1)]
    city: Filled
    county: Filled
    postcode: Filled


class Study(Struct, frozen=True, rename="camel"):
    """What is to be recorded."""

    nights: Annotated[int, Meta(ge=1, le=MOST_NIGHTS)]
    sensors: Annotated[list[Sensor], Meta(min_length=1)]


class OrderStudy(Study, frozen=True, rename="camel"):
    """The same at home, with or without a phone that is lent."""

    requires_phone: bool = False


class StudyPatient(Struct, frozen=True):
    """Who is recorded in-house."""

    dob: Date
    reference: Filled


class Patient(StudyPatient, frozen=True, rename="camel"):
    """Who is recorded at home, and how to reach them."""

    name: Filled | dict[str, Any]
    email: Filled
    mobile_telephone: Filled


class Organisation(Struct, frozen=True):
    """For whom."""

    name: Filled
    reference: Filled


class Order(Struct, frozen=True, rename="camel"):
    """What creates an order."""

    reference: Filled
    shipping_address: Address
    study: OrderStudy
    patient: Patient
    organisation: Organisation
    emit_on: Literal["complete", "reviewed"] | None = None


class InHouseStudy(Struct, frozen=True):
    """What creates an in-house study."""

    reference: Filled
    study: Study
    patient: StudyPatient
    organisation: Organisation


class Referral(Struct, frozen=True):
    """What creates a referral."""

    reference: Filled
    study: Study
    patient: Patient


class Contact(Struct, frozen=True, rename="camel"):
    """What of a patient may change at any time."""

    email: Filled | None = None
    mobile_telephone: Filled | None = None


class Change(Struct, frozen=True, rename="camel"):
    """
    What changes an order or cancels it.

    Shape: how a cancellation is written is not public; `status` and `cancelled` are taken.
    """

    shipping_address: Address | None = None
    patient: Contact | None = None
    status: str | None = None
    cancelled: bool = False

    @property
    def cancels(self) -> bool:
        """Whether this is a cancellation."""
        return self.cancelled or self.status == "cancelled"


Attributes = TypeVar("Attributes", bound=Struct)


def read_attributes(body: Any, kind: type[Attributes]) -> tuple[Attributes, list[str]]:
    """
    Read the attributes of a body and list its problems.

    Raises:
        BodyError: a required field is missing, or one has a value that cannot be.
    """
    if not isinstance(body, dict) or not isinstance(body.get("data"), dict):
        raise BodyError("data: must be an object")
    try:
        attributes = msgspec.convert(_whole(body["data"].get("attributes")), kind)
    except msgspec.ValidationError as error:
        # The place alone: what msgspec says about it may quote a value.
        text, _, path = str(error).rpartition(" - at ")
        missing = text if "missing required field" in text else "not as documented"
        raise BodyError(f"data.attributes{path.strip('`').removeprefix('$')}: {missing}") from error
    untyped = [] if isinstance(body["data"].get("type"), str) else ["data.type: missing"]
    return attributes, untyped + list(
        _beyond(body["data"]["attributes"], msgspec.to_builtins(attributes), "data.attributes")
    )


def _whole(value: Any) -> Any:
    """Make 1.0 the whole number that it is in JSON."""
    if isinstance(value, dict):
        return {name: _whole(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_whole(part) for part in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def check_sensors(study: Study, sensors: list[str]) -> None:
    """
    Refuse a study with sensors that the account lacks, or without the one that every study has.

    Raises:
        BodyError: it asks for such sensors.
    """
    if NECK_SENSOR not in study.sensors or not set(study.sensors) <= set(sensors):
        raise BodyError("data.attributes.study.sensors: not what the account is configured for")


def _beyond(sent: Any, known: Any, at: str) -> Iterator[str]:
    if isinstance(sent, dict) and isinstance(known, dict):
        for name, value in sent.items():
            if name not in known:
                yield f"{at}.{name}: unknown field"
            else:
                yield from _beyond(value, known[name], f"{at}.{name}")
