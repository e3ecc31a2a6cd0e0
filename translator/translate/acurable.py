"""
Turn the orders of one message into what Acurable is sent: one submission per order, one entry per order.

What an order lacks is refused before anything is sent, each lack by its own reason. What nobody has decided is held.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from translator.record.order import Order
from translator.record.outcome import Diagnostic, Entry, OrderPayload, Submission
from translator.record.report import Finding, Message
from translator.record.time_zones import moment
from translator.translate.codes import match_codes
from translator.translate.order_fields import OrderFacts, chosen_telephone, refusals, values_of
from translator.translate.study import match_study
from translator.translate.tables import CONTROLS, StatusRow, Tables
from translator.translate.whoop import Translation

DESTINATION = "acurable"
LAYOUT = "layout"
_ANSWER = "ask-at-order-entry"
# Of an observation that no order of a bundle names; in HL7 every one stands in the order form.
_LOOSE = "not-a-result-position"
_UNDECIDED = StatusRow("", "", "hold", reason="order-control-undecided")
_STATES = {"ignore": "ignored", "hold": "held", "refuse": "refused"}
# What Acurable lets one do, by kind of study and by what is asked for; a reason where it does not.
_BODIES: Mapping[tuple[str, str], str] = {
    ("order", "create"): "order",
    ("order", "update"): "order-update",
    ("order", "cancel"): "order-cancel",
    ("study", "create"): "study",
    ("study", "cancel"): "study-cancel",
    ("referral", "create"): "referral",
}
_UNCHANGEABLE = {"study": "study-unchangeable", "referral": "referral-unchangeable"}
# Both are told by the same call.
_KINDS = {"order-cancel": "order-update"}
_GUESSED = frozenset({"order-update", "order-cancel", "study-cancel"})


class Fate(NamedTuple):
    """What an order comes to: a body, or a state with a reason; `said` are remarks."""

    state: str
    reason: str = ""
    table: str = ""
    kind: str = ""
    body: dict[str, Any] | None = None
    said: tuple[Diagnostic, ...] = ()


class AcurableTranslator:
    """Translate the orders of messages of both formats by one set of tables; it keeps nothing of a message."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def translate(self, message: Message) -> Translation:
        """Give every order its fate, and every observation beside one its place."""
        result = Translation([], [], [], set())
        result.said += [_diagnostic("warning", finding) for finding in message.findings]
        if message.refused is not None:
            result.said.append(_diagnostic("error", message.refused))
        result.said += [_diagnostic("error", finding) for finding in message.held]
        repeated = _repeated(message.orders)
        for order in message.orders:
            self._take(order, self._fate(order, message, repeated), result)
        result.entries += self._beside(message)
        result.states |= {entry.state for entry in result.entries}
        if message.refused is not None:
            result.states = {"refused"}
        elif not message.orders:
            result.said.append(Diagnostic("no-orders", "error", "", "the message orders nothing"))
            result.states = {"held"}
        return result

    def _beside(self, message: Message) -> Iterator[Entry]:
        """Give every observation beside the orders its place: an answer, or what no order of the message names."""
        answers = {answer.at for order in message.orders for answer in order.answers}
        for seen in (each for report in message.reports for each in report.observations):
            if message.refused is not None:
                yield Entry(seen.at, "refused", message.refused.code)
            elif message.format != "fhir" or seen.at in answers:
                yield Entry(seen.at, "ignored", _ANSWER)
            elif match_codes(seen.codes, self._tables.observations).row is not None:
                yield Entry(seen.at, "held", "result-out-of-place")
            else:
                yield Entry(seen.at, "ignored", _LOOSE)

    def _take(self, order: Order, fate: Fate, result: Translation) -> None:
        number = len(result.submissions) if fate.body is not None else None
        result.entries.append(Entry(order.at, fate.state, fate.reason, "", number, None, fate.table))
        result.said += fate.said
        if fate.body is not None:
            result.submissions.append(self._submission(order, fate.kind, fate.body))

    def _fate(self, order: Order, message: Message, repeated: frozenset[str]) -> Fate:
        """Decide one order: what the message is, what is asked for, what is in doubt, what it means, what it lacks."""
        if message.refused is not None:
            return Fate("refused", message.refused.code)
        if order.is_replaced:
            return Fate("ignored", "superseded")
        control = self._tables.order_controls.get(message.format, {}).get(order.sent_control, _UNDECIDED)
        if control.action not in CONTROLS:
            return Fate(_STATES[control.action], control.reason, control.at)
        if message.held:
            return Fate("held", message.held[0].code)
        if order.findings:
            said = tuple(_diagnostic("error", finding) for finding in order.findings)
            return Fate("held", order.findings[0].code, said=said)
        if order.placer.value in repeated:
            return _stopped(order, "held", "order-repeated", "two orders of the message have one number")
        return self._meant(order, control.action)

    def _meant(self, order: Order, control: str) -> Fate:
        layout = self._tables.order_layout
        study, reason = match_study(order.codes, self._tables)
        if study is None and control == "cancel" and not order.codes and not layout.confirmed:
            return _unconfirmed_change(order)
        if study is None:
            return Fate("held", reason)
        kind = body_kind(study.kind, control)
        if not kind:
            text = f"Acurable lets nobody {control} what was ordered this way"
            return _stopped(order, "refused", _UNCHANGEABLE[study.kind], text, study.at)
        if kind in _GUESSED and not layout.confirmed and order.placer.value:
            return _unconfirmed_change(order, study.at)
        facts = OrderFacts(order, study, layout)
        values = values_of(facts)
        lacks = list(refusals(facts, kind, values))
        if lacks:
            said = tuple(Diagnostic(code, "error", order.at, text) for code, text in lacks)
            return Fate("refused", lacks[0][0], study.at, said=said)
        remarks = (
            *_county_repeated(facts, kind),
            *_phone_unmarked(facts, kind),
            *_unconfirmed(order, confirmed=layout.confirmed),
        )
        return Fate("translated", "", study.at, _KINDS.get(kind, kind), layout.fill(kind, values), remarks)

    def _submission(self, order: Order, kind: str, body: dict[str, Any]) -> Submission:
        patient, site = order.patient, self._tables.site
        times = (moment(text, site.time_zone).text for text in order.times)
        return Submission(
            DESTINATION,
            order.placer.value,
            OrderPayload(body),
            (),
            (next((each.value for each in patient.references if each.value), ""), patient.birth_date.replace("-", "")),
            next(filter(None, times), ""),
            () if self._tables.order_layout.confirmed else (LAYOUT,),
            kind=kind,
        )


