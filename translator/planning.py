"""Compare two sets of tables over portions of an archive, wherever the processor is free: the plan of a change."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from translator.pipeline import Pipeline, Translated
from translator.plan.comparer import Comparer, Known
from translator.plan.comparison import Comparison, merged
from translator.portions import Portion
from translator.translate.service_request import Lookup, no_correlation

BATCH = 64
"""So many messages are compared together, and go to another process together."""


class Comparing:
    """Compare what two sets of tables make of some portions of files, wherever the processor is free."""

    def __init__(self, comparer: Comparer, correlation: Lookup = no_correlation, known: Known | None = None) -> None:
        self._comparer = comparer
        self._correlation = correlation
        self._known = known

    def __call__(self, portions: Iterable[Portion]) -> Comparison:
        """Compare, and put the parts together."""
        parts = [part for portion in portions for part in self._comparer.compare(self._by(portion), self._known)]
        return merged(parts, self._comparer.examples)

    def _by(self, portion: Portion) -> Callable[[Pipeline], Iterable[Translated]]:
        return lambda pipeline: pipeline.translate_portion(portion, self._correlation)
