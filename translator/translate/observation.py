"""
Decide the fate of one observation: translated, held, ignored or refused, with the one reason.

The rules stand in the order in which they are asked; the first that answers decides.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from translator.record.outcome import Diagnostic, Original, PayloadObservation
from translator.record.report import Observation
from translator.record.values import Absent, Cleared, Document, Numeric, Text, Unusable
from translator.translate.codes import Match, match_codes
from translator.translate.tables import StatusRow, Tables
from translator.translate.units import UnitPlan, plan_unit
from translator.translate.values import Sent, is_no_value, numeric_value, text_value

_UNKNOWN_STATUS = StatusRow("", "", "hold", "unknown", "unknown-status")
_MEMO_SIZE = 4096


class Verdict(Struct, gc=False):
    """
    What one observation comes to, before its report is looked at.

    Shape: `status` is the FHIR status (`final`, `registered`, `entered-in-error`, ...); `table` the row that decided;
    `match` the mapping. `payload` only where `state` is translated. Its report settles `cause` and `place` (the
    indexes of submission and observation).
    """

    observation: Observation
    state: str
    reason: str
    status: str
    match: Match
    payload: PayloadObservation | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    original: Original | None = None
    cause: str = ""
    place: tuple[int, int] | None = None

    @property
    def table(self) -> str:
        """The mapping row, where there is one."""
        return self.match.row.at if self.match.row is not None else ""


class ObservationTranslator:
    """
    Translate observations of one format by one set of tables.

    Look-ups by code and unit are remembered; both memos are bounded and hold codes and units only, never a value.
    """

    def __init__(self, tables: Tables, source_format: str) -> None:
        self._tables = tables
        self._statuses = tables.observation_status.get(source_format, {})
        self._matches: dict[object, Match] = {}
        self._plans: dict[tuple[str, str], UnitPlan] = {}
        self._rules: tuple[Callable[[Observation, Match, StatusRow], tuple[str, str]], ...] = (
            self._by_place,
            self._by_table,
            self._by_retraction,
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
        return len(self._matches) + len(self._plans)

    def translate(self, observation: Observation) -> Verdict:
        """Ask every rule, then translate the value."""
        match = self._match(observation)
        status = self._statuses.get(observation.status, _UNKNOWN_STATUS)
        for rule in self._rules:
            state, reason = rule(observation, match, status)
            if state:
                retracted = reason == "retraction"
                return Verdict(observation, state, reason, "entered-in-error" if retracted else status.status, match)
        return self._value(observation, match, status.status)

    def _match(self, observation: Observation) -> Match:
        found = self._matches.get(observation.codes)
        if found is None:
            if len(self._matches) >= _MEMO_SIZE:
                self._matches.clear()
            found = self._matches[observation.codes] = match_codes(observation.codes, self._tables.observations)
        return found

    def _plan(self, observation: Observation, match: Match) -> UnitPlan:
        assert match.row is not None  # noqa: S101 - for mypy: rules before this one ended without a row
        key = (match.row.at, observation.unit)
        found = self._plans.get(key)
        if found is None:
            if len(self._plans) >= _MEMO_SIZE:
                self._plans.clear()
            found = self._plans[key] = plan_unit(match.row, observation.unit, self._tables)
        return found

    @staticmethod
    def _by_place(observation: Observation, match: Match, _: StatusRow) -> tuple[str, str]:
        if not observation.place:
            return "", ""
        mapped = match.row is not None and not match.row.ignore
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
    def _by_finding(observation: Observation, _: Match, __: StatusRow) -> tuple[str, str]:
        return ("held", observation.findings[0].code) if observation.findings else ("", "")

    @staticmethod
    def _by_kind_of_value(observation: Observation, _: Match, __: StatusRow) -> tuple[str, str]:
        # The report decides later whether a document stands beside results or alone.
        return ("ignored", "document") if isinstance(observation.value, Document) else ("", "")

    def _by_absence(self, observation: Observation, _: Match, status: StatusRow) -> tuple[str, str]:
        if isinstance(observation.value, Absent) and observation.value.reason:
            return "ignored", observation.value.reason
        if status.action != "ignore":
            return "", ""
        valueless = is_no_value(observation.value, self._tables)
        return ("ignored", status.reason) if valueless else ("held", "value-contradicts-status")

    @staticmethod
    def _by_code(_: Observation, match: Match, __: StatusRow) -> tuple[str, str]:
        return ("held", match.reason) if match.reason else ("", "")

    @staticmethod
    def _by_status(_: Observation, __: Match, status: StatusRow) -> tuple[str, str]:
        return ("held", status.reason) if status.action == "hold" else ("", "")

    def _by_missing_value(self, observation: Observation, _: Match, __: StatusRow) -> tuple[str, str]:
        if isinstance(observation.value, Absent):
            return "held", "value-missing"
        return ("held", "placeholder-value") if is_no_value(observation.value, self._tables) else ("", "")

    def _value(self, observation: Observation, match: Match, status: str) -> Verdict:
        row = match.row
        assert row is not None  # noqa: S101 - for mypy: `_by_code` ended without a row
        numeric = row.kind == "numeric"
        plan = self._plan(observation, match) if numeric else UnitPlan()
        if numeric and plan.reason and not isinstance(observation.value, Unusable):
            return Verdict(observation, "held", plan.reason, status, match)
        sent = (
            numeric_value(observation.value, row, plan) if numeric else text_value(observation.value, row, self._tables)
        )
        if sent.reason:
            return Verdict(observation, "refused" if sent.refused else "held", sent.reason, status, match)
        unit = row.unit_sent if numeric and row.unit_sent else None
        return Verdict(
            observation,
            "translated",
            "",
            status,
            match,
            PayloadObservation(row.whoop_code, sent.number, sent.text, unit, status),
            _remarks(observation, match, plan, sent),
            Original(_lexical(observation), observation.unit) if sent.converted else None,
        )


def _lexical(observation: Observation) -> str:
    value = observation.value
    if isinstance(value, Numeric):
        return value.lexical
    return value.text if isinstance(value, Text) else ""


_FIELDS = {"code": ("-3", ".code"), "unit": ("-6", ".value.unit")}


def _field_at(observation: Observation, field: str) -> str:
    """Name the place of one field in the way of the observation's format."""
    hl7v2, fhir = _FIELDS[field]
    return observation.at + (hl7v2 if observation.at.startswith("OBX[") else fhir)


def _remarks(observation: Observation, match: Match, plan: UnitPlan, sent: Sent) -> tuple[Diagnostic, ...]:
    """Say what was done to the observation, without its value."""
    row = match.row
    assert row is not None  # noqa: S101 - for mypy: only mapped observations are remarked on
    remarks = []
    if match.assumed:
        text = f"{row.code} is read as LOINC by its check digit"
        remarks.append(Diagnostic("code-system-assumed", "warning", _field_at(observation, "code"), text))
    if sent.converted and plan.conversion is not None:
        rule = plan.conversion
        formula = f"{rule.unit_from} -> {rule.unit_to}: x {rule.factor}" + (f" + {rule.offset}" if rule.offset else "")
        remarks.append(Diagnostic("unit-converted", "info", _field_at(observation, "unit"), f"{formula} ({rule.at})"))
    elif plan.respelled:
        text = f"sent to WHOOP as {row.unit_sent or 'no unit'}"
        remarks.append(Diagnostic("unit-respelled", "info", _field_at(observation, "unit"), text))
    if not row.confirmed:
        text = f"WHOOP does not document {row.whoop_code} ({row.at})"
        remarks.append(Diagnostic("code-unconfirmed", "info", _field_at(observation, "code"), text))
    return tuple(remarks)
