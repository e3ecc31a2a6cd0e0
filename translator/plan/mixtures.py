"""Keep two sets of tables, what differs, and mixtures of both: one set with one change as in the other. (pure)"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Mapping
from functools import cached_property

from translator.pipeline import Pipeline
from translator.plan.table_changes import TableChange, mixed, table_changes
from translator.plan.watched import UNSEEN, Entry, differing, shared
from translator.record.report import Observation
from translator.translate.load import TableTexts, build_tables, index_tables
from translator.translate.observation import ObservationTranslator, Verdict
from translator.translate.tables import Tables

SIDES = BEFORE, AFTER = 0, 1

# Mixtures share what is equal, but each remembers codes and units of its own.
_KEPT = 128


class Mixture:
    """Tables mixed of two sets, and what translates by them: whole messages, or single observations of one format."""

    def __init__(self, tables: Tables) -> None:
        self.pipeline = Pipeline(tables)
        self._observers = {form: ObservationTranslator(tables, form) for form in tables.observation_status}

    def alone(self, observation: Observation, form: str) -> Verdict:
        """Give what an observation comes to by itself."""
        return self._observers[form].translate(observation)


class Mixtures:
    """
    Two sets of tables and all that lies between them.

    Shape: so many mixtures are `kept` at a time.
    Raises: TableError where one of the sets contradicts itself.
    """

    def __init__(self, before: TableTexts, after: TableTexts, kept: int = _KEPT) -> None:
        self.texts = before, after
        self._kept = kept
        self.changes = table_changes(before, after)
        self.tables = build_tables(before), build_tables(after)
        self._mixtures: OrderedDict[tuple[int, TableChange], Mixture] = OrderedDict()

    def mixture(self, side: int, change: TableChange) -> Mixture:
        """Give the tables of one side, but for one change, which is as on the other."""
        key = side, change
        if key not in self._mixtures:
            if len(self._mixtures) >= self._kept:
                self._mixtures.popitem(last=False)
            self._mixtures[key] = Mixture(shared(self._mixed(side, change), self.tables[side]))
        self._mixtures.move_to_end(key)
        return self._mixtures[key]

    @property
    def entries(self) -> Collection[Entry]:
        """The entries of the tables behind which a change stands."""
        return self._behind.keys()

    def behind(self, seen: Collection[Entry]) -> list[TableChange]:
        """Name the changes behind the entries that were looked at, and those of which nobody sees whether they were."""
        return sorted({change for entry in seen for change in self._behind[entry]} | self._unseen)

    @cached_property
    def _behind(self) -> Mapping[Entry, set[TableChange]]:
        entries: dict[Entry, set[TableChange]] = {}
        for change in self.changes:
            for side in SIDES:
                for entry in differing(self.tables[side], self._mixed(side, change)):
                    entries.setdefault(entry, set()).add(change)
        return entries

    @cached_property
    def _unseen(self) -> frozenset[TableChange]:
        return frozenset(change for (name, _), found in self._behind.items() if name in UNSEEN for change in found)

    def _mixed(self, side: int, change: TableChange) -> Tables:
        """Mix; what comes of it need not be without faults, and is only ever asked what it would say."""
        return index_tables(mixed(self.texts[side], self.texts[1 - side], [change]), [])
