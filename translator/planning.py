"""Compare two sets of tables over an archive, in bounded memory: the plan of a change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from translator.engine import Translator
from translator.feed import Source, Unreadable, translate_files
from translator.pipeline import OF_THE_STREAM, Pipeline, Translated
from translator.plan.causes import Translate
from translator.plan.comparer import Comparer, Known
from translator.plan.comparison import Comparison
from translator.record.outcome import FILE_SCHEMA, Outcome
from translator.record.report import Finding
from translator.translate.service_request import Lookup, no_correlation

_TOO_LARGE = "too-large"


def compare_files(
    comparer: Comparer,
    sources: Iterable[Source],
    unreadable: Unreadable,
    *,
    correlation: Lookup = no_correlation,
    known: Known | None = None,
) -> Iterator[Comparison]:
    """
    Compare what two sets of tables make of files, message by message, in the order of `translate`.

    Shape: parts, to be put together in their order (`merged`). `known` says what a ledger knows of changed values.
    """
    engine = Translator(comparer.tables[1])
    for raw, outcome in translate_files(engine, sources, unreadable, correlation=correlation):
        yield from comparer.compare(_subject(raw, outcome, correlation), known)


def _subject(raw: bytes, outcome: Outcome, correlation: Lookup) -> Translate:
    """Make what translates this message again by any tables; what no table decides is as it is."""
    of_the_stream = [found for found in outcome.diagnostics if found.code in OF_THE_STREAM]
    if outcome.schema == FILE_SCHEMA or any(found.code == _TOO_LARGE for found in of_the_stream):
        return lambda _: [(raw, outcome)]
    doubts = tuple(Finding(found.code, found.at, found.text) for found in of_the_stream)
    source = outcome.source
    return partial(_translated, raw, source.file, source.index, correlation, doubts)


def _translated(
    raw: bytes, file: str, index: int, correlation: Lookup, doubts: tuple[Finding, ...], pipeline: Pipeline
) -> list[Translated]:
    outcome = pipeline.translate(raw, file=file, index=index, correlation=correlation, doubts=doubts)
    return [(raw, outcome)]
