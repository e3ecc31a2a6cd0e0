"""Counting an archive costs little beside translating it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from io import BytesIO

import pytest

from benchmarks.fhir_messages import FhirLaboratory
from benchmarks.messages import STANDARD, Laboratory
from translator import Outcome, Translator
from translator.coverage.count import Tally

# Beside translating and writing the outcome lines, as `translator translate` does.
LIMIT = 1.5
ROUNDS = 5


def _cpu_s(engine: Translator, messages: list[bytes], take: Callable[[Outcome], object]) -> float:
    begin = time.process_time()
    for message in messages:
        for outcome in engine.translate_stream(BytesIO(message)):
            take(outcome)
    return time.process_time() - begin


@pytest.mark.bench
@pytest.mark.parametrize("form", ["hl7v2", "fhir"])
def test_coverage_takes_less_than_half_as_long_again(form: str) -> None:
    """The median of the rounds is below one and a half times the CPU time of `translate`."""
    tables = Translator.load().tables
    messages = Laboratory(tables).messages(STANDARD, 300) if form == "hl7v2" else FhirLaboratory(tables).bundles(25, 60)
    ratios = []
    for _ in range(ROUNDS):
        tally = Tally(tables)
        plain = _cpu_s(Translator(tables), messages, lambda outcome: outcome.json)
        counted = _cpu_s(Translator(tables, tally.watch), messages, tally.file)
        ratios.append(counted / plain)

    assert statistics.median(ratios) < LIMIT
