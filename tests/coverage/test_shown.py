"""What is shown of a sender's words are codes, units and names of codes; what somebody typed there is not."""

from __future__ import annotations

import json

import pytest

from tests.coverage.counting import coverage_of, tables
from tests.lab_messages import GLUCOSE, LOCAL, Obx, oru
from translator.coverage.report import Coverage
from translator.coverage.shown import FREE_TEXT, shown_element, shown_name, shown_unit, shown_word
from translator.coverage_page import page_of

LISTED = frozenset(spelling for _, spelling in tables().spellings)
NAMES = ("Sample", "SAMPLE", "Avery", "AVERY", "1984", "nurse")
OBSERVATION = {
    "resourceType": "Observation",
    "status": "Avery Sample",
    "code": {"coding": [{"code": "ZZ9"}]},
    "Avery Sample 1984-03-12": 1,
    "valueQuantity": {"value": 5, "unit": "Avery Sample"},
    "interpretation": [{"coding": [{"code": "Sample says"}]}],
    "contained": [{"resourceType": "Avery Sample", "id": "x"}],
}


def _reported(found: Coverage) -> str:
    return found.json.decode() + page_of(found)


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(oru([Obx(LOCAL, "5", unit="AVERY SAMPLE")]), id="unit"),
        pytest.param(oru([Obx(LOCAL, "5", unit="Sample, Avery")]), id="unit-with-a-comma"),
        pytest.param(oru([Obx(LOCAL, "5", unit="1984-03-12")]), id="date-for-a-unit"),
        pytest.param(oru([Obx(LOCAL, "5", status="Avery Sample")]), id="status"),
        pytest.param(oru([Obx(LOCAL, "5", type="AVERY SAMPLE")]), id="value-type"),
        pytest.param(oru([Obx("ZZ9^Aura 12-03-1984^L", "5")]), id="date-in-a-name"),
        pytest.param(oru([Obx(LOCAL, "5")], status="seen by the nurse"), id="report-status"),
        pytest.param(
            oru([Obx(LOCAL, "5", status="F")]).replace(b"|||||F", b"||Avery Sample, told the nurse|||F"), id="flag"
        ),
        pytest.param(json.dumps(OBSERVATION).encode(), id="fhir"),
    ],
)
def test_no_free_text_is_reported(raw: bytes) -> None:
    """Neither JSON nor the page repeats what somebody typed in place of a word of a table."""
    reported = _reported(coverage_of(raw))

    assert not [name for name in NAMES if name in reported]
    assert FREE_TEXT in reported or "#" in reported


def test_unit_of_a_table_is_shown_as_sent() -> None:
    """Every unit that a table lists can be seen."""
    assert {shown_unit(unit, LISTED) for unit in LISTED} == LISTED


@pytest.mark.parametrize(
    "unit", ["Index Value", "log copies/mL", "cells/uL", "furlong", "", "/hpf", "10*3/uL", "beats/min", "% TOTAL HGB"]
)
def test_what_reads_as_a_unit_is_shown_as_sent(unit: str) -> None:
    """A unit that no table lists can be seen, too: somebody has to write its row."""
    assert shown_unit(unit, LISTED) == unit


@pytest.mark.parametrize("word", ["F", "final", "entered-in-error", "ORU^R01", "Bundle collection", ">", "HH", "High"])
def test_word_is_shown_as_sent(word: str) -> None:
    """Statuses, flags and types can be seen, listed or not."""
    assert shown_word(word) == word


@pytest.mark.parametrize("name", ["25-OH Vitamin D2", "eGFR (CKD-EPI 2021)/1.73 sq M", "Interleukin 6", "SARS-CoV-2"])
def test_name_with_numbers_of_its_own_is_shown(name: str) -> None:
    """A short number is a part of a name."""
    assert shown_name(name) == name


@pytest.mark.parametrize("name", ["method", "_birthDate", "valueQuantity", "resourceType"])
def test_element_is_shown(name: str) -> None:
    """The elements of FHIR have one form."""
    assert shown_element(name) == name


def test_mapped_code_keeps_its_unit() -> None:
    """What the tables read is counted as it is sent."""
    (unit,) = coverage_of(oru([Obx(GLUCOSE, "92", unit="mg per dL")])).units

    assert (unit.unit, unit.becomes) == ("mg per dL", "respelled")
