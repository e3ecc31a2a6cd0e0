"""P1, P5, P6 and P7 hold for FHIR as they do for HL7 v2."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz import fhir_properties
from tests.strategies.bundles import PLAIN, layouts, write
from tests.strategies.reports import Measured, Observed, Reported, number, reports
from translator import Outcome, Translator
from translator.ledger import Arrival, DestinationPolicy, Ledger
from translator.record.values import Absent, Coding

ENGINE = Translator.load()
FIXTURES = Path(__file__).parents[2] / "fixtures"
DOCUMENTS = sorted([*FIXTURES.glob("fhir/*/message.json"), *FIXTURES.glob("hl7v2/*/twin.json")])
CHOLESTEROL = (Coding("http://loinc.org", "2093-3"),)
PLAUSIBLE = st.decimals(min_value=10, max_value=3000, places=3)
WRITTEN = st.builds(write, reports(), layouts(bare=False))


def result(**elements: Any) -> bytes:
    """Write a report of one cholesterol."""
    return write([Reported(1, "final", (Observed(CHOLESTEROL, Measured(elements, Absent()), "final"),))], PLAIN)


def quantity(value: str, unit: str = "mg/dL", **more: str) -> dict[str, str]:
    """Write a Quantity, its number digit by digit."""
    return {"value": number(value), "unit": unit, **more}


def sent(outcome: Outcome) -> list[dict[str, object]]:
    """Read the observations out of the bytes that would be posted."""
    return [
        observation
        for submission in outcome.submissions
        for observation in json.loads(submission.body_json, parse_float=Decimal, parse_int=Decimal)["observations"]
    ]


@given(WRITTEN)
@settings(deadline=None)
def test_p1_every_observation_and_component_has_exactly_one_entry(raw: bytes) -> None:
    """Counted by walking the document apart from the reader."""
    assert list(fhir_properties.broken(raw, ENGINE.translate(raw))) == []


def test_p1_ledger_holds_what_came_in(ledger: Ledger) -> None:
    """The sum of all states is the number of Observations and components, whatever became of them."""
    raws = [path.read_bytes() for path in DOCUMENTS if path.parent.parent.name == "fhir"]
    outcomes = [ENGINE.translate(raw) for raw in raws]

    ledger.accept(
        [Arrival(outcome, raw) for outcome, raw in zip(outcomes, raws, strict=True)],
        {"whoop": DestinationPolicy(loopback=True)},
    )

    assert sum(ledger.balance().by_state.values()) == sum(len(outcome.entries) for outcome in outcomes)
    assert ledger.verify() == []


@given(PLAUSIBLE)
@settings(deadline=None)
def test_p5_number_is_posted_as_it_was_written(value: Decimal) -> None:
    """The JSON number equals the Decimal of the lab's digits, with the unit."""
    outcome = ENGINE.translate(result(valueQuantity=quantity(str(value))))

    assert sent(outcome) == [{"code": "TOTAL_CHOLESTEROL", "value_numeric": value, "unit": "mg/dL", "status": "final"}]


@given(PLAUSIBLE, st.sampled_from(["<", ">", "<=", ">=", "ad", "~", ""]), st.booleans())
@settings(deadline=None)
def test_p5_comparator_never_becomes_a_number(value: Decimal, comparator: str, is_interpreted: bool) -> None:  # noqa: FBT001 - drawn
    """A limit is posted as text, whether the Quantity or the interpretation says it, and an unknown one not at all."""
    mark = {"interpretation": [{"coding": [{"code": comparator}]}]}
    if is_interpreted and comparator in {"<", ">"}:
        outcome = ENGINE.translate(result(valueQuantity=quantity(str(value)), **mark))
    else:
        outcome = ENGINE.translate(result(valueQuantity=quantity(str(value), comparator=comparator)))

    assert all("value_numeric" not in observation for observation in sent(outcome))


@given(st.text(max_size=8))
@settings(deadline=None)
def test_p5_unit_is_never_dropped_or_guessed(unit: str) -> None:
    """An observation is posted in the target unit after a listed step, or not at all."""
    outcome = ENGINE.translate(result(valueQuantity=quantity("185", unit)))

    assert all(observation["unit"] == "mg/dL" for observation in sent(outcome))
    known = {spelling for code, spelling in ENGINE.tables.spellings if code in {"", "TOTAL_CHOLESTEROL"}}
    assert unit.strip() in known or outcome.entries[0].state == "held"


MARK = "MARK77"
# Elements that name a person, an order, a value or a resource.
_NAMING = re.compile(r'("(?:value|display|text|unit|birthDate|valueString|family|id|versionId)": ")')
_LEADING = re.compile(r'("(?:reference|fullUrl)": "[^"]*?)([A-Za-z0-9-]+(?:/_history/\d+)?")')
_GIVEN = re.compile(r'("given": \[\s*")')


def marked(path: Path) -> bytes:
    """Put a mark into every element that names something; what refers to each other still does."""
    written = _NAMING.sub(rf"\1{MARK}", path.read_text(encoding="utf-8"))
    return _GIVEN.sub(rf"\1{MARK}", _LEADING.sub(rf"\1{MARK}\2", written)).encode()


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.parent.name)
def test_p6_diagnostics_show_no_mark(path: Path) -> None:
    """Remarks and places name elements and codes only."""
    outcome = ENGINE.translate(marked(path))

    shown = [f"{remark.at} {remark.text}" for remark in outcome.diagnostics] + [entry.at for entry in outcome.entries]
    assert [text for text in shown if MARK in text] == []


def test_p6_marks_are_there() -> None:
    """The documents above do hold what must not be shown."""
    assert all(marked(path).count(MARK.encode()) > 5 for path in DOCUMENTS if path.stat().st_size > 600)


@given(WRITTEN)
@settings(deadline=None)
def test_p7_same_bytes_give_the_same_line(raw: bytes) -> None:
    """Nothing is remembered of an earlier document, and a stream gives what one call gives."""
    first = ENGINE.translate(raw).json

    ENGINE.translate(result(valueQuantity=quantity("185")))

    assert ENGINE.translate(raw).json == first
    assert [outcome.json for outcome in ENGINE.translate_stream(BytesIO(raw))] == [first]
