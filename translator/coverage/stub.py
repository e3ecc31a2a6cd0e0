"""
Write rows to fill in for codes that no row maps, in the columns of a site's tables.

A row says nothing until somebody fills it in, so `translator check` names each one that is left. What it may be stands
in its note, and nowhere else.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable
from io import StringIO

from msgspec import Struct

from translator.coverage.counts import CUT, OTHERS
from translator.coverage.report import Code, Coverage, SeenCode, SeenOrder

OBSERVATIONS, STUDIES = "whoop/observations.csv", "acurable/study-codes.csv"
TO_FILL_IN = "TO FILL IN"
_COLUMNS = {
    OBSERVATIONS: (
        *("system", "code", "same_as", "display", "assume_unit"),
        *("ignore", "example_in", "example_out", "note"),
    ),
    STUDIES: ("system", "code", "display", "kind", "nights", "sensors", "example_in", "example_out", "note"),
}
# What a spreadsheet would run as a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
# A code of an order without a system is looked up as one of the sender's own.
_LOCAL = "L"


class Stub(Struct, frozen=True):
    """
    Rows to fill in for one table, as CSV.

    Shape: `left_out` are codes for which no row can be written: what a row would have to repeat is empty, was cut,
    holds characters that nobody sees, or would be run by a spreadsheet.
    """

    text: str
    rows: int
    left_out: int


def stub_of(found: Coverage) -> Stub:
    """
    Give the rows for observations, the most frequent codes first.

    Shape: of a code that comes in several companies the first triplet makes the row; without a system it is empty, as
    it is sent.
    """
    seen = [(_first(code.codings), code.count, code) for code in found.codes if code.is_open]
    return _written(OBSERVATIONS, seen)


def orders_stub_of(found: Coverage) -> Stub:
    """Give the rows for the codes of orders that mean no study yet, the most frequent first."""
    wanted = [order for order in found.order_codes if "unmapped-order" in order.reasons]
    firsts = [(_first(order.codings), order) for order in wanted]
    seen = [(Code(first.system or _LOCAL, first.code, first.name), order.count, order) for first, order in firsts]
    return _written(STUDIES, seen)


def _first(codings: tuple[Code, ...]) -> Code:
    return codings[0] if codings else Code()


def _written(table: str, seen: Iterable[tuple[Code, int, SeenCode | SeenOrder]]) -> Stub:
    firsts: dict[tuple[str, str], tuple[Code, SeenCode | SeenOrder]] = {}
    counts: Counter[tuple[str, str]] = Counter()
    left_out = 0
    for code, count, what in seen:
        key = code.system, code.code
        if _can_be_a_key(code):
            firsts.setdefault(key, (code, what))
            counts[key] += count
        else:
            left_out += 1
    text = StringIO()
    writer = csv.DictWriter(text, _COLUMNS[table], restval="", lineterminator="\n")
    writer.writeheader()
    for key, count in counts.most_common():
        code, what = firsts[key]
        row = {"system": code.system, "code": code.code, "display": _plain(code.name), "note": _note(what, count)}
        writer.writerow(row)
    return Stub(text.getvalue(), len(firsts), left_out)


def _can_be_a_key(code: Code) -> bool:
    if not code.code or OTHERS in {code.code, code.system}:
        return False
    return all(
        word.isprintable() and word == word.strip() and not word.startswith(_FORMULA) and not word.endswith(CUT)
        for word in (code.system, code.code)
    )


def _note(seen: SeenCode | SeenOrder, count: int) -> str:
    parts = [f"{TO_FILL_IN}: seen {'once' if count == 1 else f'{count} times'}"]
    if isinstance(seen, SeenCode):
        if seen.units:
            parts.append("in " + ", ".join(f"{unit} ({number})" for unit, number in seen.units.items()))
        if seen.problem not in {"", "unmapped-code"}:
            parts.append(f"{seen.problem} (translator explain {seen.problem})")
        parts += [
            f"maybe same_as {each.code} {each.display} ({each.points} of 100: {'; '.join(each.evidence)})"
            for each in seen.suggestions[:1]
        ]
    return _plain(" | ".join(parts))


def _plain(text: str) -> str:
    """Write what is for people on one line, with a mark for what nobody sees, and never as a formula."""
    line = "".join(each if each.isprintable() else "\ufffd" for each in " ".join(text.split()))
    return f"'{line}" if line.startswith(_FORMULA) else line
