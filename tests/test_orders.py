"""
Every folder of fixtures/orders/ proves the sentence that it is named after: an order in, an outcome line out.

The site is the packaged example, or the folder's own `site/`. A `twin.json` is the same order in FHIR: it has the same
bodies and the same fates.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from translator import Outcome, Translator
from translator.mapping_files import mappings_folder
from translator.translate.load_layout import KEYS
from translator.translate.order_layout import FIELDS

FIXTURES = Path(__file__).parent.parent / "fixtures" / "orders"
CASES = sorted(path.parent for path in FIXTURES.glob("*/order.*"))
TWINS = [case for case in CASES if (case / "twin.json").exists()]
EXAMPLE = Translator.load("example")


def outcome_of(case: Path, pattern: str) -> Outcome:
    """Translate the order of a folder by the folder's site."""
    engine = Translator.load(str(case / "site")) if (case / "site").is_dir() else EXAMPLE
    (path,) = case.glob(pattern)
    return engine.translate(path.read_bytes())


def line_of(outcome: Outcome) -> dict[str, Any]:
    """Give the outcome line without the tables' hash."""
    line: dict[str, Any] = json.loads(outcome.json)
    line.pop("tables_sha256")
    return line


def fates(outcome: Outcome) -> list[tuple[object, ...]]:
    """Give what becomes of each order and each answer, without its place."""
    return sorted(((entry.state, entry.reason, entry.submission) for entry in outcome.entries), key=str)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_order_comes_out_as_its_folder_says(case: Path, request: pytest.FixtureRequest) -> None:
    """The outcome line equals the expected one; `--update-fixtures` rewrites it, to be read in the diff."""
    expected = case / "expected.json"

    line = line_of(outcome_of(case, "order.*"))

    if request.config.getoption("--update-fixtures"):
        expected.write_text(json.dumps(line, indent=1, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
    assert line == json.loads(expected.read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", TWINS, ids=[case.name for case in TWINS])
def test_twin_comes_to_the_same(case: Path) -> None:
    """An order gives the same body and the same fate, whichever way it is written."""
    order, twin = outcome_of(case, "order.*"), outcome_of(case, "twin.json")

    assert [sent.body for sent in twin.submissions] == [sent.body for sent in order.submissions]
    assert fates(twin) == fates(order)
    assert twin.state == order.state


def test_every_reason_of_an_order_has_a_fixture() -> None:
    """What an order can be refused, held or ignored for by its own reason is shown once at least."""
    shown = {entry.reason for case in CASES for entry in outcome_of(case, "order.*").entries}
    refused = {field for field in EXAMPLE.tables.reasons if field.endswith("-missing")} & shown

    assert {
        "address-line-missing", "city-missing", "postcode-missing", "email-missing", "phone-missing",
        "birth-date-missing", "name-missing", "patient-reference-missing", "order-reference-missing",
        "order-control-missing",
    } <= refused  # fmt: skip
    assert {
        "organisation-unknown", "sensor-not-configured", "patient-reference-is-order", "referral-unchangeable",
        "study-unchangeable", "layout-unconfirmed", "unmapped-order", "conflicting-orders", "order-numbers-differ",
        "order-repeated", "order-several-tests", "order-control-undecided", "order-intent", "order-forbids",
        "order-news", "ask-at-order-entry", "not-production",
    } <= shown  # fmt: skip


def test_readme_says_what_every_setting_and_placeholder_of_the_layout_means() -> None:
    """An integrator who edits the layout finds each word of it explained."""
    readme = (mappings_folder() / "README.md").read_text(encoding="utf-8")
    section = readme.split("### How an order is laid out", 1)[1].split("\n## ", 1)[0]

    assert [
        name for name, key in KEYS.items() if f"| `{name}` | {key.words} |".replace("L|", "L\\|") not in section
    ] == []
    assert [name for name in FIELDS if f"`{{{name}}}`" not in section] == []
