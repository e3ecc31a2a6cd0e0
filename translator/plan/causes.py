"""
Find for each difference of a message the changes that make it. (pure)

Theory: what an observation comes to by itself is a function of what it looks at in the tables (watched.py). Where that
is what became of it, under both sets, only the changes among these entries count. Of several, each is tried alone: it
is a cause where taking it back from the new tables, or making it alone in the old ones, alters the result. What the
rest of the report did to an observation, and the report itself, is tried in the same way with the message as a whole.
Tried from both ends, the answer is the same whichever set is called the new one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TypeAlias

from msgspec import Struct

from translator.pipeline import Pipeline, Translated
from translator.plan.comparison import Cause
from translator.plan.mixtures import AFTER, BEFORE, SIDES, Mixtures
from translator.plan.results import VALUE, Difference, Result, Subject, results, verdict_result
from translator.plan.table_changes import TableChange
from translator.plan.watched import Entry, watched
from translator.record.report import Form, Message, Observation
from translator.translate.observation import ObservationTranslator
from translator.translate.route import find_route
from translator.translate.tables import Tables

Translate: TypeAlias = Callable[[Pipeline], Iterable[Translated]]
"""Translates one portion of a file by any tables: the same messages in the same order each time."""

_MOST_TRIED = 12
_ROUTES = 4096


class Pair(Struct, frozen=True):
    """
    One message under both sets of tables, before and after, and what differs.

    Shape: `number` is its place in its portion; `results` has both sides.
    """

    number: int
    raw: bytes
    results: tuple[Mapping[Subject, Result], Mapping[Subject, Result]]
    found: Mapping[Subject, Difference]


class Causes:
    """Find causes; what it remembers are codes and units, bounded."""

    def __init__(self, mixtures: Mixtures, pipelines: tuple[Pipeline, Pipeline]) -> None:
        self._mixtures = mixtures
        self._pipelines = pipelines
        self._watches: dict[tuple[int, str], Watch] = {}

    def find(self, pair: Pair, translate: Translate) -> dict[Subject, Cause]:
        """
        Find the cause of each difference.

        Shape: where more changes are looked at than are tried, all of them.
        """
        changes = self._mixtures.changes
        if len(changes) == 1:
            return dict.fromkeys(pair.found, (changes[0].id,))
        own = dict(self._own(pair))
        left = [subject for subject in pair.found if subject not in own]
        return own | (self._of_the_whole(pair, left, translate) if left else {})

    def _own(self, pair: Pair) -> Iterable[tuple[Subject, Cause]]:
        """Give the causes of what is explained by the observation itself."""
        wanted = [at for kind, at in pair.found if kind == VALUE]
        messages = [pipeline.read(pair.raw) for pipeline in self._pipelines] if wanted else []
        read = [_observations(message) for message in messages]
        for at in wanted:
            subject = VALUE, at
            observation = read[BEFORE].get(at)
            if observation is None or observation != read[AFTER].get(at):
                continue
            form = messages[AFTER].format
            watches = [self._watch(side, form) for side in SIDES]
            alone = [watch.translate(observation) for watch in watches]
            if all(map(_is_explained, alone, (pair.results[side].get(subject) for side in SIDES))):
                seen = {entry for watch in watches for entry in watch.seen(observation)}
                yield subject, self._tried_alone(observation, form, alone, self._mixtures.behind(seen))

    def _watch(self, side: int, form: str) -> Watch:
        if (side, form) not in self._watches:
            self._watches[side, form] = Watch(self._mixtures.tables[side], self._mixtures.entries, form)
        return self._watches[side, form]

    def _tried_alone(
        self, observation: Observation, form: str, alone: Sequence[Result], candidates: Sequence[TableChange]
    ) -> Cause:
        if len(candidates) == 1:
            return (candidates[0].id,)

        def altered(change: TableChange, side: int) -> bool:
            return verdict_result(self._mixtures.mixture(side, change).alone(observation, form)) != alone[side]

        return _cause(candidates, [change for change in candidates if any(altered(change, side) for side in SIDES)])

    def _of_the_whole(self, pair: Pair, subjects: Sequence[Subject], translate: Translate) -> dict[Subject, Cause]:
        """Try every change in what the message looks at, with the whole message."""
        candidates = self._candidates(translate)
        if len(candidates) > _MOST_TRIED:
            return dict.fromkeys(subjects, _cause(candidates, candidates))
        altering: dict[Subject, list[TableChange]] = {subject: [] for subject in subjects}
        for change in candidates if len(candidates) > 1 else ():
            tried = [self._with(side, change, translate, pair.number) for side in SIDES]
            for subject, found in altering.items():
                if any(tried[side].get(subject) != pair.results[side].get(subject) for side in SIDES):
                    found.append(change)
        return {subject: _cause(candidates, found) for subject, found in altering.items()}

    def _candidates(self, translate: Translate) -> Sequence[TableChange]:
        seen: set[Entry] = set()
        for tables in self._mixtures.tables:
            for _ in translate(Pipeline(watched(tables, self._mixtures.entries, seen))):
                pass
        return self._mixtures.behind(seen)

    def _with(self, side: int, change: TableChange, translate: Translate, number: int) -> Mapping[Subject, Result]:
        translated = [*translate(self._mixtures.mixture(side, change).pipeline)]
        return results(translated[number][1])


class Watch:
    """
    Translate observations of one format by one set of tables, and say at which entries of these one looks.

    Shape: what routes look at is remembered for `most` of them.
    """

    def __init__(self, tables: Tables, entries: Collection[Entry], form: str, most: int = _ROUTES) -> None:
        self._now: set[Entry] = set()
        self._tables = watched(tables, entries, self._now)
        self._statuses = self._tables.observation_status.get(form, {})
        self._translator = ObservationTranslator(self._tables, form)
        self._routes: dict[Form, frozenset[Entry]] = {}
        self._most = most

    def translate(self, observation: Observation) -> Result:
        """Give what an observation comes to by itself."""
        self._now.clear()
        return verdict_result(self._translator.translate(observation))

    def seen(self, observation: Observation) -> frozenset[Entry]:
        """Give the entries that the observation which was just translated has looked at."""
        of_the_value = frozenset(self._now)
        # The translator remembers routes, and then does not look at what led to them.
        if observation.form not in self._routes:
            if len(self._routes) >= self._most:
                self._routes.clear()
            self._now.clear()
            find_route(observation, self._statuses, self._tables)
            self._routes[observation.form] = frozenset(self._now)
        return of_the_value | self._routes[observation.form]


def _observations(message: Message) -> dict[str, Observation]:
    return {each.at: each for report in message.reports for each in report.observations}


def _is_explained(alone: Result, result: Result | None) -> bool:
    return result is not None and (alone.shown, alone.value) == (result.shown, result.value)


def _cause(candidates: Sequence[TableChange], altering: Sequence[TableChange]) -> Cause:
    """Name the changes that alter a result, or all that might where none does so alone."""
    return tuple(change.id for change in altering or candidates)
