"""
Turn a value into what WHOOP takes: one exact number, or a text that says neither more nor less than the lab did.

A limit, a titre or a range never becomes a number, and a numeric code never takes free text.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from translator.record.number_form import NumberForm
from translator.record.quantity import canonical, is_ambiguous, is_too_long, json_number, read_quantity
from translator.record.values import Absent, Coded, Limit, Numeric, Range, Ratio, Text, Unusable, Value
from translator.translate.tables import ObservationRow, Tables
from translator.translate.units import UnitPlan, convert


class Sent(Struct, frozen=True, gc=False):
    """
    What is sent, or why nothing is.

    Shape: exactly one of `number`, `text` and `reason` is set; `refused` tells a refusal from a hold; `converted` that
    the number is not the one as sent.
    """

    number: int | float | None = None
    text: str | None = None
    reason: str = ""
    refused: bool = False
    converted: bool = False


def is_no_value(value: Value, tables: Tables) -> bool:
    """Tell a value that says that there is none: nothing sent, or a listed placeholder such as TNP."""
    return isinstance(value, Absent) or bool(placeholder(value, tables))


def placeholder(value: Value, tables: Tables) -> str:
    """
    Give the reason of a listed placeholder, or nothing.

    Shape: a code of a system that has a URI, or one that is a listed answer, means what it means there.
    """
    if isinstance(value, Text):
        return tables.placeholders.get(fold(value.text), "")
    if isinstance(value, Coded) and not any(":" in coding.system for coding in value.codings):
        reason = tables.placeholders.get(fold(value.text or next((coding.code for coding in value.codings), "")), "")
        return "" if reason and _is_listed_code(value, tables) else reason
    return ""


def _is_listed_code(value: Coded, tables: Tables) -> bool:
    codes = {(coding.system, coding.code) for coding in value.codings if coding.system}
    return any((system, code) in codes for _, system, code in tables.coded_values)


def not_obtained_text(value: Value, row: ObservationRow, tables: Tables, form: NumberForm | None = None) -> str:
    """
    Give the text that says why there is no result.

    Absent: empty where there is no text, or where the text is a result: a number, a listed answer.
    """
    if not isinstance(value, (Text, Coded)):
        return ""
    text = value.text
    if is_ambiguous(text) or read_quantity(text, form) or _answers(value, row.whoop_code, tables):
        return ""
    return text


def fold(text: str) -> str:
    """Trim and fold case: how coded answers and placeholders are compared."""
    return " ".join(text.split()).casefold()


def numeric_value(value: Value, row: ObservationRow, plan: UnitPlan, form: NumberForm | None = None) -> Sent:
    """
    Send a value for a numeric code.

    Shape: a number goes through the unit's conversion and the row's guards; limits, ratios and ranges become text in
    canonical form. `form` is the sender's own way to write numbers in text.
    """
    if isinstance(value, Text):
        found = None if value.prose else read_quantity(value.text, form)
        if found is None:
            return Sent(reason=_why_no_number(value, form))
        value = found
    if isinstance(value, Numeric):
        return _number(value, row, plan)
    text = canonical_text(value)
    if text is None:
        return _unusable(value, "value-not-numeric")
    if plan.conversion is not None:
        return Sent(reason="unit-not-convertible")
    if not row.negative and any(part.startswith("-") for part in _parts(value)):
        return Sent(reason="negative-value")
    return Sent(text=text)


def _why_no_number(value: Text, form: NumberForm | None) -> str:
    if not value.prose and is_too_long(value.text, form):
        return "value-too-precise"
    return "value-ambiguous" if is_ambiguous(value.text) else "value-not-numeric"


def _number(value: Numeric, row: ObservationRow, plan: UnitPlan) -> Sent:
    number = value.number if plan.conversion is None else convert(value.number, plan.conversion)
    if value.number.is_signed() and value.number and not row.negative:
        return Sent(reason="negative-value")
    if _is_outside(number, row):
        return Sent(reason="implausible")
    exact = json_number(number)
    if exact is None:
        return Sent(reason="value-too-precise")
    return Sent(number=exact, converted=plan.conversion is not None)


def _is_outside(number: Decimal, row: ObservationRow) -> bool:
    return (row.minimum is not None and number < row.minimum) or (row.maximum is not None and number > row.maximum)


def canonical_text(value: Value) -> str | None:
    """Write a limit, ratio or range the one canonical way."""
    if isinstance(value, Limit):
        return value.comparator + canonical(value.lexical)
    if isinstance(value, Ratio):
        return f"{value.comparator}{canonical(value.left)}{value.separator}{canonical(value.right)}"
    if isinstance(value, Range):
        return f"{canonical(value.low)}-{canonical(value.high)}"
    return None


def _parts(value: Value) -> tuple[str, ...]:
    """Give the numbers of a limit, a ratio or a range, as written."""
    if isinstance(value, Limit):
        return (value.lexical,)
    if isinstance(value, Ratio):
        return value.left, value.right
    return (value.low, value.high) if isinstance(value, Range) else ()


def text_value(value: Value, row: ObservationRow, tables: Tables) -> Sent:
    """
    Send a value for a text code.

    Shape: a code with listed answers takes only those, by (system, code) or by spelling; other text codes take text
    as it is.
    """
    answers = [*_answers(value, row.whoop_code, tables)]
    distinct = set(answers)
    if len(distinct) == 1:
        return Sent(text=answers[0])
    if distinct or row.whoop_code in tables.answered_codes:
        return _unusable(value, "unmapped-value")
    if isinstance(value, Text):
        return Sent(text=value.text)
    if isinstance(value, Coded) and value.text:
        return Sent(text=value.text)
    text = canonical_text(value)
    return Sent(text=text) if text else _unusable(value, "unmapped-value")


def _answers(value: Value, whoop_code: str, tables: Tables) -> list[str]:
    """Give every listed answer that a value's codes lead to, and its texts: a code that its own words deny is none."""
    known = tables.coded_values
    if isinstance(value, Text):
        return _listed([known.get((whoop_code, "", fold(value.text)))])
    if not isinstance(value, Coded):
        return []
    by_code = _listed([known.get((whoop_code, coding.system, coding.code)) for coding in value.codings])
    if not by_code:
        texts = [value.text, *(coding.text or coding.code for coding in value.codings)]
    elif len(value.codings) == 1 and value.codings[0].text in {"", value.text}:
        # Most often the words of an answer are those of its one code.
        texts = [value.text]
    else:
        texts = [value.text, *(coding.text for coding in value.codings)]
    return by_code + _listed([known.get((whoop_code, "", fold(text))) for text in texts if text])


def _listed(answers: list[str | None]) -> list[str]:
    return [answer for answer in answers if answer is not None]


def _unusable(value: Value, otherwise: str) -> Sent:
    if isinstance(value, Unusable):
        return Sent(reason=value.reason, refused=value.refused)
    return Sent(reason=otherwise)
