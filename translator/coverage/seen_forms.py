"""Say of each form of observation that was counted what the tables make of it: its code, its unit, its status."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from msgspec import structs

from translator.coverage.counts import OTHER_CODES, Counts, Key
from translator.coverage.ordering import by_size, coded, falling, in_order, most_common
from translator.coverage.report import Code, SeenCode, SeenUnit, SeenWord
from translator.coverage.suggest import Seen, Suggester, spread_of
from translator.read.elements_read import is_value
from translator.record.report import Form, Observation
from translator.record.values import Absent, Coding
from translator.translate.codes import match_codes
from translator.translate.route import Route, find_route
from translator.translate.tables import ObservationRow, Tables

STATUS_AT = {"hl7v2": "OBX-11", "fhir": "Observation.status"}
_OBSERVATIONS = frozenset({"Observation", "Observation component"})
# A number without a unit is told, since its row will ask for one.
_NUMBERS = frozenset({"NM", "SN"})


class SeenForms:
    """The forms of observations, each with what the tables make of it."""

    def __init__(self, counts: Counts, tables: Tables) -> None:
        self._counts, self._tables = counts, tables
        self._by_form: Counter[tuple[str, Form]] = Counter()
        for (name, form, *_), count in counts.entries.items():
            self._by_form[name, form] += count
        self._routes = {key: self._route(*key) for key in self._by_form}
        self.fired = {table for *_, table in counts.entries if table} | set(self._led_to())

    def _route(self, name: str, form: Form) -> Route:
        statuses = self._tables.observation_status.get(name, {})
        return find_route(Observation("", form, Absent()), statuses, self._tables)

    def _led_to(self) -> Iterator[str]:
        """Give the rows that any of the codings leads to by itself."""
        for coding in {coding for _, form in self._by_form for coding in form.codes}:
            row = match_codes((coding,), self._tables.observations).row
            if row is not None:
                yield row.at

    def codes(self) -> Iterator[SeenCode]:
        """Give every set of codings, the most frequent first, and for those without a row what they may mean."""
        groups: dict[tuple[str, tuple[Coding, ...]], list[tuple[Key, int]]] = {}
        for key, count in self._counts.entries.items():
            groups.setdefault((key[0], key[1].codes), []).append((key, count))
        suggest = _Suggesting(self._counts, self._tables, self._by_form)
        for (name, codes), members in by_size(groups):
            units, types, states, reasons = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
            for (_, form, state, reason, _), count in members:
                units[form.unit] += count
                types[form.value_type] += count
                states[state] += count
                if reason:
                    reasons[reason] += count
            match = match_codes(codes, self._tables.observations)
            row = match.row
            seen = SeenCode(
                name,
                coded(codes),
                sum(count for _, count in members),
                in_order(states),
                row.at if row else "",
                row.whoop_code if row else "",
                match.reason,
                bool(row and row.ignore),
                falling(reasons),
                falling(units, without=""),
                falling(types, without=""),
            )
            yield suggest.to(seen, codes, units) if seen.is_open and codes and codes != OTHER_CODES else seen

    def units(self) -> Iterator[SeenUnit]:
        """Give every unit of every code."""
        found: Counter[tuple[str, Code, str, str]] = Counter()
        for key, count in self._by_form.items():
            route, form = self._routes[key], key[1]
            row = route.match.row
            wants_unit = form.value_type in _NUMBERS if row is None else row.kind == "numeric" and not row.ignore
            if form.unit or wants_unit:
                code = next(iter(coded(form.codes)), Code())
                found[form.unit, code, _becomes(route, form), row.whoop_code if row else ""] += count
        for (unit, code, becomes, whoop_code), count in most_common(found):
            yield SeenUnit(unit, code, count, becomes, whoop_code)

    def value_types(self) -> Counter[Key]:
        """Count OBX-2; in FHIR the name of the element says what a value is."""
        found: Counter[Key] = Counter()
        for (name, form), count in self._by_form.items():
            if name == "hl7v2":
                found[name, form.value_type] += count
        for (_, place, names), count in self._counts.filled.items():
            if place in _OBSERVATIONS:
                found.update({("fhir", name): count for name in names if is_value(name)})
        return found

    def statuses(self) -> Iterator[SeenWord]:
        """Give every status of an observation with what is done for it."""
        found: Counter[Key] = Counter()
        for (name, form), count in self._by_form.items():
            found[name, form.status] += count
        for (name, status), count in most_common(found):
            row = self._tables.observation_status.get(name, {}).get(status)
            means = row.reason or row.action if row else "unknown-status"
            yield SeenWord(STATUS_AT[name], status, count, means)


class _Suggesting:
    """Rank rows for the codes without one."""

    def __init__(self, counts: Counts, tables: Tables, forms: Mapping[tuple[str, Form], int]) -> None:
        self._suggester = Suggester(tables)
        self._spread, self._ranges = spread_of(counts.values), spread_of(counts.ranges)
        self._beside = _neighbours(forms, tables)

    def to(self, code: SeenCode, codes: tuple[Coding, ...], units: Mapping[str, int]) -> SeenCode:
        """Give a code with what it may mean."""
        beside: Counter[ObservationRow] = Counter()
        for coding in codes:
            beside.update(self._beside.get((coding.system, coding.code), {}))
        seen = Seen(codes, units, self._spread.get(codes, {}), self._ranges.get(codes, {}), beside)
        return structs.replace(code, suggestions=self._suggester.suggest(seen))


def _neighbours(
    forms: Mapping[tuple[str, Form], int], tables: Tables
) -> dict[tuple[str, str], Counter[ObservationRow]]:
    """Count, for each coding without a row of its own, the rows of the codings that it stands beside."""
    found: dict[tuple[str, str], Counter[ObservationRow]] = {}
    for (_, form), count in forms.items():
        row = match_codes(form.codes, tables.observations).row
        if row is not None and len(form.codes) > 1:
            for coding in form.codes:
                found.setdefault((coding.system, coding.code), Counter())[row] += count
    return found


def _becomes(route: Route, form: Form) -> str:
    plan = route.plan
    if route.match.row is None:
        return "no row"
    if plan.reason or plan.conversion is not None:
        return plan.reason or "converted"
    return "respelled" if plan.respelled and form.unit else "as sent"
