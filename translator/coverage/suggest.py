"""
Rank the rows that a code without a row may mean, each with its evidence; nothing is ever applied by itself.

The evidence is what an analyst would look at: the code itself, what it stands beside in other messages, its name, its
unit, its reference ranges and the spread of its values. A name that is like another is a hint, never a proof.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal

from msgspec import Struct

from translator.coverage.buckets import Bucket
from translator.coverage.counts import Key
from translator.coverage.names import SAME, Likeness, Names
from translator.record.values import Coding
from translator.translate.codes import LOINC
from translator.translate.tables import ObservationRow, Tables
from translator.translate.units import UnitPlan, plan_unit, spelling_key, unrounded

MOST = 3
# In points, of which a hundred are beyond doubt.
_BY_CODE, _BESIDE, _BY_NAME, _SAME_NAME = 60, 60, 40, 10
_OTHER_LOINC, _OTHER_THING, _OTHER_METHOD, _OWN_METHOD = -10, -50, -10, -5
_UNIT_FITS, _UNIT_IS_USUAL, _UNIT_UNFIT, _UNIT_MISSING = 15, 5, -30, -5
_RANGE_FITS, _RANGE_UNFIT = 10, -15
_VALUES_FIT, _VALUES_UNFIT = 15, -25
_ENOUGH, _MOST_POINTS = 35, 99
_MOSTLY, _HARDLY = Decimal("0.95"), Decimal("0.5")


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


class Suggester:
    """Rank the rows of one set of tables."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        # A row of a site's can name only a LOINC row as the same.
        self._rows = [row for row in tables.observations.values() if row.system == LOINC and row.whoop_code]
        self._names = Names(self._rows)

    def suggest(self, seen: Seen) -> tuple[Suggestion, ...]:
        """
        Give the likeliest rows, the best first; of rows of one WHOOP code only the best.

        Absent: nothing, where neither the code nor its name leads anywhere: a unit alone says too little.
        """
        found: dict[str, Suggestion] = {}
        alike = self._names.near(seen.codes)
        for row in self._rows:
            leading = [*self._leading(row, seen, alike.get(row.code))]
            if not leading:
                continue
            pieces = [*leading, *self._fitting(row, seen)]
            points = min(_MOST_POINTS, sum(piece.points for piece in pieces))
            best = found.get(row.whoop_code)
            if points >= _ENOUGH and (best is None or points > best.points):
                texts = tuple(piece.text for piece in pieces)
                found[row.whoop_code] = Suggestion(row.system, row.code, row.display, row.whoop_code, points, texts)
        return tuple(sorted(found.values(), key=lambda each: (-each.points, each.code))[:MOST])

    def _leading(self, row: ObservationRow, seen: Seen, alike: Likeness | None) -> Iterator[_Piece]:
        """Give what leads from the code to a row."""
        for coding in seen.codes:
            if coding.code == row.code:
                text = f"the code is the LOINC code {row.code}, under the system `{coding.system or '(none)'}`"
                yield _Piece(_BY_CODE, text)
        if count := seen.beside.get(row, 0):
            yield _Piece(_BESIDE, f"stands beside {row.code} in {count} other results")
        if alike is not None:
            points = _BY_NAME * (alike.share - 50) // 50 + (_SAME_NAME if alike.share >= SAME else 0)
            word = "the same name" if alike.share >= SAME else "a name that is like it"
            yield _Piece(points, f"{word}: `{alike.name}` and `{row.display}` ({alike.share} %)")
            yield from _against(alike)
            own = next((coding.code for coding in seen.codes if coding.system == LOINC and coding.code != row.code), "")
            if own:
                yield _Piece(_OTHER_LOINC, f"against it: {own} is a LOINC code of its own; compare the two")

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


def _against(alike: Likeness) -> Iterator[_Piece]:
    """Give what the name says and the row does not."""
    if alike.telling:
        words = ", ".join(f"`{word}`" for word in alike.telling)
        yield _Piece(_OTHER_THING, f"against it: the name says {words}, and the row's does not")
    if alike.method:
        yield _Piece(_OTHER_METHOD, f"against it: the name says `{alike.method}`, and the row's does not")
    if alike.own_method:
        yield _Piece(_OWN_METHOD, f"against it: the row's name says `{alike.own_method}`, and this one does not")


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


def spread_of(counter: Counter[Key]) -> dict[tuple[Coding, ...], Counter[Key]]:
    """Sort what is counted by codes and more into one counter for each set of codes."""
    found: dict[tuple[Coding, ...], Counter[Key]] = {}
    for (codes, *rest), count in counter.items():
        found.setdefault(codes, Counter())[(*rest,)] += count
    return found
