"""Translate each message by two sets of tables, and count what differs, by its cause. (pure)"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeAlias

from translator.pipeline import Pipeline
from translator.plan.causes import Causes, Pair, Translate
from translator.plan.comparison import Cause, CauseTally, Comparison, Example, Tally, told
from translator.plan.mixtures import AFTER, BEFORE, Mixtures
from translator.plan.results import VALUE, Difference, Result, Subject, differences, is_same, results
from translator.plan.table_changes import TableChange
from translator.record.outcome import FILE_SCHEMA, Outcome, Source
from translator.translate.load import TableTexts
from translator.translate.tables import Tables

Known: TypeAlias = Callable[[Outcome, Outcome, Collection[str]], Mapping[str, Sequence[str]]]
"""Says what a ledger knows of some values that differ before and after: words by position."""


class Comparer:
    """
    Compare what two sets of tables make of messages.

    Shape: `examples` of each difference are kept, with values of patients only where it `shows_values`. It can be
    pickled.
    Raises: TableError where the tables contradict themselves.
    """

    def __init__(self, before: TableTexts, after: TableTexts, *, examples: int = 3, shows_values: bool = False) -> None:
        self.examples = examples
        self._shows_values = shows_values
        self._mixtures = Mixtures(before, after)
        first, second = self._mixtures.tables
        self._pipelines = Pipeline(first), Pipeline(second)
        self._causes = Causes(self._mixtures, self._pipelines)

    def __reduce__(self) -> tuple[Callable[..., Comparer], tuple[TableTexts, TableTexts, int, bool]]:
        return _again, (*self._mixtures.texts, self.examples, self._shows_values)

    @property
    def changes(self) -> Sequence[TableChange]:
        """What differs between the two sets."""
        return self._mixtures.changes

    @property
    def tables(self) -> tuple[Tables, Tables]:
        """The tables of both sets, before and after."""
        return self._mixtures.tables

    def compare(self, translate: Translate, known: Known | None = None) -> list[Comparison]:
        """Compare what one portion of a file comes to, message by message."""
        before, after = (list(translate(pipeline)) for pipeline in self._pipelines)
        return [
            self._compare(number, raw, (was, now), translate, known)
            for number, ((raw, was), (_, now)) in enumerate(zip(before, after, strict=True))
        ]

    def _compare(
        self, number: int, raw: bytes, outcomes: tuple[Outcome, Outcome], translate: Translate, known: Known | None
    ) -> Comparison:
        before, after = outcomes
        if after.schema == FILE_SCHEMA:
            return Comparison(findings=dict(Counter(found.code for found in after.diagnostics)))
        values = max(len(before.entries), len(after.entries))
        if is_same(before, after):
            return Comparison(1, values)
        both = results(before), results(after)
        found = differences(*both)
        if not found:
            return Comparison(1, values)
        pair = Pair(number, raw, both, found)
        causes = self._causes.find(pair, translate)
        ats = [at for kind, at in found if kind == VALUE]
        words = known(before, after, ats) if known else {}
        tallies = self._tallies(pair, causes, words, after.source)
        together = frozenset(name for cause in causes.values() if told(cause) != cause for name in cause)
        return Comparison(1, values, 1, len(ats), tallies, together=together)

    def _tallies(
        self, pair: Pair, causes: Mapping[Subject, Cause], words: Mapping[str, Sequence[str]], source: Source
    ) -> dict[Cause, CauseTally]:
        grouped: dict[Cause, dict[Difference, list[Subject]]] = {}
        for subject, how in pair.found.items():
            grouped.setdefault(told(causes[subject]), {}).setdefault(how, []).append(subject)
        return {
            cause: CauseTally(1, {how: self._tally(pair, subjects, words, source) for how, subjects in found.items()})
            for cause, found in grouped.items()
        }

    def _tally(
        self, pair: Pair, subjects: Sequence[Subject], words: Mapping[str, Sequence[str]], source: Source
    ) -> Tally:
        said = Counter(word for kind, at in subjects if kind == VALUE for word in words.get(at, ()))
        examples = tuple(self._example(pair, subject, source) for subject in subjects[: self.examples])
        return Tally(len(subjects), 1, dict(said), examples)

    def _example(self, pair: Pair, subject: Subject, source: Source) -> Example:
        kind, at = subject
        values = [_value(pair.results[side].get(subject)) for side in (BEFORE, AFTER)] if self._shows_values else []
        return Example(source.file, source.index, at if kind == VALUE else "", *values)


def _value(result: Result | None) -> str:
    return result.value if result else ""


def _again(before: TableTexts, after: TableTexts, examples: int, shows_values: bool) -> Comparer:  # noqa: FBT001
    return Comparer(before, after, examples=examples, shows_values=shows_values)
