"""
Say how one observation became what is sent, or why it did not: each operation with what went in and what came out.

The trace asks the functions that translate, by the same tables, and writes their answers down; it decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from msgspec import Struct

from translator.record.field_positions import field_at
from translator.record.number_form import number_form
from translator.record.outcome import Diagnostic, Entry, PayloadObservation
from translator.record.quantity import read_quantity
from translator.record.report import Observation
from translator.record.value_words import in_words
from translator.record.values import Coded, Coding, Numeric, Text
from translator.translate.codes import Match, match_codes
from translator.translate.observation import ObservationTranslator
from translator.translate.tables import Conversion, ObservationRow, Tables
from translator.translate.units import UnitPlan, convert, plan_unit, spelling_key, unrounded
from translator.translate.values import Sent, fold, numeric_value, text_value

_SPELLINGS = "units/spellings.csv"
_ANSWERS = "whoop/coded-values.csv"


class Step(Struct, frozen=True, gc=False, omit_defaults=True):
    """
    One operation.

    Shape: `name` says which; `at` is the position that `given` was read from; `table` the row that decided
    (`units/conversions.csv:7`); `text` says in words what the others cannot.
    """

    name: str
    given: str = ""
    result: str = ""
    at: str = ""
    table: str = ""
    text: str = ""


def trace_observation(observation: Observation, source_format: str, tables: Tables) -> tuple[Step, ...]:
    """
    Trace one observation from what was read to what it comes to by itself, before its report is looked at.

    Shape: steps in the order in which they are taken, up to the one that ended it.
    """
    return tuple(_Trace(observation, source_format, tables).steps())


def trace_fate(
    entry: Entry,
    own: Sequence[Step],
    sent: PayloadObservation | None,
    diagnostics: Sequence[Diagnostic],
    tables: Tables,
) -> tuple[Step, ...]:
    """
    Say what became of an observation in the end.

    Shape: `own` are the steps of the observation by itself, `sent` is the payload observation that it is in, if any.
    What held its report comes first, if that is why; then its state, with cause and remedy where it is not sent.
    """
    if sent is not None:
        words = payload_words(sent)
        is_alone = any(step.name == "result" and step.result == words for step in own)
        text = "" if is_alone else "made of several observations: the lines of one text"
        return (Step("payload", "", words, "", entry.table, text), Step("fate", "", entry.state))
    steps = [
        Step("report", found.code, "held", found.at, _reason_at(found.code, tables), found.text)
        for found in diagnostics
        if found.code == entry.cause and found.severity == "error"
    ][:1]
    at = _reason_at(entry.reason, tables)
    text = f"{tables.reasons[entry.reason].cause} {tables.reasons[entry.reason].remedy}" if at else ""
    return (*steps, Step("fate", entry.reason, entry.state, "", at, text))


def _reason_at(code: str, tables: Tables) -> str:
    return tables.reasons[code].at if code in tables.reasons else ""


class _Trace:
    def __init__(self, observation: Observation, source_format: str, tables: Tables) -> None:
        self._observation = observation
        self._tables = tables
        self._statuses = tables.observation_status.get(source_format, {})
        self._numbers = number_form(tables.site.decimal_mark, tables.site.group_mark)
        self._verdict = ObservationTranslator(tables, source_format).translate(observation)

    def steps(self) -> Iterator[Step]:
        yield self._read()
        yield from self._codes()
        yield self._status()
        row = self._verdict.row
        if row is None or row.ignore:
            return
        if row.kind == "numeric":
            yield from self._numeric(row)
        else:
            yield from self._answer(row)
        if self._verdict.payload is not None:
            yield Step("result", "", payload_words(self._verdict.payload), "", row.at)

    def _at(self, part: str) -> str:
        return field_at(self._observation.at, part)

    def _read(self) -> Step:
        observation = self._observation
        kind = f"value type {observation.value_type}" if observation.value_type else ""
        return Step("read", result=in_words(observation.value), at=self._at("value"), text=kind)

    def _codes(self) -> Iterator[Step]:
        for coding in self._observation.codes:
            match = match_codes((coding,), self._tables.observations)
            at = match.row.at if match.row is not None else ""
            text = "taken for LOINC by its check digit" if match.assumed else ""
            yield Step("code", _coding(coding), _target(match), self._at("code"), at, text)
        if len(self._observation.codes) != 1:
            text = f"{len(self._observation.codes)} codes offered"
            yield Step(
                "codes", "", _target(self._verdict.route.match), self._at("code"), self._verdict.route.table, text
            )

    def _status(self) -> Step:
        sent = self._observation.status
        row = self._statuses.get(sent)
        result = (row.status or row.action) if row is not None else "unknown-status"
        return Step("status", sent, result, self._at("status"), row.at if row is not None else "")

    def _numeric(self, row: ObservationRow) -> Iterator[Step]:
        """Follow a value for a numeric code, if no rule before had ended it."""
        unit = self._observation.unit
        assumed = row.assume_unit if not unit and not self._observation.no_unit else ""
        plan = plan_unit(row, unit or assumed, self._tables)
        sent = numeric_value(self._observation.value, row, plan, self._numbers)
        if not self._led_to(Sent(reason=plan.reason) if plan.reason else sent):
            return
        yield from self._unit(row, unit or assumed, plan, assumed=bool(assumed))
        value = self._observation.value
        if isinstance(value, Text):
            found = read_quantity(value.text, self._numbers)
            yield Step("number", value.text, in_words(found) if found is not None else sent.reason)
            value = found if found is not None else value
        if plan.reason or not isinstance(value, Numeric):
            return
        number = value.number
        if plan.conversion is not None:
            number = convert(number, plan.conversion)
            yield from _conversion(value.number, number, plan.conversion)
        yield _range(number, row, sent)

    def _led_to(self, sent: Sent) -> bool:
        """Tell whether the verdict is what this value comes to, and not what an earlier rule said."""
        payload = self._verdict.payload
        if payload is None:
            return bool(sent.reason) and sent.reason == self._verdict.reason
        return (sent.number, sent.text) == (payload.value_numeric, payload.value_text)

    def _unit(self, row: ObservationRow, unit: str, plan: UnitPlan, *, assumed: bool) -> Iterator[Step]:
        key = spelling_key(row, unit, self._tables)
        text = f"nothing sent; the site declares {unit}" if assumed else ""
        if key is None:
            yield Step("unit", unit, plan.reason or "no unit needed", self._at("unit"), row.at, text)
            return
        ucum, at = self._tables.spellings[key], self._tables.places.get((_SPELLINGS, *key), "")
        yield Step("unit", unit, ucum, self._at("unit"), at, text)
        if plan.reason:
            yield Step("conversion", ucum, plan.reason, "", row.at, f"no rule leads to {row.unit}")

    def _answer(self, row: ObservationRow) -> Iterator[Step]:
        """Follow a value for a text code: the listed answer, or the text as it is."""
        sent = text_value(self._observation.value, row, self._tables)
        if not self._led_to(sent):
            return
        at = next((place for key in self._answer_keys(row) if (place := self._tables.places.get(key))), "")
        given = in_words(self._observation.value)
        yield Step("answer", given, sent.text or sent.reason, "", at, "" if at else "no listed answer")

    def _answer_keys(self, row: ObservationRow) -> Iterator[tuple[str, ...]]:
        value = self._observation.value
        if isinstance(value, Coded):
            for coding in value.codings:
                yield _ANSWERS, row.whoop_code, coding.system, coding.code
            for coding in value.codings:
                yield _ANSWERS, row.whoop_code, "", fold(coding.text or coding.code)
        if isinstance(value, Coded | Text):
            yield _ANSWERS, row.whoop_code, "", fold(value.text)


def payload_words(sent: PayloadObservation) -> str:
    """Write what is sent of one observation."""
    value = sent.value_text if sent.value_numeric is None else repr(sent.value_numeric)
    return " ".join(filter(None, (sent.code, value, sent.unit, sent.status)))


def _conversion(number: Decimal, rounded: Decimal, rule: Conversion) -> Iterator[Step]:
    formula = f"x {rule.factor}" + (f" + {rule.offset}" if rule.offset else "")
    exact = unrounded(number, rule)
    yield Step("conversion", f"{number} {rule.unit_from}", f"{exact:f} {rule.unit_to}", "", rule.at, formula)
    if rule.step is not None:
        how = f"half-even, to {rule.step}"
    else:
        how = f"half-even, to {len(number.as_tuple().digits) + 1} digits: as many as were written, plus one"
    yield Step("rounding", f"{exact:f}", f"{rounded:f}", "", rule.at, how)


def _range(number: Decimal, row: ObservationRow, sent: Sent) -> Step:
    low = "any" if row.minimum is None else str(row.minimum)
    high = "any" if row.maximum is None else str(row.maximum)
    return Step(
        "range", f"{number:f}", sent.reason or "plausible", "", row.at, f"{low} to {high} {row.unit_sent}".strip()
    )


def _coding(coding: Coding) -> str:
    return " ".join(filter(None, (coding.system, coding.code)))


def _target(match: Match) -> str:
    if match.row is None:
        return match.reason
    return f"ignored: {match.row.ignore}" if match.row.ignore else match.row.whoop_code
