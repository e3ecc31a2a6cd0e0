"""
Decide the fate of one observation: translated, held, ignored or refused, with the one reason.

The rules stand in the order in which they are asked; the first that answers decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from translator.record.field_positions import field_at
from translator.record.number_form import number_form
from translator.record.outcome import Diagnostic, Original, PayloadObservation
from translator.record.quantity import number_between
from translator.record.report import Form, Observation
from translator.record.values import (
    Absent,
    Cleared,
    Coded,
    Document,
    Limit,
    Numeric,
    Range,
    Ratio,
    Text,
    Unusable,
)
from translator.translate.codes import Match
from translator.translate.route import Remark, Route, find_route
from translator.translate.tables import ObservationRow, StatusRow, Tables
from translator.translate.values import (
    Sent,
    is_no_value,
    not_obtained_text,
    numeric_value,
    placeholder,
    text_value,
)

_MEMO_SIZE = 4096
_MODIFIED = "unknown-modifier"
_QUANTITIES = frozenset({Numeric, Limit, Ratio, Range})
_WORDS = frozenset({Text, Coded})
# Here the sender itself says that it is no result (OBX-29), whatever its code; elsewhere only its position does.
_NEVER_RESULTS = frozenset({"ask-at-order-entry"})


class Verdict(Struct, gc=False):
    """
    What one observation comes to, before its report is looked at.

    Shape: `status` is the FHIR status (`final`, `registered`, `entered-in-error`, ...); `route` the way of its form.
    `payload` only where `state` is translated. Its report settles `cause`, and `submission` and
    `number`, the indexes of where it is sent.
    """

    observation: Observation
    state: str
    reason: str
    status: str
    route: Route
    payload: PayloadObservation | None = None
    remarks: tuple[Remark, ...] = ()
    original: Original | None = None
    cause: str = ""
    submission: int | None = None
    number: int | None = None

    @property
    def diagnostics(self) -> Iterator[Diagnostic]:
        """What is to be said of it."""
        return (remark.diagnostic(self.observation.at) for remark in self.remarks)

    @property
    def row(self) -> ObservationRow | None:
        """The mapping row, where there is one."""
        return self.route.match.row


class ObservationTranslator:
    """
    Translate observations of one format by one set of tables.

    Routes by code, unit and status are remembered; the memo is bounded and holds nothing of a patient.
    """

    def __init__(self, tables: Tables, source_format: str) -> None:
        self._tables = tables
        self._statuses = tables.observation_status.get(source_format, {})
        self._numbers = number_form(tables.site.decimal_mark, tables.site.group_mark)
        self._routes: dict[Form, Route] = {}
        self._rules: tuple[Callable[[Observation, Match, StatusRow], tuple[str, str]], ...] = (
            self._by_place,
            self._by_table,
            self._by_retraction,
            self._by_modifier,
            self._by_finding,
            self._by_kind_of_value,
            self._by_absence,
            self._by_code,
            self._by_status,
            self._by_missing_value,
        )

    @property
    def remembered(self) -> int:
        """How many look-ups are kept."""
        return len(self._routes)

    def translate(self, observation: Observation) -> Verdict:
        """Decide the fate of one observation."""
        return self.translate_all([observation])[0]

    def translate_all(self, observations: Iterable[Observation]) -> list[Verdict]:
        """Decide the fate of every observation, in order."""
        routes, verdicts = self._routes, []
        for observation in observations:
            route = routes.get(observation.form) or self._route(observation)
            if route.open and not observation.findings and not observation.place:
                # Nearly every result of a good feed; none of the rules has a word on it.
                value = observation.value
                if route.plain and type(value) is Numeric:
                    number = number_between(value, route.low, route.high)
                    if number is not None:
                        word = route.status.status
                        payload = PayloadObservation(route.code, number, None, route.unit, word)
                        verdicts.append(Verdict(observation, "translated", "", word, route, payload, route.remarks))
                        continue
                if type(value) in _QUANTITIES or (type(value) in _WORDS and not placeholder(value, self._tables)):
                    verdicts.append(self._value(observation, route))
                    continue
            verdicts.append(self._by_rules(observation, route))
        return verdicts

    def _by_rules(self, observation: Observation, route: Route) -> Verdict:
        """Ask every rule, then translate the value."""
        match, status = route.match, route.status
        for rule in self._rules:
            state, reason = rule(observation, match, status)
            if state:
                retracted = reason == "retraction"
                return Verdict(observation, state, reason, "entered-in-error" if retracted else status.status, route)
        return self._value(observation, route)

    def _route(self, observation: Observation) -> Route:
        if len(self._routes) >= _MEMO_SIZE:
            self._routes.clear()
        found = self._routes[observation.form] = find_route(observation, self._statuses, self._tables)
        return found

    @staticmethod
    def _by_place(observation: Observation, match: Match, _: StatusRow) -> tuple[str, str]:
        if not observation.place:
            return "", ""
        mapped = match.row is not None and not match.row.ignore and observation.place not in _NEVER_RESULTS
        return ("held", "result-out-of-place") if mapped else ("ignored", observation.place)

    @staticmethod
    def _by_table(_: Observation, match: Match, __: StatusRow) -> tuple[str, str]:
        ignored = match.row is not None and match.row.ignore
        return ("ignored", "ignored-by-table") if ignored else ("", "")

    @staticmethod
    def _by_retraction(observation: Observation, _: Match, status: StatusRow) -> tuple[str, str]:
        retracts = status.reason == "retraction" or isinstance(observation.value, Cleared)
        return ("held", "retraction") if retracts else ("", "")

    @staticmethod
    def _by_modifier(observation: Observation, _: Match, __: StatusRow) -> tuple[str, str]:
        # Nobody knows what it says, whatever its code and its status.
        return ("refused", _MODIFIED) if getattr(observation.value, "reason", "") == _MODIFIED else ("", "")

    @staticmethod
    def _by_finding(observation: Observation, _: Match, __: StatusRow) -> tuple[str, str]:
        return ("held", observation.findings[0].code) if observation.findings else ("", "")

    @staticmethod
    def _by_kind_of_value(observation: Observation, _: Match, __: StatusRow) -> tuple[str, str]:
        # The report decides later whether a document stands beside results or alone.
        return ("ignored", "document") if isinstance(observation.value, Document) else ("", "")

    def _by_absence(self, observation: Observation, match: Match, status: StatusRow) -> tuple[str, str]:
        if isinstance(observation.value, Absent) and observation.value.reason:
            return "ignored", observation.value.reason
        if status.action != "ignore" or self._says_why(observation, match, status):
            return "", ""
        valueless = is_no_value(observation.value, self._tables)
        return ("ignored", status.reason) if valueless else ("held", "value-contradicts-status")

    @staticmethod
    def _by_code(_: Observation, match: Match, __: StatusRow) -> tuple[str, str]:
        return ("held", match.reason) if match.reason else ("", "")

    @staticmethod
    def _by_status(_: Observation, __: Match, status: StatusRow) -> tuple[str, str]:
        return ("held", status.reason) if status.action == "hold" else ("", "")

    def _by_missing_value(self, observation: Observation, match: Match, status: StatusRow) -> tuple[str, str]:
        if isinstance(observation.value, Absent):
            return "held", "value-missing"
        reason = placeholder(observation.value, self._tables)
        return ("held", reason) if reason and not self._says_why(observation, match, status) else ("", "")

    def _says_why(self, observation: Observation, match: Match, status: StatusRow) -> str:
        """Give the text of what could not be obtained, where the site wants it sent."""
        if not self._tables.site.not_obtained_text or status.status != "cancelled" or match.row is None:
            return ""
        return not_obtained_text(observation.value, match.row, self._tables, self._numbers)

    def _value(self, observation: Observation, route: Route) -> Verdict:
        row, status = route.match.row, route.status
        assert row is not None  # noqa: S101 - for mypy: `_by_code` ended without a row
        if status.action == "ignore":
            text = self._says_why(observation, route.match, status)
            payload = PayloadObservation(row.whoop_code, value_text=text, status=status.status)
            return Verdict(observation, "translated", "", status.status, route, payload)
        if route.plan.reason and not isinstance(observation.value, Unusable):
            return Verdict(observation, "held", route.plan.reason, status.status, route)
        if row.kind == "numeric":
            sent = numeric_value(observation.value, row, route.plan, self._numbers)
        else:
            sent = text_value(observation.value, row, self._tables)
        if sent.reason:
            state = "refused" if sent.refused else "held"
            return Verdict(observation, state, sent.reason, status.status, route)
        return self._translated(observation, route, sent)

    @staticmethod
    def _translated(observation: Observation, route: Route, sent: Sent) -> Verdict:
        status = route.status.status
        payload = PayloadObservation(route.code, sent.number, sent.text, route.unit, status)
        original = Original(_lexical(observation), observation.unit) if sent.converted else None
        remarks = route.on_conversion if sent.converted else route.remarks
        # Analyzers write a number without a digit before its point, which HL7 forbids (v2.9 2A.3.44, NM).
        if sent.number is not None and _lexical(observation).lstrip("+-").startswith("."):
            at = field_at(observation.at, "value").removeprefix(observation.at)
            remarks += (Remark("number-respelled", "warning", at, "read as if there were a nought before the point"),)
        return Verdict(observation, "translated", "", status, route, payload, remarks, original)


def _lexical(observation: Observation) -> str:
    value = observation.value
    if isinstance(value, Numeric):
        return value.lexical
    return value.text if isinstance(value, Text) else ""
