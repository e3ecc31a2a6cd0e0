"""
The same report gives the same payload, whether it is written as HL7 v2 or as FHIR.

A folder of fixtures/ that holds a `twin.*` beside its `message.*` is a case: no code. What a fixture without a twin, or
with one that differs in more than its writing, has to say for itself stands in `fixtures/twins.csv`.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.diagnosticreport import DiagnosticReport
from pydantic import ValidationError

from translator import Outcome, Translator
from translator.record.correlation import Correlation
from translator.translate.correlation import parse_correlation

FIXTURES = Path(__file__).parents[2] / "fixtures"
CASES = sorted(path.parent for path in FIXTURES.glob("*/*/message.*"))
TWINS = [case for case in CASES if list(case.glob("twin.*"))]
# How far the two are compared: everything; not the reasons of what is held or ignored; only state and payload.
ALL, REASONS, PAYLOAD, NONE = "all", "reasons", "payload", "none"
# The two differ, and should not: the row says what is missing, and goes when it is there.
OPEN = "open"
CLOSER = {REASONS: ALL, PAYLOAD: REASONS}
ENGINE = Translator.load()


class Exemption(NamedTuple):
    """A row of `twins.csv`."""

    fixture: str
    compared: str
    why: str


def _rows() -> list[Exemption]:
    with (FIXTURES / "twins.csv").open(encoding="utf-8", newline="") as file:
        return [Exemption(**row) for row in csv.DictReader(file)]


EXEMPTIONS = {row.fixture: row for row in _rows()}


def name(case: Path) -> str:
    """Name a fixture by its format and folder."""
    return f"{case.parent.name}/{case.name}"


def translated(case: Path, pattern: str) -> list[Outcome]:
    """Translate one of the two, with the site and the correlation of the folder."""
    table = case / "correlation.csv"
    rows = parse_correlation(table.read_text(encoding="utf-8"), table.name) if table.exists() else ()
    engine = Translator.load(str(case / "site")) if (case / "site").is_dir() else ENGINE
    (path,) = case.glob(pattern)
    with path.open("rb") as file:
        return list(engine.translate_stream(file, correlation=Correlation(rows)))


def meaning(outcomes: list[Outcome], compared: str) -> list[object]:
    """Say what is compared: the body's bytes always; of entries what became of them, wherever they stand."""
    return [
        (
            outcome.state,
            [(each.service_request_id, each.body_json) for each in outcome.submissions],
            Counter(_fates(outcome, compared)),
        )
        for outcome in outcomes
    ]


def _fates(outcome: Outcome, compared: str) -> list[tuple[str, ...]]:
    if compared == PAYLOAD:
        return []
    if compared == REASONS:
        return [(entry.state,) for entry in outcome.entries]
    return [(entry.state, entry.reason, entry.cause) for entry in outcome.entries]


def level(case: Path) -> str:
    """Say how far a pair is compared."""
    return EXEMPTIONS[name(case)].compared if name(case) in EXEMPTIONS else ALL


def _pair(case: Path) -> object:
    gap = pytest.mark.xfail(reason=EXEMPTIONS[name(case)].why, strict=True) if level(case) == OPEN else ()
    return pytest.param(case, id=name(case), marks=gap)


@pytest.mark.parametrize("case", [_pair(case) for case in TWINS])
def test_twins_give_the_same_payload(case: Path) -> None:
    """Message state, payload bytes and the fate of every observation are the same, as far as the table says."""
    compared = level(case)

    assert meaning(translated(case, "twin.*"), compared) == meaning(translated(case, "message.*"), compared)


@pytest.mark.parametrize("case", [case for case in TWINS if level(case) in CLOSER], ids=name)
def test_twin_is_compared_as_far_as_it_goes(case: Path) -> None:
    """An exemption that is no longer needed goes."""
    closer = CLOSER[level(case)]

    assert meaning(translated(case, "twin.*"), closer) != meaning(translated(case, "message.*"), closer)


R4B: dict[str, Any] = {"Bundle": Bundle, "DiagnosticReport": DiagnosticReport}
FHIR_TWINS = sorted(FIXTURES.glob("hl7v2/*/twin.json"))


@pytest.mark.parametrize("path", FHIR_TWINS, ids=lambda path: path.parent.name)
def test_twin_in_fhir_is_valid(path: Path) -> None:
    """Each is what R4B says that it is, but for statuses that the HL7 message leaves out as well."""
    document = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    faults = []
    try:
        R4B[document["resourceType"]].model_validate(document)
    except ValidationError as invalid:
        faults = [fault["loc"][-1] for fault in invalid.errors()]

    assert set(faults) <= {"status"}


def test_every_fixture_has_a_twin_or_says_why_not() -> None:
    """Nothing is left out without a reason, and no reason stands without its fixture."""
    twinless = {name(case) for case in CASES if case not in TWINS}

    assert twinless == {row.fixture for row in EXEMPTIONS.values() if row.compared == NONE}
    assert {row.fixture for row in EXEMPTIONS.values()} <= {name(case) for case in CASES}


def test_table_of_exemptions_is_sound() -> None:
    """Each row is the only one of its fixture, has a known word and says why; rows are sorted."""
    rows = _rows()

    assert [row.fixture for row in rows] == sorted(EXEMPTIONS)
    assert {row.compared for row in rows} <= {REASONS, PAYLOAD, NONE, OPEN}
    assert all(row.why for row in rows)


def test_most_fixtures_are_twins() -> None:
    """The suite means something."""
    assert len(TWINS) > 100
