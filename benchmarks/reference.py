"""
Translate clean messages plainly: the two readers, written for this comparison alone, that ours is held against.

`PlainReader` is the reference of every ratio: it splits the segments and fields that a payload needs and no others,
follows the rules of the tables for every value, and writes the payload. `BareReader` is the floor: it trusts what it
reads and only puts it together. Neither accounts for what it leaves out, says where a value came from, remembers
anything, or knows what to do with a message that is not clean. For messages of `messages.py` both give the same payload
bytes as the engine.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any, TypeAlias

import msgspec

from translator.translate.codes import LOINC
from translator.translate.tables import ObservationRow, Tables
from translator.translate.units import plan_unit

# (service request, payload bytes) of each order.
Payloads: TypeAlias = list[tuple[str, bytes]]

_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")
_LIMIT = re.compile(r"(<=|>=|<|>)\s*([0-9]+(?:\.[0-9]+)?)")
_ESCAPE = re.compile(r"\\([FSTRE])\\")
_ESCAPED = {"F": "|", "S": "^", "T": "&", "R": "~", "E": "\\"}
_STATUSES = {"F": "final", "C": "corrected", "P": "preliminary", "A": "partial"}


class PlainReader:
    """Translate one message by the tables, one step after another."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._encode = msgspec.json.Encoder().encode

    def __call__(self, raw: bytes) -> Payloads:
        """Walk the segments once; orders of one service request are put together."""
        orders: dict[str, dict[str, Any]] = {}
        observations: list[dict[str, Any]] = []
        placer = ""
        for segment in raw.decode().split("\r"):
            name = segment[:3]
            if name == "OBX":
                observations.append(self._observation(segment.split("|")))
            elif name == "ORC":
                placer = _first(segment.split("|")[2])
            elif name == "OBR":
                fields = segment.split("|")
                request = _first(fields[2]).lower()
                if not _UUID.fullmatch(request) or request != placer.lower():
                    raise ValueError(name)
                order = orders.setdefault(request, {"status": _STATUSES[fields[25]], "observations": []})
                observations = order["observations"]
        return [(request, self._encode(order)) for request, order in orders.items()]

    def _observation(self, fields: list[str]) -> dict[str, Any]:
        row = self._row(fields[3])
        sent = self._text(fields[2], fields[5], row) if row.kind == "text" else self._quantity(fields, row)
        return {"code": row.whoop_code, **sent, "status": _STATUSES[_first(fields[11])]}

    def _row(self, field: str) -> ObservationRow:
        """Look every triplet up."""
        parts = [_unescaped(part) for part in field.split("^")]
        systems, rows = self._tables.systems, self._tables.observations
        found = None
        for at in range(0, len(parts) - 2, 3):
            system = parts[at + 2]
            found = found or rows.get((systems.get(system, system), parts[at]))
        if found is None:
            raise ValueError(field)
        return found

    def _text(self, value_type: str, field: str, row: ObservationRow) -> dict[str, Any]:
        parts = [_unescaped(part) for part in field.split("^")]
        system = self._tables.systems[parts[2]] if value_type == "CWE" else ""
        code = parts[0] if system else " ".join(parts[0].split()).casefold()
        return {"value_text": self._tables.coded_values[row.whoop_code, system, code]}

    def _quantity(self, fields: list[str], row: ObservationRow) -> dict[str, Any]:
        parts = [_unescaped(part) for part in fields[5].split("^")]
        text = "".join(parts[:2]).strip()
        factor = unit_factor(self._tables, _unescaped(_first(fields[6])), row)
        unit = {"unit": row.unit_sent} if row.unit_sent else {}
        if _NUMBER.fullmatch(text):
            return {"value_numeric": plausible(Decimal(text), factor, row), **unit}
        limit = _LIMIT.fullmatch(text)
        if limit is None or factor is not None:
            raise ValueError(row.code)
        return {"value_text": f"{limit[1]}{limit[2]}", **unit}


def unit_factor(tables: Tables, unit: str, row: ObservationRow) -> Decimal | None:
    """Give the conversion of a unit as sent, None where there is nothing to convert."""
    ucum = tables.spellings.get((row.whoop_code, unit)) or tables.spellings.get(("", unit), "")
    if ucum == row.unit:
        return None
    rule = tables.conversions.get((row.whoop_code, ucum, row.unit)) or tables.conversions["", ucum, row.unit]
    return None if rule.rule == "equal" else rule.factor


def _first(field: str) -> str:
    return field.split("~", 1)[0].split("^", 1)[0]


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda match: _ESCAPED[match[1]], text) if "\\" in text else text


def plausible(number: Decimal, factor: Decimal | None, row: ObservationRow) -> int | float:
    """Convert, and let through what lies between the bounds and is exact as a JSON number."""
    number = number if factor is None else _converted(number, factor)
    outside = (row.minimum is not None and number < row.minimum) or (row.maximum is not None and number > row.maximum)
    double = float(number)
    if outside or Decimal(repr(double)) != number:
        raise ValueError(row.code)
    return int(double) if double.is_integer() else double


class BareReader:
    """Put together what stands in one message: no grammar, no bounds, no unit is looked at."""

    def __init__(self, tables: Tables) -> None:
        rows = [row for row in tables.observations.values() if row.system == LOINC]
        self._codes = {row.code: (row.whoop_code, row.kind == "numeric", row.unit_sent) for row in rows}
        plans = {row.code: plan_unit(row, row.wire_unit, tables).conversion for row in rows}
        self._factors = {code: plan.factor for code, plan in plans.items() if plan is not None}
        self._answers = {(code, answer): text for (code, _, answer), text in tables.coded_values.items()}
        self._encode = msgspec.json.Encoder().encode

    def __call__(self, raw: bytes) -> Payloads:
        """Walk the segments once."""
        orders: list[tuple[str, dict[str, Any]]] = []
        observations: list[dict[str, Any]] = []
        for segment in raw.decode().split("\r"):
            name = segment[:3]
            if name == "OBX":
                observations.append(self._observation(segment.split("|", 12)))
            elif name == "OBR":
                fields = segment.split("|", 26)
                observations = []
                orders.append((fields[2], {"status": _STATUSES[fields[25]], "observations": observations}))
        return [(request, self._encode(payload)) for request, payload in orders]

    def _observation(self, fields: list[str]) -> dict[str, Any]:
        coding = fields[3].split("^")
        code = coding[0] if coding[2] == "LN" else coding[3]
        whoop_code, is_numeric, unit = self._codes[code]
        sent: dict[str, Any] = {"code": whoop_code}
        value = fields[5].replace("^", "") if fields[2] == "SN" else fields[5]
        if not is_numeric:
            sent["value_text"] = self._answers[whoop_code, value.split("^", 1)[0].casefold()]
        elif value[0] in "<>":
            sent["value_text"] = value
        else:
            factor = self._factors.get(code)
            number = float(value) if factor is None else float(_converted(Decimal(value), factor))
            sent["value_numeric"] = int(number) if number.is_integer() else number
        if unit:
            sent["unit"] = unit
        sent["status"] = _STATUSES[fields[11]]
        return sent


def _converted(number: Decimal, factor: Decimal) -> Decimal:
    digits = len(number.as_tuple().digits) + 1
    return Context(prec=digits, rounding=ROUND_HALF_EVEN).multiply(number, factor)
