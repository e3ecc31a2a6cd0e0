"""
Rank the rows that a code without a row may mean, each with its evidence; nothing is ever applied by itself.

The evidence is what an analyst would look at: the code itself, what it stands beside in other messages, its name, its
unit, its reference ranges and the spread of its values. A name that is like another is a hint, never a proof.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from msgspec import Struct
from rapidfuzz import fuzz

from translator.coverage.buckets import Bucket
from translator.coverage.counts import Key
from translator.record.values import Coding
from translator.translate.codes import LOINC
from translator.translate.tables import ObservationRow, Tables
from translator.translate.units import UnitPlan, plan_unit, spelling_key, unrounded

MOST = 3
# In points, of which a hundred are beyond doubt.
_BY_CODE, _BESIDE, _BY_NAME, _SAME_NAME = 60, 60, 40, 10
_OTHER_LOINC = -10
_UNIT_FITS, _UNIT_IS_USUAL, _UNIT_UNFIT, _UNIT_MISSING = 15, 5, -30, -5
_RANGE_FITS, _RANGE_UNFIT = 10, -15
_VALUES_FIT, _VALUES_UNFIT = 15, -25
_ENOUGH, _MOST_POINTS = 35, 99
_LIKE, _SAME = 72, 97
_MOSTLY, _HARDLY = Decimal("0.95"), Decimal("0.5")
_WORD = re.compile(r"[^\W_]+")
# What laboratories write, in the words of LOINC's names and of our codes.
_SHORT = {
    "a1c": "hemoglobin a1c", "alb": "albumin", "alkp": "alkaline phosphatase", "alp": "alkaline phosphatase",
    "alt": "alanine aminotransferase", "ast": "aspartate aminotransferase", "b12": "vitamin b12",
    "bili": "bilirubin", "bun": "urea nitrogen", "ca": "calcium", "chol": "cholesterol", "cl": "chloride",
    "cr": "creatinine", "crea": "creatinine", "creat": "creatinine", "crp": "c reactive protein", "fe": "iron",
    "fer": "ferritin", "ferr": "ferritin", "ft3": "triiodothyronine free", "ft4": "thyroxine free",
    "gluc": "glucose", "glu": "glucose", "hba1c": "hemoglobin a1c", "hct": "hematocrit", "hgb": "hemoglobin",
    "k": "potassium", "ldh": "lactate dehydrogenase", "mg": "magnesium", "na": "sodium", "phos": "phosphate",
    "plt": "platelets", "rbc": "erythrocytes", "sgot": "aspartate aminotransferase",
    "sgpt": "alanine aminotransferase", "tbil": "bilirubin total", "tp": "protein total", "trig": "triglyceride",
    "tsh": "thyrotropin", "ua": "urate", "vitd": "vitamin d", "wbc": "leukocytes",
}  # fmt: skip
_PHRASES = {"white blood cell": "leukocytes", "red blood cell": "erythrocytes", "white cell": "leukocytes"}
# Words that say how or in what something was measured, and not what.
_BESIDE_THE_POINT = frozenset({"calc", "calculated", "count", "direct", "level", "plasma", "serum", "test"})


class Seen(Struct, frozen=True):
    """
    What was seen of a code without a row.

    Shape: `units` and `ranges` count entries, the ranges by unit, low and high; `spread` counts values by unit and
    bucket. `beside` are the rows of codes that stood beside this one elsewhere.
    """

    codes: tuple[Coding, ...]
    units: Mapping[str, int]
    spread: Mapping[Key, int]
    ranges: Mapping[Key, int]
    beside: Mapping[ObservationRow, int]


class Suggestion(Struct, frozen=True):
    """
    One row that a code may mean.

    Shape: `points` are of a hundred; `evidence` says, piece by piece, what speaks for it and what against.
    """

    system: str
    code: str
    display: str
    whoop_code: str
    points: int
    evidence: tuple[str, ...]


class _Piece(Struct, frozen=True):
    points: int
    text: str
    leads: bool = False


class Suggester:
    """Rank the rows of one set of tables."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        # A row of a site's can name only a LOINC row as the same.
        self._rows = [row for row in tables.observations.values() if row.system == LOINC and row.whoop_code]
        self._names = {row.code: _names_of(row) for row in self._rows}

    def suggest(self, seen: Seen) -> tuple[Suggestion, ...]:
        """
        Give the likeliest rows, the best first; of rows of one WHOOP code only the best.

        Absent: nothing, where neither the code nor its name leads anywhere: a unit alone says too little.
        """
        found: dict[str, Suggestion] = {}
        for row in self._rows:
            leading = [piece for piece in self._leading(row, seen) if piece.leads]
            if not leading:
                continue
            pieces = [*leading, *self._fitting(row, seen)]
            points = min(_MOST_POINTS, sum(piece.points for piece in pieces))
            best = found.get(row.whoop_code)
            if points >= _ENOUGH and (best is None or points > best.points):
                texts = tuple(piece.text for piece in pieces)
                found[row.whoop_code] = Suggestion(row.system, row.code, row.display, row.whoop_code, points, texts)
        return tuple(sorted(found.values(), key=lambda each: (-each.points, each.code))[:MOST])

    def _leading(self, row: ObservationRow, seen: Seen) -> Iterator[_Piece]:
        """Give what leads from the code to a row."""
        for coding in seen.codes:
            if coding.code == row.code:
                text = f"the code is the LOINC code {row.code}, under the system `{coding.system or '(none)'}`"
                yield _Piece(_BY_CODE, text, leads=True)
        if count := seen.beside.get(row, 0):
            yield _Piece(_BESIDE, f"stands beside {row.code} in {count} other results", leads=True)
        likeness, name = max(
            ((_likeness(name, self._names[row.code]), name) for name in _offered(seen.codes)), default=(0, "")
        )
        if likeness >= _LIKE:
            points = _BY_NAME * (likeness - 50) // 50 + (_SAME_NAME if likeness >= _SAME else 0)
            word = "the same name" if likeness >= _SAME else "a name that is like it"
            yield _Piece(points, f"{word}: `{name}` and `{row.display}` ({likeness} %)", leads=True)
            own = next((coding.code for coding in seen.codes if coding.system == LOINC and coding.code != row.code), "")
            if own:
                yield _Piece(_OTHER_LOINC, f"against it: {own} is a LOINC code of its own; compare the two", leads=True)

    def _fitting(self, row: ObservationRow, seen: Seen) -> Iterator[_Piece]:
        """Give what of units, ranges and values fits a row or does not."""
        if row.kind != "numeric":
            if seen.spread:
                yield _Piece(_VALUES_UNFIT, "the values are numbers, and the row is of text")
            return
        sent = {unit: count for unit, count in seen.units.items() if unit} or {"": 1}
        unit = max(sent, key=lambda each: (sent[each], each))
        plan = plan_unit(row, unit, self._tables)
        yield self._unit(row, unit, plan)
        if not plan.reason:
            yield from _within(row, plan, unit, seen)

    def _unit(self, row: ObservationRow, unit: str, plan: UnitPlan) -> _Piece:
        if plan.reason == "unit-missing":
            return _Piece(_UNIT_MISSING, f"no unit was sent, and the row is in {row.unit}")
        if plan.reason == "unit-unknown":
            return _Piece(0, f"the unit `{unit}` is in no table")
        if plan.reason:
            return _Piece(_UNIT_UNFIT, f"the unit `{unit}` does not lead to {row.unit}")
        key = spelling_key(row, unit, self._tables) if unit else None
        is_usual = key is not None and self._tables.spellings[key] == row.wire_unit
        points = _UNIT_FITS + (_UNIT_IS_USUAL if is_usual else 0)
        if not unit:
            return _Piece(points, "no unit was sent, and the row has none")
        way = "is converted to" if plan.conversion is not None else "is"
        return _Piece(points, f"the unit `{unit}` {way} {row.unit}")


