"""Compare two sets of tables over an archive, in bounded memory: the plan of a change."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable

from translator.feed import Source, Unreadable, in_batches, read_portions
from translator.jobs import spread
from translator.pipeline import Pipeline, Translated
from translator.plan.comparer import Comparer, Known
from translator.plan.comparison import Comparison, merged
from translator.portions import Portion
from translator.translate.service_request import Lookup, no_correlation

# Messages that are compared together, and go to another process together.
_BATCH = 64


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


def compare_files(
    comparing: Comparing, sources: Iterable[Source], unreadable: Unreadable, jobs: int = 1
) -> Generator[Comparison]:
    """
    Compare what two sets of tables make of files, in the order of `translate`, by as many processes as there are jobs.

    Shape: parts, to be put together in their order (`merged`). With several jobs everything can be pickled. Close the
    iterator where it is not read to its end.
    """
    return spread(comparing, in_batches(read_portions(sources, unreadable), _BATCH), jobs)
