"""
Find the way of an observation before its value is seen: mapping row, status, unit, and what is to be said of it.

A feed has few ways, so they can be remembered; they hold codes and units, and nothing of a patient.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from translator.record.field_positions import field_at
from translator.record.outcome import Diagnostic
from translator.record.quantity import bound
from translator.record.report import Observation
from translator.translate.codes import Match, match_codes
from translator.translate.tables import ObservationRow, StatusRow, Tables
from translator.translate.units import UnitPlan, plan_unit

_UNKNOWN_STATUS = StatusRow("", "", "hold", "unknown", "unknown-status")


class Remark(Struct, frozen=True, gc=False):
    """What is said of an observation, at one of its parts; `converted` only where its number was converted."""

    code: str
    severity: str
    below: str
    text: str
    converted: bool = False

    def diagnostic(self, at: str) -> Diagnostic:
        """Say it of the observation at this place."""
        return Diagnostic(self.code, self.severity, at + self.below, self.text)


class Route(Struct, frozen=True, gc=False):
    """
    What codes, unit and status decide before any value is seen.

    Shape: on an `open` route no rule about codes, units or statuses stops a value; on a `plain` one a number goes
    straight to its guards, `low` and `high`. `remarks` are said of every
    result, `on_conversion` of one that is converted.
    """

    match: Match
    status: StatusRow
    plan: UnitPlan = UnitPlan()
    open: bool = False
    plain: bool = False
    code: str = ""
    unit: str | None = None
    remarks: tuple[Remark, ...] = ()
    table: str = ""
    confirmed: bool = False
    low: float = 0.0
    high: float = 0.0
    on_conversion: tuple[Remark, ...] = ()


def find_route(observation: Observation, statuses: Mapping[str, StatusRow], tables: Tables) -> Route:
    """Look up what an observation's codes, status and unit lead to."""
    match = match_codes(observation.codes, tables.observations)
    status = statuses.get(observation.status, _UNKNOWN_STATUS)
    row = match.row
    if row is None:
        return Route(match, status)
    plan = _plan(observation, match, row, tables)
    remarks = tuple(_remarks(observation, match, row, plan))
    is_open = status.action == "send" and not row.ignore and not plan.reason
    low, high = bound(row.minimum), bound(row.maximum)
    return Route(
        match,
        status,
        plan,
        is_open,
        is_open and row.kind == "numeric" and plan.conversion is None and None not in {low, high},
        row.whoop_code,
        row.unit_sent or None if row.kind == "numeric" else None,
        tuple(remark for remark in remarks if not remark.converted),
        row.at,
        row.confirmed,
        low or 0.0,
        high or 0.0,
        remarks,
    )


def _plan(observation: Observation, match: Match, row: ObservationRow, tables: Tables) -> UnitPlan:
    if row.ignore or row.kind != "numeric":
        return UnitPlan()
    return plan_unit(row, row.assume_unit if _is_assumed(observation, match) else observation.unit, tables)


def _is_assumed(observation: Observation, match: Match) -> bool:
    """Tell a unit that nobody sent; HL7 null says that there is none, so nothing is assumed."""
    return bool(match.row and match.row.assume_unit and not observation.unit and not observation.no_unit)


def _remarks(observation: Observation, match: Match, row: ObservationRow, plan: UnitPlan) -> Iterator[Remark]:
    """Say what is done to every observation like this one, without any value."""
    # A composite quantity brings its unit within the value.
    unit = _below(observation, "value" if observation.value_type == "CQ" else "unit")
    code = _below(observation, "code")
    if match.assumed:
        text = f"{row.code} is read as LOINC by its check digit"
        yield Remark("code-system-assumed", "warning", code, text)
    if _is_assumed(observation, match) and row.kind == "numeric":
        yield Remark("unit-assumed", "warning", unit, f"read in {row.assume_unit}, as the site declares ({row.at})")
    if plan.conversion is not None:
        rule = plan.conversion
        formula = f"{rule.unit_from} -> {rule.unit_to}: x {rule.factor}" + (f" + {rule.offset}" if rule.offset else "")
        yield Remark("unit-converted", "info", unit, f"{formula} ({rule.at})", converted=True)
    elif plan.respelled and observation.unit:
        yield Remark("unit-respelled", "info", unit, f"sent to WHOOP as {row.unit_sent or 'no unit'}")
    if not row.confirmed:
        text = f"WHOOP does not document {row.whoop_code} ({row.at})"
        yield Remark("code-unconfirmed", "info", code, text)


def _below(observation: Observation, part: str) -> str:
    """Name a part's place below its observation, which is the same for every observation of a route."""
    return field_at(observation.at, part).removeprefix(observation.at)