def body_kind(study: str, control: str) -> str:
    """Name the body by which something is asked for; empty where Acurable does not let one ask for it."""
    return _BODIES.get((study, control), "")


def cancellation(reference: str, kind: str, tables: Tables) -> Submission | None:
    """
    Make the cancellation of an order or a study that was sent.

    Absent: None where it cannot be cancelled, or the site has not confirmed how that is written.
    """
    body = {"order": "order-cancel", "order-update": "order-cancel", "study": "study-cancel"}.get(kind, "")
    layout = tables.order_layout
    if not body or not layout.confirmed:
        return None
    filled = OrderPayload(layout.fill(body, {"reference": reference}))
    return Submission(DESTINATION, reference, filled, kind=_KINDS.get(body, body))


def _repeated(orders: tuple[Order, ...]) -> frozenset[str]:
    """Name the numbers that two orders of one message have, of those that ask for anything."""
    counted = Counter(order.placer.value for order in orders if order.control and order.placer.value)
    return frozenset(number for number, count in counted.items() if count > 1)


def _stopped(order: Order, state: str, reason: str, text: str, table: str = "") -> Fate:
    return Fate(state, reason, table, said=(Diagnostic(reason, "error", order.at, text),))


def _county_repeated(facts: OrderFacts, kind: str) -> tuple[Diagnostic, ...]:
    address = facts.order.patient.address
    has_county = any(getattr(address, name) for name in facts.layout.county if name != "city")
    if has_county or "address.county" not in facts.layout.uses(kind):
        return ()
    return (Diagnostic("county-repeated", "info", facts.order.at, "the city stands for the county as well"),)


def _phone_unmarked(facts: OrderFacts, kind: str) -> tuple[Diagnostic, ...]:
    if "patient.mobile" not in facts.layout.uses(kind) or chosen_telephone(facts)[0] != "unmarked":
        return ()
    text = "nobody says that the telephone is a mobile; it is taken for one"
    return (Diagnostic("phone-unmarked", "info", facts.order.at, text),)


def _unconfirmed_change(order: Order, table: str = "") -> Fate:
    return _stopped(order, "held", "layout-unconfirmed", "how a change is written is not public", table)


def _unconfirmed(order: Order, *, confirmed: bool) -> tuple[Diagnostic, ...]:
    if confirmed:
        return ()
    text = "the site has not confirmed how an order is laid out"
    return (Diagnostic("layout-unconfirmed", "info", order.at, text),)


def _diagnostic(severity: str, finding: Finding) -> Diagnostic:
    return Diagnostic(finding.code, severity, finding.at, finding.text)
