"""P5: a comparator never becomes a number, a unit is never dropped or guessed, a decimal is never altered."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lab_messages import CHOLESTEROL, HDL, Obx, oru
from translator import Outcome, Translator

ENGINE = Translator.load()
PLAUSIBLE = st.decimals(min_value=10, max_value=3000, places=3)


def sent(outcome: Outcome) -> list[dict[str, object]]:
    """Read the observations out of the bytes that would be posted."""
    return [
        observation
        for submission in outcome.submissions
        for observation in json.loads(submission.body_json, parse_float=Decimal, parse_int=Decimal)["observations"]
    ]


@given(PLAUSIBLE, st.sampled_from(["NM", "ST"]))
def test_number_is_posted_as_it_was_written(number: Decimal, value_type: str) -> None:
    """The JSON number equals the Decimal of the lab's digits, with the unit."""
    outcome = ENGINE.translate(oru([Obx(CHOLESTEROL, str(number), type=value_type)]))

    assert sent(outcome) == [{"code": "TOTAL_CHOLESTEROL", "value_numeric": number, "unit": "mg/dL", "status": "final"}]


@given(PLAUSIBLE, st.sampled_from(["<", ">", "<=", ">="]), st.sampled_from(["NM", "ST", "SN"]))
def test_comparator_never_becomes_a_number(number: Decimal, comparator: str, value_type: str) -> None:
    """A limit is posted as text, whatever type carries it."""
    glue = "^" if value_type == "SN" else ""
    outcome = ENGINE.translate(oru([Obx(CHOLESTEROL, f"{comparator}{glue}{number}", type=value_type)]))

    (observation,) = sent(outcome)
    assert "value_numeric" not in observation
    assert (observation["value_text"], observation["unit"]) == (f"{comparator}{number}", "mg/dL")


@given(st.text(st.characters(blacklist_characters='|^~\\&"\r\n\x0b\x1c', blacklist_categories=["Cs"]), max_size=8))
def test_unit_is_never_dropped_or_guessed(unit: str) -> None:
    """An observation is posted in the target unit after a listed step, or not at all."""
    outcome = ENGINE.translate(oru([Obx(CHOLESTEROL, "185", unit)]))

    assert all(observation["unit"] == "mg/dL" for observation in sent(outcome))
    known = {spelling for code, spelling in ENGINE.tables.spellings if code in {"", "TOTAL_CHOLESTEROL"}}
    assert unit.strip() in known or outcome.entries[0].state == "held"


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("1,85", id="decimal-comma"),
        pytest.param("1e2", id="exponent"),
        pytest.param("185 H", id="flag-glued-on"),
        pytest.param("185~190", id="repetition"),
        pytest.param("POS", id="word"),
        pytest.param("185.0000000000000001", id="more-digits-than-a-double"),
        pytest.param("5.4", id="the-other-unit's-number"),
    ],
)
def test_doubtful_value_is_held(value: str) -> None:
    """What is not provably one plain plausible number does not leave."""
    outcome = ENGINE.translate(oru([Obx(CHOLESTEROL, value), Obx(HDL, "55")]))

    assert outcome.entries[0].state == "held"
    assert [observation["code"] for observation in sent(outcome)] == ["HDL"]


def test_final_report_with_a_held_result_is_not_called_final() -> None:
    """WHOOP's `final` means that all results are in."""
    outcome = ENGINE.translate(oru([Obx(CHOLESTEROL, "185"), Obx(HDL, "?")]))

    assert outcome.submissions[0].body["status"] == "partial"