def _within(row: ObservationRow, plan: UnitPlan, unit: str, seen: Seen) -> Iterator[_Piece]:
    """Compare ranges and values in the unit with the row's bounds."""
    if row.minimum is None or row.maximum is None:
        return
    bounds = f"{row.minimum} to {row.maximum} {row.unit}"
    ranges = {key[1:]: count for key, count in seen.ranges.items() if key[0] == unit}
    if ranges:
        inside = sum(
            count for ends, count in ranges.items() if all(_is_inside(Decimal(end), row, plan) for end in ends)
        )
        share = Decimal(inside) / sum(ranges.values())
        fits = share >= _MOSTLY
        yield _Piece(
            _RANGE_FITS if fits else _RANGE_UNFIT,
            f"{_percent(share)} of the reference ranges lie within {bounds}",
        )
    spread = {key[1]: count for key, count in seen.spread.items() if key[0] == unit}
    if spread:
        inside = sum(count for bucket, count in spread.items() if _overlaps(bucket, row, plan))
        share = Decimal(inside) / sum(spread.values())
        points = _VALUES_FIT if share >= _MOSTLY else _VALUES_UNFIT if share < _HARDLY else 0
        yield _Piece(points, f"{_percent(share)} of the values ({sum(spread.values())}) lie within {bounds}")


