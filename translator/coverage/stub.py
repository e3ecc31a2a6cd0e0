"""
Write rows to fill in for codes that no row maps, in the format of a site's `whoop/observations.csv`.

A row has neither `same_as` nor `ignore` until somebody fills one of them in, so `translator check` names each row that
is left. What it may be stands in its note, and nowhere else.
"""

from __future__ import annotations

import csv
from collections import Counter
from io import StringIO

from translator.coverage.counts import CUT, OTHERS
from translator.coverage.report import Code, Coverage, SeenCode

COLUMNS = ("system", "code", "same_as", "display", "ignore", "note")
TO_FILL_IN = "TO FILL IN"
# What a spreadsheet would run as a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def stub_of(found: Coverage) -> tuple[str, int]:
    """
    Give the rows as CSV, the most frequent codes first, and how many there are.

    Shape: of a code that comes in several companies the first triplet makes the row; without a system it is empty, as
    it is sent.
    """
    codes: dict[tuple[str, str], SeenCode] = {}
    counts: Counter[tuple[str, str]] = Counter()
    for seen in found.codes:
        first = seen.codings[0] if seen.codings else Code()
        if seen.is_open and first.code and first.code != OTHERS and not first.code.endswith(CUT):
            codes.setdefault((first.system, first.code), seen)
            counts[first.system, first.code] += seen.count
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for (system, code), count in counts.most_common():
        seen = codes[system, code]
        writer.writerow((system, code, "", _plain(seen.codings[0].name), "", _note(seen, count)))
    return text.getvalue(), len(codes)


def _note(seen: SeenCode, count: int) -> str:
    parts = [f"{TO_FILL_IN}: seen {count} times"]
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
    """Write what is for people on one line, and never as a formula."""
    line = " ".join(text.split())
    return f"'{line}" if line.startswith(_FORMULA) else line
