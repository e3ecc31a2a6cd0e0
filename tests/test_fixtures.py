"""
Every folder of fixtures/ proves the sentence that it is named after: message in, outcome lines out.

A folder may hold a `correlation.csv`, and a folder `site/` with the settings and tables of its site.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from translator import Translator
from translator.record.correlation import Correlation
from translator.translate.correlation import parse_correlation

FIXTURES = Path(__file__).parent.parent / "fixtures"
CASES = sorted(path.parent for path in FIXTURES.glob("*/*/message.*"))


@pytest.fixture(scope="session")
def engine() -> Translator:
    """Load the packaged tables once."""
    return Translator.load()


def _lines(engine: Translator, case: Path) -> list[dict[str, object]]:
    table = case / "correlation.csv"
    rows = parse_correlation(table.read_text(encoding="utf-8"), table.name) if table.exists() else ()
    if (case / "site").is_dir():
        engine = Translator.load(str(case / "site"))
    (message,) = case.glob("message.*")
    with message.open("rb") as file:
        outcomes = list(engine.translate_stream(file, name=message.name, correlation=Correlation(rows)))
    lines = [json.loads(outcome.json) for outcome in outcomes]
    for line in lines:
        line.pop("tables_sha256", None)
    return lines


@pytest.mark.parametrize("case", CASES, ids=[f"{case.parent.name}/{case.name}" for case in CASES])
def test_fixture_translates_as_its_folder_says(case: Path, engine: Translator, request: pytest.FixtureRequest) -> None:
    """The outcome lines equal the expected ones; `--update-fixtures` rewrites them, to be read in the diff."""
    expected = case / "expected.json"

    lines = _lines(engine, case)

    if request.config.getoption("--update-fixtures"):
        expected.write_text(json.dumps(lines, indent=1, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
    assert lines == json.loads(expected.read_text(encoding="utf-8"))


def test_fixtures_are_there() -> None:
    """The folder is not empty, so that the cases above mean something."""
    assert len(CASES) > 70