def _is_inside(number: Decimal, row: ObservationRow, plan: UnitPlan) -> bool:
    converted = number if plan.conversion is None else unrounded(number, plan.conversion)
    return row.minimum is not None and row.maximum is not None and row.minimum <= converted <= row.maximum


def _overlaps(bucket: Bucket, row: ObservationRow, plan: UnitPlan) -> bool:
    """Tell that a number of a bucket may lie within the bounds."""
    return _is_inside(bucket.low, row, plan) or _is_inside(bucket.high, row, plan)


def _percent(share: Decimal) -> str:
    return f"{int(share * 100)} %"


def _offered(codes: Iterable[Coding]) -> Sequence[str]:
    """Give every name under which a code comes: its texts, and the code where it is a word."""
    offered = [word for coding in codes for word in (coding.text, coding.code)]
    return list(dict.fromkeys(word for word in offered if any(map(str.isalpha, word))))


def _names_of(row: ObservationRow) -> tuple[str, ...]:
    component = row.display.split("[", 1)[0].split(" in Serum", 1)[0].split(" in Blood", 1)[0].split(" by ", 1)[0]
    names = (row.display, component, row.whoop_code)
    return tuple(dict.fromkeys(filter(None, map(_folded, names))))


def _likeness(name: str, others: Iterable[str]) -> int:
    """Compare names word by word, in any order; 100 for the same words."""
    own = _folded(name)
    return max((int(_compared(own, other)) for other in others), default=0)


def _compared(one: str, other: str) -> float:
    return (fuzz.token_set_ratio(one, other) + 2 * fuzz.token_sort_ratio(one, other)) / 3


def _folded(name: str) -> str:
    """Write a name in words, as LOINC has them, and in one spelling of English."""
    text = name.casefold().replace("ae", "e").replace("oe", "e").replace("leuc", "leuk")
    for phrase, word in _PHRASES.items():
        text = text.replace(f"{phrase}s", word).replace(phrase, word)
    words = [_SHORT.get(word, word) for word in _WORD.findall(text)]
    return " ".join([word for word in words if word not in _BESIDE_THE_POINT] or words)


def spread_of(counter: Counter[Key]) -> dict[tuple[Coding, ...], Counter[Key]]:
    """Sort what is counted by codes and more into one counter for each set of codes."""
    found: dict[tuple[Coding, ...], Counter[Key]] = {}
    for (codes, *rest), count in counter.items():
        found.setdefault(codes, Counter())[(*rest,)] += count
    return found
