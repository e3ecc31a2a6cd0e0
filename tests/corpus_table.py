"""
Count what becomes of every real message that is at hand: `python -m tests.corpus_table [--placed] [--examples N]`.

As it stands, most of the corpus is refused for its MSH-11 and held for its order numbers, since none of it was ordered
through WHOOP; `--placed` reads every message as production and finds a service request for every order number, which
shows what the tables do. Only file names and positions are printed, never a value.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import TypeAlias

from tests.fuzz.seeds import CORPUS, production
from translator import Outcome, Translator
from translator.record.correlation import CorrelationHit
from translator.translate.service_request import Lookup, no_correlation

Place: TypeAlias = tuple[str, str, str]

_SERVICE_REQUEST = "3fa85f64-5717-4562-b3fc-2c963f66afa6"


def corpus() -> list[Path]:
    """Give every file of the corpus, HL7 v2 and FHIR."""
    return sorted(path for folder in ("hl7v2", "orders", "fhir") for path in (CORPUS / folder).glob("*"))


def as_it_stands(raw: bytes) -> tuple[bytes, Lookup]:
    """Change nothing."""
    return raw, no_correlation


def placed(raw: bytes) -> tuple[bytes, Lookup]:
    """Say production in every MSH-11, and know every order number that is no group's."""

    def known(key_type: str, _key: str, _namespace: str) -> tuple[CorrelationHit, ...]:
        return (CorrelationHit(_SERVICE_REQUEST),) if key_type in {"placer", "filler"} else ()

    return production(raw), known


def outcomes(engine: Translator, way: Callable[[bytes], tuple[bytes, Lookup]]) -> Iterator[tuple[bytes, Outcome]]:
    """Translate the whole corpus."""
    for path in corpus():
        raw, lookup = way(path.read_bytes())
        yield from engine.translate_pieces(BytesIO(raw), name=path.name, correlation=lookup)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.corpus_table", description=__doc__)
    parser.add_argument("--placed", action="store_true", help="as if every message were production and its order known")
    parser.add_argument("--examples", type=int, default=0, help="name so many places of each row")
    options = parser.parse_args()
    states: Counter[Place] = Counter()
    places: dict[Place, list[str]] = defaultdict(list)

    def count(kind: str, state: str, reason: str, at: str) -> None:
        states[kind, state, reason] += 1
        places[kind, state, reason].append(at)

    for _, outcome in outcomes(Translator.load(), placed if options.placed else as_it_stands):
        kind = outcome.source.format or "file"
        at = f"{outcome.source.file}#{outcome.source.index}"
        count(f"{kind} message", outcome.state, "", at)
        for entry in outcome.entries:
            reason = f"{entry.reason} ({entry.cause})" if entry.cause else entry.reason
            count(f"{kind} entry", entry.state, reason, f"{at} {entry.at}")
        for diagnostic in outcome.diagnostics:
            count(f"{kind} {diagnostic.severity}", outcome.state, diagnostic.code, f"{at} {diagnostic.at}")
    for (kind, state, reason), number in sorted(states.items(), key=lambda row: (row[0][0], -row[1])):
        sys.stdout.write(f"{kind:16} {number:6}  {state:10} {reason}\n")
        for example in places[kind, state, reason][: options.examples]:
            sys.stdout.write(f"{'':24}    {example}\n")


if __name__ == "__main__":
    main()
