"""
Answer calls as Acurable's Integration API documents them. (pure)

A call is judged in this order: token, content type, body, organisation, reference. 403 and 500 are documented and have
no cause that a caller could set up: a fault gives them.

Source: Acurable, create order, update order, create study, update study, create referral.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from translator.sandbox.acurable_bodies import (
    Attributes,
    Change,
    InHouseStudy,
    Order,
    Patient,
    Referral,
    Study,
    StudyPatient,
    check_sensors,
    read_attributes,
)
from translator.sandbox.answer import Answer, Call, error_answer, json_answer
from translator.sandbox.checks import BodyError, read_body
from translator.sandbox.routes import Route, route
from translator.sandbox.sleep_tests import SleepTest, SleepTests
from translator.sandbox.tokens import Tokens

VENDOR = "acurable"
NOT_FOUND = error_answer(404, "nothing has this reference")
UNKNOWN_ORGANISATION = error_answer(404, "no organisation of yours has this name and reference")
CONFLICT = error_answer(409, "something has this reference already")


class Acurable:
    """The Integration API over `tests`; `new_code` invents activation codes."""

    def __init__(self, tokens: Tokens, tests: SleepTests, new_code: Callable[[], str]) -> None:
        self.tokens = tokens
        self.tests = tests
        self._new_code = new_code

    def routes(self) -> tuple[Route, ...]:
        """List every documented route."""
        lines: tuple[tuple[str, str, str, Callable[[Call], Answer]], ...] = (
            ("POST", "/v1/orders", "orders", self.create_order),
            ("PUT", "/v1/orders/{reference}", "order-update", self.update_order),
            ("POST", "/v1/studies", "studies", self.create_study),
            ("PATCH", "/v1/studies/{reference}", "study-cancel", self.cancel_study),
            ("POST", "/v1/referrals", "referrals", self.create_referral),
        )
        return tuple(
            route(method, path, name, self.tokens.guard(handler), vendor=VENDOR)
            for method, path, name, handler in lines
        )

    def create_order(self, call: Call) -> Answer:
        """Create an at-home test."""
        body = _json(call)
        order = _read(call, body, Order)
        if not self.tests.knows(order.organisation.name, order.organisation.reference):
            return UNKNOWN_ORGANISATION
        return self._create("order", order.reference, order.study, order.patient, body) or _created("orders", order)

    def create_study(self, call: Call) -> Answer:
        """Create an in-house study; the answer has the code that activates it."""
        body = _json(call)
        study = _read(call, body, InHouseStudy)
        if not self.tests.knows(study.organisation.name, study.organisation.reference):
            return UNKNOWN_ORGANISATION
        code = self._new_code()
        refused = self._create("study", study.reference, study.study, study.patient, body, code)
        return refused or _created("studies", study, {"activationCode": code})

    def create_referral(self, call: Call) -> Answer:
        """Create a referral, which cannot be changed afterwards."""
        body = _json(call)
        referral = _read(call, body, Referral)
        refused = self._create("referral", referral.reference, referral.study, referral.patient, body)
        return refused or _created("referrals", referral)

    def update_order(self, call: Call) -> Answer:
        """Change contact or shipping, or cancel; the latter two only until the kit is sent."""
        found = self.tests.find("order", call.parts[0])
        body = _json(call)
        change = _read(call, body, Change)
        if found is None:
            return NOT_FOUND
        if found.fulfilled and (change.cancels or change.shipping_address is not None):
            return error_answer(400, "too late: the order is with fulfilment")
        if found.cancelled:
            # Not documented, so taken and remarked on.
            call.problems.append("a change after the cancellation")
        found.cancelled |= change.cancels
        found.changes.append(body)
        return Answer(202)

    def cancel_study(self, call: Call) -> Answer:
        """Cancel an in-house study, whatever the body says."""
        body = _json(call)
        if not isinstance(body, dict):
            raise BodyError("body: must be an object")
        found = self.tests.find("study", call.parts[0])
        if found is None:
            return NOT_FOUND
        found.cancelled = True
        found.changes.append(body)
        return Answer(202)

    def _create(
        self, kind: str, reference: str, study: Study, patient: Patient | StudyPatient, body: Any, code: str = ""
    ) -> Answer | None:
        """Keep something new, or say why not."""
        check_sensors(study, self.tests.account.sensors)
        if patient.reference == reference:
            raise BodyError("data.attributes.patient.reference: must differ from the reference of the order")
        if self.tests.find(kind, reference) is not None:
            return CONFLICT
        self.tests.add(SleepTest(kind, reference, body, activation_code=code))
        return None


def _json(call: Call) -> Any:
    return read_body(call.headers.get(b"content-type", b""), call.body)


def _created(kind: str, made: Order | InHouseStudy | Referral, more: dict[str, str] | None = None) -> Answer:
    answer = json_answer(201, {"data": {"type": kind, "id": made.reference, "attributes": more or {}}})
    place = f"/v1/{kind}/{quote(made.reference, safe='')}".encode()
    return Answer(answer.status, answer.body, (*answer.headers, (b"location", place)))


def _read(call: Call, body: Any, kind: type[Attributes]) -> Attributes:
    attributes, problems = read_attributes(body, kind)
    call.problems += problems
    return attributes
