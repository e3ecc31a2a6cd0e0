"""Say everything that becomes of a message, beyond its outcome line: what the ledger keeps, what it is looked up by."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from translator import Translator
from translator.mapping_files import packaged_files, site_files
from translator.pipeline import Pipeline
from translator.record.correlation import Correlation, CorrelationHit
from translator.translate.correlation import parse_correlation
from translator.translate.load import load_tables

FIXTURES = Path(__file__).parent.parent / "fixtures"


class Case(NamedTuple):
    """One fixture: its bytes, what translates it, and whether it orders."""

    name: str
    raw: bytes
    engine: Translator
    pipeline: Pipeline
    correlation: Correlation
    orders: bool
    format: str


@cache
def cases(form: str) -> tuple[Case, ...]:
    """Give every fixture of a format that is one file, the twins included."""
    packaged, example = Translator.load(), Translator.load("example")
    found = [
        _case(path, example if folder == "orders" else packaged)
        for folder in ("fhir", "hl7v2", "orders")
        for name in ("message", "order", "twin")
        for path in sorted((FIXTURES / folder).glob(f"*/{name}.*"))
    ]
    return tuple(case for case in found if case.format == form)


def _case(path: Path, usual: Translator) -> Case:
    site, table = path.parent / "site", path.parent / "correlation.csv"
    engine = Translator(load_tables(packaged_files(), site_files(site)[1], "site")) if site.is_dir() else usual
    rows = parse_correlation(table.read_text(encoding="utf-8"), table.name) if table.exists() else ()
    raw, pipeline = path.read_bytes(), Pipeline(engine.tables)
    read = pipeline.read(raw)
    name = f"{path.parent.name}/{path.name}"
    return Case(name, raw, engine, pipeline, Correlation(rows), bool(read.orders), read.format)


def fate(case: Case, raw: bytes) -> Any:
    """Give what becomes of some bytes, as plain data; only their hash is left out."""
    asked: list[tuple[str, str, str]] = []

    def lookup(kind: str, key: str, namespace: str) -> tuple[CorrelationHit, ...]:
        asked.append((kind, key, namespace))
        return case.correlation(kind, key, namespace)

    message = case.pipeline.read(raw)
    outcome = case.pipeline.translate(raw, correlation=lookup)
    line = json.loads(outcome.json)
    line["source"].pop("sha256", None)
    told = [
        (each.patient, each.ordered_at, tuple(each.sources), each.unconfirmed, each.panel, each.kind)
        for each in outcome.submissions
    ]
    return line, told, outcome.accounts, asked, message.orders, message.sender, message.version, message.control_id
