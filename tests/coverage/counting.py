"""Count messages for tests, as the command does."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from io import BytesIO

from translator import Translator
from translator.coverage.count import Tally
from translator.coverage.counts import MOST, Counts
from translator.coverage.report import Coverage
from translator.coverage.summary import summarise
from translator.record.outcome import Outcome
from translator.translate.tables import Tables


@cache
def tables(site: str = "") -> Tables:
    """Load tables once."""
    return Translator.load(site or None).tables


def counted(files: Iterable[bytes], of: Tables | None = None, most: int = MOST) -> tuple[Tally, list[Outcome]]:
    """Count files, and give their outcomes as well."""
    of = of or tables()
    tally = Tally(of, most)
    engine = Translator(of, tally.watch)
    outcomes = []
    for raw in files:
        for outcome in engine.translate_stream(BytesIO(raw), name="a.hl7"):
            tally.file(outcome)
            outcomes.append(outcome)
    return tally, outcomes


def counts_of(files: Iterable[bytes], most: int = MOST) -> Counts:
    """Count files."""
    return counted(files, most=most)[0].counts


def coverage_of(*files: bytes, of: Tables | None = None) -> Coverage:
    """Sum files up."""
    of = of or tables()
    return summarise(counted(files, of)[0].counts, of)
